"""What the overview shows as long as there is no repository: the way to the first backup."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.gui import icons


class FirstSteps(QWidget):
    """Three steps, and a way to look around without any of them."""

    repositories_asked = Signal()
    scripts_asked = Signal()
    sample_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        title = QLabel(self.tr("Three steps to your first backup"), self)
        font = QFont(title.font())
        font.setPointSizeF(font.pointSizeF() * 1.3)
        title.setFont(font)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 40, 40, 40)
        column.setSpacing(18)
        column.addWidget(title)
        repository = self._step(
            column,
            "1",
            self.tr("Add a repository"),
            self.tr("Say what is backed up, and where to: a disk, a folder or a server with SSH."),
        )
        repository.addWidget(self._button(self.tr("&Add a repository"), "repositories", self.repositories_asked))
        scripts = self._step(
            column,
            "2",
            self.tr("Pick scripts, if something must stand still"),
            self.tr(
                "Scripts stop containers or dump databases before a backup and put everything back after it, "
                "whatever happens in between."
            ),
        )
        scripts.addWidget(self._button(self.tr("&Look at scripts"), "scripts", self.scripts_asked))
        self._step(
            column,
            "3",
            self.tr("Back up"),
            self.tr("One click on “Back up now”. What happened is in the history, step by step."),
        )
        self._sample = self._button(self.tr("&Try it with sample data"), "media-playback-start", self.sample_asked)
        self._sample.setToolTip(self.tr("Opens a second window whose repository, files and scripts are throwaway"))
        column.addWidget(self._sample, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def show_preparing(self, *, preparing: bool) -> None:
        """Say that the sample data is being made, or not any more."""
        self._sample.setEnabled(not preparing)
        self._sample.setText(self.tr("Preparing…") if preparing else self.tr("&Try it with sample data"))

    def _button(self, text: str, icon: str, asked: SignalInstance) -> QPushButton:
        button = QPushButton(icons.own(icon), text, self)
        button.clicked.connect(asked)
        button.setAutoDefault(False)
        return button

    def _step(self, column: QVBoxLayout, number: str, title: str, text: str) -> QHBoxLayout:
        mark = QLabel(number, self)
        font = QFont(mark.font())
        font.setPointSizeF(font.pointSizeF() * 2)
        mark.setFont(font)
        mark.setFixedWidth(36)
        head = QLabel(title, self)
        bold = QFont(head.font())
        bold.setBold(True)
        head.setFont(bold)
        body = QLabel(text, self, wordWrap=True)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(head)
        texts.addWidget(body)
        row = QHBoxLayout()
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        column.addLayout(row)
        return row
