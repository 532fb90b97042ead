"""The window's program: Qt is set up, the window painted, and then the store opened beside it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTimer, QTranslator
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from borgdesk import logs
from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui import theme
from borgdesk.gui.background import Background
from borgdesk.gui.defects import Defects
from borgdesk.gui.garbage import GarbageCollection
from borgdesk.gui.main_window import MainWindow
from borgdesk.gui.preferences import Preferences
from borgdesk.gui.single_instance import SingleInstance
from borgdesk.gui.termination import Termination
from borgdesk.paths import Paths, resource

_SWITCH_INTERVAL = 0.001
"""Seconds after which a busy thread hands over Python's lock. Qt's methods let go of it again and again, so with
Python's 5 ms one click could wait for a busy thread twenty times over."""

if TYPE_CHECKING:
    from borgdesk.engine.workspace import Workspace
    from borgdesk.gui.desk import Desk


def main(argv: Sequence[str] = ()) -> int:
    """Open the window, or raise the one that is open; the exit code of the program."""
    paths = Paths.from_environment(os.environ)
    application = make_application(argv)
    logs.start(paths.state)
    instance = SingleInstance(paths)
    if not instance.is_first():
        return 0
    opened = Application(application, paths)
    instance.raised.connect(opened.window.come_forward)
    try:
        return application.exec()
    finally:
        opened.close()
        instance.close()


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """Qt, with our name, icon and the user's language."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QGuiApplication.setDesktopFileName("borgdesk")
    if QLocale().language() == QLocale.Language.C:
        # No language is set: numbers and dates are then meant for programs, not for people.
        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.World))
    application = QApplication([sys.argv[0], *argv])
    application.setApplicationName("BorgDesk")
    application.setOrganizationName("BorgDesk")
    application.setQuitOnLastWindowClosed(False)
    icon = str(resource("icons/borgdesk.svg"))
    application.setWindowIcon(QIcon.fromTheme("borgdesk", QIcon(icon)))
    translator = QTranslator(application)
    if translator.load(QLocale(), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)
    return application


class Application(QObject):
    """From the first paint to the last thread."""

    def __init__(self, application: QApplication, paths: Paths) -> None:
        super().__init__()
        self._application = application
        self.defects = Defects(paths.state / "borgdesk.log", self)
        self.defects.install()
        self.garbage = GarbageCollection(self)
        self.preferences = Preferences(paths, self)
        self._use_scheme()
        self.preferences.changed.connect(self._use_scheme)
        self.background = Background(self)
        self.termination = Termination(self)
        self.window = MainWindow(self.preferences)
        if paths.home is not None:
            self.window.setWindowTitle(self.tr("BorgDesk – {folder}").format(folder=paths.home))
        self.defects.told.connect(self.window.tell_problem)
        self.desk: Desk | None = None
        self._workspace: Workspace | None = None
        self.window.close_asked.connect(self._leave_early)
        self.window.quit_asked.connect(self._leave_early)
        self.termination.asked.connect(self._terminate)
        application.commitDataRequest.connect(self._end_session)
        self.window.show()
        QTimer.singleShot(0, self.open_store)

    def open_store(self) -> None:
        """Import and open the store in another thread; the window can be seen meanwhile."""
        self.window.show_opening()
        self.background.ask(_open_workspace, self._begin, self._cannot_open, owner=self)

    def close(self) -> None:
        """Nothing is left running when this returns."""
        if self.desk is not None:
            self.desk.finish()
        self.background.close()
        self.termination.close()
        self.defects.remove()
        self.window.close_for_good()
        self.window.deleteLater()
        self.garbage.stop()
        if self._workspace is not None:
            self._workspace.store.close()

    def _begin(self, workspace: Workspace) -> None:
        from borgdesk.gui.desk import Desk

        self._workspace = workspace
        self.window.close_asked.disconnect(self._leave_early)
        self.window.quit_asked.disconnect(self._leave_early)
        self.desk = Desk(workspace, self.background, self.preferences, self.window, self)
        self.desk.ended.connect(self._application.quit)
        # All that was imported is there to stay: looking through it again and again held up the window for 0.1 s.
        gc.freeze()

    def _cannot_open(self, error: Exception) -> None:
        if not isinstance(error, BorgDeskError):
            sys.excepthook(type(error), error, error.__traceback__)
        from borgdesk.gui.widgets.store_problem import StoreProblem

        page = StoreProblem(str(error))
        page.retry_asked.connect(self.open_store)
        page.quit_asked.connect(self._leave_early)
        self.window.show_alone(page)

    def _leave_early(self) -> None:
        """Before the store is open there is nothing to stop."""
        self._application.quit()

    def _terminate(self) -> None:
        """A signal asked us to end: as Cancel and then Quit, without a question.

        A logout sends several of them, so a second one does not hurry.
        """
        if self.desk is None:
            self._application.quit()
        else:
            self.desk.stop_and_quit()

    def _end_session(self) -> None:
        if self.desk is not None:
            self.desk.end_session()

    def _use_scheme(self) -> None:
        theme.use_scheme(self.preferences.wishes.scheme)


def _open_workspace() -> Workspace:
    # Imported here: SQLAlchemy takes a third of a second, which the window need not wait for.
    import borgdesk.gui.overview_data  # noqa: F401 - with all it needs of the engine
    from borgdesk.engine.workspace import Workspace

    return Workspace.open()
