"""Group of the settings page that shows where BorgDesk keeps its files, and opens the folders."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QGridLayout, QGroupBox, QLabel, QPushButton

from borgdesk.engine.desktop import autostart
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.look.form_parts import selectable_text
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class PlacesGroup(QGroupBox):
    """One row per place: what is there, the path, and a button."""

    def __init__(self, workspace: Workspace, background: Background) -> None:
        super().__init__(_("Where things are"))
        self._background = background
        self._recovery_file = autostart.recovery_file(workspace.environment)
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(1, 1)
        paths = workspace.paths
        for title, path in (
            (_("Scripts"), paths.library),
            (_("Database"), paths.data),
            (_("Window's own settings"), paths.config),
            (_("Run logs, program's log"), paths.state),
            (_("Cache"), paths.cache),
        ):
            self._add(title, path)
        self._recovery, self._window = selectable_text(), selectable_text()
        row = self._grid.rowCount()
        self._grid.addWidget(QLabel(_("Started at login")), row, 0)
        for offset, label in enumerate((self._recovery, self._window)):
            self._grid.addWidget(label, row + offset, 1)
        self._window.hide()
        if self._recovery_file is None:
            self._recovery.setText(_("nothing, because BORGDESK_HOME is set"))
        else:
            self._grid.addWidget(self._button(_("Started at login"), self._recovery_file.parent), row, 2)
        self.refresh()

    def refresh(self) -> None:
        """Look again at which files are there."""
        recovery = self._recovery_file
        if recovery is not None:
            window = recovery.with_name(autostart.WINDOW_NAME)
            self._background.ask(
                lambda: (recovery.exists(), window.exists()),
                lambda found: self._show(recovery, window, found),
                owner=self,
            )

    def _show(self, recovery: Path, window: Path, found: tuple[bool, bool]) -> None:
        has_recovery, has_window = found
        text = (
            _("{path}: puts back what an interrupted backup has stopped; needed whatever is chosen above")
            if has_recovery
            else _("{path}: not there")
        )
        self._recovery.setText(text.format(path=recovery))
        self._window.setVisible(has_window)
        self._window.setText(_("{path}: opens BorgDesk").format(path=window))

    def _add(self, title: str, path: Path) -> None:
        row = self._grid.rowCount()
        self._grid.addWidget(QLabel(title), row, 0)
        self._grid.addWidget(selectable_text(str(path)), row, 1)
        self._grid.addWidget(self._button(title, path), row, 2)

    def _button(self, title: str, path: Path) -> QPushButton:
        button = QPushButton(icons.icon("folder"), _("Open folder"))
        button.setAutoDefault(False)
        button.setAccessibleName(_("Open folder: {what}").format(what=title))
        button.clicked.connect(lambda: open_folder(str(path)))
        return button
