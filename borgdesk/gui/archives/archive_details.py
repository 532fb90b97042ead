"""Dialog with the details of an archive; unknown sizes are requested from Borg."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.archive import Archive
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives, with_sizes
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import selectable_text
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ArchiveDetails(Dialog):
    """Shows properties that can be copied."""

    help_page = "archives"
    measured = Signal(ArchiveList)
    """Borg has reported the sizes, which are stored."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        repository: Repository,
        archive: Archive,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._repository = workspace, repository
        self._background = background
        self.setWindowTitle(_("Details of {archive}").format(archive=words.file_name(archive.name)))
        self.banner = Banner(self)
        self._question = BorgQuestion(background, self.banner, self)
        self._values: dict[str, QLabel] = {}
        self._form = QFormLayout()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self._form)
        column.addWidget(self.banner)
        column.addStretch(1)
        column.addWidget(buttons)
        self._show(archive)
        self.resize(560, self.sizeHint().height())
        if archive.original_size is None:
            self._question.ask(_("Asking Borg for the sizes…"), partial(self._measure, archive), self._show_measured)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def done(self, result: int) -> None:
        """Stop waiting for Borg."""
        self._question.stop()
        super().done(result)

    def value(self, name: str) -> str:
        """Return the value shown beside a name."""
        return self._values[name].text()

    def _show(self, archive: Archive) -> None:
        facts = {
            _("Name:"): words.file_name(archive.name),
            _("Made:"): words.exact_moment(archive.start),
            _("Took:"): words.duration(archive.duration.total_seconds()),
            _("Size:"): words.size(archive.original_size),
            _("New when it was made:"): words.size(archive.deduplicated_size),
            _("Files:"): words.NOTHING if archive.files is None else words.number(archive.files),
            _("Computer:"): archive.hostname or words.NOTHING,
            _("User:"): archive.username or words.NOTHING,
            _("Comment:"): words.file_name(archive.comment) or words.NOTHING,
            _("Id:"): archive.id,
        }
        for name, text in facts.items():
            if name not in self._values:
                label = selectable_text()
                label.setAccessibleName(name)
                self._values[name] = label
                self._form.addRow(name, label)
            self._values[name].setText(text)
        self._values[_("Files:")].setToolTip(
            _("Several names of one file count once; symbolic links, devices and folders do not count.")
        )

    def _measure(self, archive: Archive, cancel: Cancel) -> tuple[Archive, ArchiveList | None]:
        measured = with_sizes(self._workspace, self._repository, archive, cancel)
        return measured, kept_archives(self._workspace, self._repository)

    def _show_measured(self, answer: tuple[Archive, ArchiveList | None]) -> None:
        measured, found = answer
        self._show(measured)
        if found is not None:
            self.measured.emit(found)
