"""Dialog that shows what a backup would contain, what it would leave out, and what takes most room."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.backup_preview import BackupPreview, discard, preview_backup
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.form_parts import busy_bar
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories.preview_tree import PreviewTree
from borgdesk.gui.workers.background import Background
from borgdesk.store.previews import PreviewWriter
from borgdesk.translation import _, ngettext


class PreviewDialog(Dialog):
    """Asks Borg when it is opened, and again when the form was changed."""

    help_page = "repositories"
    exclude_requested = Signal(str)
    """The path of a file or folder that is to be left out."""
    shown = Signal()
    """The preview is complete, or has failed."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        edited: Callable[[], Repository],
        parent: QWidget | None = None,
    ) -> None:
        """*edited* returns the repository as it would be saved, or raises :class:`InvalidInput`."""
        super().__init__(parent)
        self._workspace, self._background, self._edited = workspace, background, edited
        self._cancel: Cancel | None = None
        self._preview: BackupPreview | None = None
        self.setWindowTitle(_("Preview of the backup"))
        self.included = QRadioButton(_("&Backed up"))
        self.left_out = QRadioButton(_("&Left out"))
        self.included.setChecked(True)
        self.tree = PreviewTree(background, self)
        self.summary, self.base = ElidedLabel(self), ElidedLabel(self)
        self.notice = Banner()
        self.progress = busy_bar(_("Making the preview"))
        self.stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"))
        self.exclude = QPushButton(icons.icon("list-remove"), _("E&xclude this"))
        self.exclude.setToolTip(_("Adds a pattern for the selected file or folder to the form"))
        self._lay_out()
        self.included.toggled.connect(self._show_list)
        self.stop.clicked.connect(self._stop)
        self.exclude.clicked.connect(self._exclude)
        self.tree.view.selection_changed.connect(self._adapt)
        self.tree.base_changed.connect(self._show_base)
        self.start()

    def entered(self) -> None:
        """Return None: closing loses nothing."""

    def done(self, result: int) -> None:
        """Stop Borg, and remove the lists."""
        self._forget()
        super().done(result)

    def start(self) -> None:
        """Make a new preview of the form; :attr:`shown` follows."""
        self._forget()
        self.notice.hide()
        self.summary.setText("")
        try:
            repository = self._edited()
        except InvalidInput as error:
            self._on_failed(error)
            return
        cancel = self._cancel = Cancel()
        live = self.tree.begin(_("Borg is looking at the sources…"))
        is_included = self.included.isChecked()

        def watch(included: PreviewWriter, left_out: PreviewWriter) -> None:
            live.look(included if is_included else left_out)

        self._background.ask(
            lambda: preview_backup(self._workspace, repository, cancel, watch),
            lambda preview: self._on_made(cancel, preview),
            lambda error: self._on_failed(error, cancel),
            self,
            cancel,
        )
        self._adapt()

    def _on_made(self, cancel: Cancel, preview: BackupPreview) -> None:
        if cancel is not self._cancel:
            self._background.do(lambda: discard(preview))
            return
        self._cancel, self._preview = None, preview
        self.summary.setText(_summary(preview))
        if preview.warnings:
            self.notice.show_message("\n".join(preview.warnings[:3]), Tone.WARNING)
        self._show_list()
        self._adapt()
        self.shown.emit()

    def _on_failed(self, error: BorgDeskError, cancel: Cancel | None = None) -> None:
        if cancel is not self._cancel:
            return
        self._cancel = None
        self.tree.clear(_("There is no preview."))
        self._adapt()
        tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
        self.notice.show_message(error.sentence, tone, [BannerButton(_("Try again"), self.start)])
        self.shown.emit()

    def _show_list(self) -> None:
        preview = self._preview
        if preview is None:
            if self._cancel is not None and self.sender() is self.included:
                # The other list is needed from the beginning.
                self.start()
            return
        is_included = self.included.isChecked()
        self.tree.clear("")
        self.tree.show_list(
            preview.included if is_included else preview.left_out,
            _("Nothing would be backed up.") if is_included else _("Nothing is left out."),
        )
        self._adapt()

    def _show_base(self, path: str) -> None:
        self.base.setText(_("In /{path}").format(path=words.file_name(path)) if path else "")

    def _exclude(self) -> None:
        (entry,) = self.tree.selected()
        self.exclude_requested.emit(f"/{entry.path}")
        self.notice.show_message(
            _("“{name}” is excluded once you save the form.").format(name=words.file_name(entry.name)),
            Tone.GOOD,
            [BannerButton(_("Update the preview"), self.start)],
        )

    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel.ask()
            self.stop.setEnabled(False)

    def _forget(self) -> None:
        cancel, self._cancel = self._cancel, None
        preview, self._preview = self._preview, None
        if cancel is not None:
            cancel.ask()
        if preview is not None:
            self.tree.clear("")
            self._background.do(lambda: discard(preview))

    def _adapt(self) -> None:
        working = self._cancel is not None
        self.progress.setVisible(working)
        self.stop.setVisible(working)
        self.stop.setEnabled(working)
        chosen = self.tree.selected() if self.included.isChecked() else []
        self.exclude.setEnabled(len(chosen) == 1)

    def _lay_out(self) -> None:
        which = QHBoxLayout()
        which.addWidget(self.included)
        which.addWidget(self.left_out)
        which.addStretch(1)
        which.addWidget(self.exclude)
        working = QHBoxLayout()
        working.addWidget(self.progress, 1)
        working.addWidget(self.stop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.summary)
        layout.addLayout(which)
        layout.addWidget(self.base)
        layout.addWidget(self.tree.view, 1)
        layout.addWidget(self.notice)
        layout.addLayout(working)
        layout.addWidget(buttons)
        self.resize(760, 560)


def open_preview(
    workspace: Workspace,
    background: Background,
    edited: Callable[[], Repository],
    exclude: Callable[[str], None],
    parent: QWidget,
) -> PreviewDialog:
    """Open a preview of the form; *exclude* gets the paths that the user excludes there."""
    dialog = PreviewDialog(workspace, background, edited, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.exclude_requested.connect(exclude)
    dialog.open()
    return dialog


def _summary(preview: BackupPreview) -> str:
    """Return how much is in and out, in a sentence."""
    out = ngettext("{count} item is left out", "{count} items are left out", preview.left_out_count)
    parts = [
        _("{files}, {size} before compression").format(files=words.files(preview.files), size=words.size(preview.size)),
        out.format(count=words.number(preview.left_out_count)),
    ]
    if preview.unknown:
        unknown = ngettext("the size of {count} is not known", "the sizes of {count} are not known", preview.unknown)
        parts.append(unknown.format(count=words.number(preview.unknown)))
    return "; ".join(parts)
