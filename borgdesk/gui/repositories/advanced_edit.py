"""Settings of a backup that few people need: patterns, upload limit, checkpoints, and further options of Borg."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.repository import (
    DEFAULT_CHECKPOINT_INTERVAL,
    HIGHEST_UPLOAD_LIMIT,
    Repository,
    check_checkpoint_interval,
)
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.fold import Fold
from borgdesk.gui.look.form_parts import explanation, in_row, label_of, show_text
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _, ngettext

_SUGGESTED_LIMIT = 1024
"""KiB per second."""


class AdvancedEdit(Fold):
    """Folded in; its title says how many of the settings are in use."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__(_("Advanced"), inside, parent)
        self.patterns = QPlainTextEdit()
        self.patterns.setAccessibleName(_("Patterns"))
        self.patterns.setTabChangesFocus(True)
        self.patterns.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.patterns.setPlaceholderText(_("+ home/*/Documents\n- home/*/*"))
        self.patterns.setFixedHeight(self.fontMetrics().height() * 6)
        self.patterns_problem, self.arguments_problem = Banner(), Banner()
        self.limited = QCheckBox(_("&Upload at most"))
        self.limited.setToolTip(_("Only repositories on a server are affected."))
        self.limit = QSpinBox()
        self.limit.setRange(1, HIGHEST_UPLOAD_LIMIT)
        self.limit.setGroupSeparatorShown(True)
        self.limit.setSuffix(_(" KiB/s"))
        self.limit.setAccessibleName(_("Upload limit"))
        self.saves = QCheckBox(_("Save w&hat has been backed up every"))
        self.saves.setToolTip(
            _("If a backup is interrupted, the next one need not upload this again. Otherwise every 30 minutes.")
        )
        self.interval = DurationEdit(_("Time between checkpoints"))
        self.arguments = QLineEdit()
        self.arguments.setPlaceholderText(_("For example, --exclude-if-present=.nobackup"))
        self._lay_out(inside)
        self._connect()

    def show_repository(self, repository: Repository) -> None:
        """Show the values of a repository without emitting :attr:`edited`."""
        before = self.blockSignals(True)
        self.patterns.setPlainText(repository.patterns)
        self.limited.setChecked(repository.upload_limit is not None)
        self.limit.setValue(repository.upload_limit or _SUGGESTED_LIMIT)
        self.saves.setChecked(repository.checkpoint_interval is not None)
        self.interval.set_seconds(repository.checkpoint_interval or DEFAULT_CHECKPOINT_INTERVAL)
        show_text(self.arguments, repository.extra_arguments)
        self.blockSignals(before)
        self._adapt()

    def apply(self, repository: Repository) -> Repository:
        """Return the repository with the entered values; patterns and options are checked when it is saved.

        Raises:
            InvalidInput: the time between checkpoints is out of range.
        """
        interval = check_checkpoint_interval(self.interval.seconds()) if self.saves.isChecked() else None
        return replace(
            repository,
            patterns=self.patterns_text(repository.patterns),
            upload_limit=self.limit.value() if self.limited.isChecked() else None,
            checkpoint_interval=interval,
            extra_arguments=self.arguments.text().strip(),
        )

    def patterns_text(self, stored: str) -> str:
        """Return the patterns as they would be stored: with a line break at the end."""
        text = self.patterns.toPlainText()
        if text == stored or not text.strip():
            return text if text == stored else ""
        return text if text.endswith("\n") else f"{text}\n"

    def leave_out(self, pattern: str) -> None:
        """Add a line before all others that excludes *pattern*."""
        self.patterns.setPlainText(f"! {pattern}\n{self.patterns.toPlainText()}")

    def show_problems(self, patterns: str, arguments: str) -> None:
        """Show what is wrong with the patterns and with the options; "" if nothing is."""
        for banner, sentence in ((self.patterns_problem, patterns), (self.arguments_problem, arguments)):
            if sentence:
                banner.show_message(sentence, Tone.BAD, dismissible=False)
            else:
                banner.hide()
        if patterns or arguments:
            self.open()

    def _lay_out(self, inside: QWidget) -> None:
        wins = explanation(
            _(
                "Lines with + (include), - (exclude) or ! (exclude, and do not look inside). For each file, the first "
                "line that matches decides; the excludes above only apply to files that no line matches. R adds a "
                "source, and P sh, P fm or P re sets the style of the lines below it; the default is sh."
            )
        )
        options = explanation(_("Options of “borg create”, separated by spaces."))
        form = QFormLayout(inside)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(label_of(self.patterns, _("&Patterns")), _column(self.patterns, self.patterns_problem, wins))
        form.addRow(in_row(self.limited, self.limit))
        form.addRow(in_row(self.saves, self.interval))
        more = label_of(self.arguments, _("Bo&rg options"))
        form.addRow(more, _column(self.arguments, self.arguments_problem, options))

    def _connect(self) -> None:
        self.patterns.textChanged.connect(self._on_edited)
        self.limited.clicked.connect(self._on_edited)
        self.limit.valueChanged.connect(self._on_edited)
        self.saves.clicked.connect(self._on_edited)
        self.interval.edited.connect(self._on_edited)
        self.arguments.textEdited.connect(self._on_edited)

    def _on_edited(self) -> None:
        self._adapt()
        self.edited.emit()

    def _adapt(self) -> None:
        self.limit.setEnabled(self.limited.isChecked())
        self.interval.setEnabled(self.saves.isChecked())
        used = (
            self.patterns.toPlainText().strip(), self.arguments.text().strip(), self.limited.isChecked(),
            self.saves.isChecked(),
        )  # fmt: skip
        count = sum(map(bool, used))
        in_use = ngettext("Advanced ({count} setting in use)", "Advanced ({count} settings in use)", count)
        self.set_title(in_use.format(count=count) if count else _("Advanced"))


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return column
