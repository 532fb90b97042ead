"""Starts the window: sets up Qt, paints the first frame, and opens the store in the background meanwhile."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEvent, QLibraryInfo, QLocale, QObject, Qt, QTimer, QTranslator, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from borgdesk import logs
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.version import APPLICATION_ID, VERSION
from borgdesk.gui.look import theme, widget_rules
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.process_switches import ProcessSwitches, switch_before_qt
from borgdesk.gui.shell.single_instance import SingleInstance
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.qt_types import make_types
from borgdesk.paths import Paths, resource
from borgdesk.translation import SOURCE, _, isolate_values, language

_log = logging.getLogger(__name__)

_CANNOT_OPEN = 2
"""Exit code if the window cannot be opened."""

_LATEST_FRAME = 500
"""Milliseconds after which the store is opened although the window has not been painted."""

_TRAY_PATIENCE = 10_000
"""Milliseconds for which a hidden start waits for the desktop's tray."""
_TRAY_PAUSE = 250

if TYPE_CHECKING:
    from borgdesk.domain.window_request import WindowRequest
    from borgdesk.engine.workspace import Workspace
    from borgdesk.gui.shell.shell import Shell


def main(argv: Sequence[str] = (), *, hidden: bool = False, request: WindowRequest | None = None) -> int:
    """Open the window, or raise the one that is already open, and return the exit code.

    *hidden* opens it in the tray, or minimised without one, and raises nothing. *request* is what it is to show.
    """
    paths = Paths.from_environment(os.environ)
    application = make_application(argv)
    logs.start(paths.state)
    _log.info("BorgDesk %s opens its window", VERSION)
    instance = SingleInstance(paths)
    try:
        if not instance.claim(request, raise_first=not hidden or request is not None):
            return 0
    except BorgDeskError as error:
        return _say_why_not(error.sentence)
    opened = Application(application, paths, hidden=hidden and request is None)
    instance.is_ending = lambda: opened.lifetime.is_ending
    instance.raised.connect(opened.window.come_forward)
    instance.asked.connect(opened.open)
    if request is not None:
        opened.open(request)
    try:
        code = application.exec()
    finally:
        all_done = opened.close()
        instance.close()
    if not all_done:
        # A thread hangs on a disk or server that does not respond, and Qt would wait for it for ever.
        logging.shutdown()
        os._exit(code)
    return code


def _say_why_not(sentence: str) -> int:
    """Report why there is no window, on stderr and on the screen, so that nobody waits for it."""
    sys.stderr.write(f"borgdesk: {sentence}\n")
    sys.stderr.flush()
    box = QMessageBox(QMessageBox.Icon.Warning, _("BorgDesk"), sentence)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()
    return _CANNOT_OPEN


class Program(QApplication):
    """Qt's application, which emits a signal when asked to quit, e.g. by a session manager, and closes no windows.

    Qt would close one window after the other and stop when one stays open; ours only hides in the tray.
    """

    end_requested = Signal()

    def event(self, event: QEvent) -> bool:
        """Handle events sent to the application itself."""
        if event.type() == QEvent.Type.Quit:
            self.end_requested.emit()
            return True
        return super().event(event)


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """Return Qt's application with BorgDesk's name and icon and the user's language."""
    switch_before_qt()
    present = QApplication.instance()
    if isinstance(present, QApplication):
        widget_rules.install(present)
        return present
    application = Program([sys.argv[0], *argv])
    widget_rules.install(application)
    application.setApplicationName("BorgDesk")
    application.setOrganizationName("BorgDesk")
    application.setQuitOnLastWindowClosed(False)
    icon = str(resource(f"icons/{APPLICATION_ID}.svg"))
    application.setWindowIcon(QIcon.fromTheme(APPLICATION_ID, QIcon(icon)))
    translate_qt(application)
    return application


def translate_qt(application: QApplication) -> None:
    """Load Qt's own texts in the language of our messages, which may differ from that of dates and numbers."""
    translator, folder = QTranslator(application), QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if language() != SOURCE and translator.load(QLocale(language()), "qtbase", "_", folder):
        application.installTranslator(translator)
    if application.isRightToLeft():
        isolate_values()


class FirstFrame(QObject):
    """Waits for the first frame of a window, at most for a time: a window that is covered or minimised has none."""

    over = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._timer = QTimer(self, singleShot=True, interval=_LATEST_FRAME)
        self._timer.timeout.connect(self.over)
        self._timer.start()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Finish once all that is painted together with the window is painted."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self._timer.start(0)
        return False


class Application(QObject):
    """The lifetime of the window's program, from the first frame to the end of the last thread."""

    def __init__(self, application: QApplication, paths: Paths, *, hidden: bool = False) -> None:
        super().__init__()
        self._hidden = hidden
        self._tray_wait = QElapsedTimer()
        self._application = application
        self._paths = paths
        self.switches = ProcessSwitches(paths.state / logs.FILE_NAME, self)
        self.settings = WindowSettings(paths, self)
        self._use_scheme()
        self.settings.scheme_changed.connect(self._use_scheme)
        # Queued, so that Qt has already switched to the desktop's new palette.
        hints, later = QGuiApplication.styleHints(), Qt.ConnectionType.QueuedConnection
        hints.colorSchemeChanged.connect(lambda _: self._use_scheme(), later)
        self.background = Background(self)
        self.window = widget_rules.built(lambda: MainWindow(self.settings))
        if paths.home is not None:
            self.window.setWindowTitle(_("BorgDesk – {folder}").format(folder=paths.home))
        self.switches.exceptions.caught.connect(self.window.show_exception)
        self.window.report_requested.connect(self._copy_report)
        self.window.help_button.about_requested.connect(self._ask_about)
        self.shell: Shell | None = None
        self._request: WindowRequest | None = None
        """What is to be shown once the store is open."""
        self._workspace: Workspace | None = None
        self.lifetime = Lifetime(self.window, self)
        self.lifetime.ended.connect(self._on_lifetime_ended)
        self.switches.signals.end_requested.connect(self.lifetime.terminate)
        application.commitDataRequest.connect(self._hold_session)
        if isinstance(application, Program):
            application.end_requested.connect(self.lifetime.terminate)
        if hidden:
            self._tray_wait.start()
            QTimer.singleShot(0, self, self.open_store)
            return
        self.window.show()
        first_frame = FirstFrame(self.window)
        first_frame.over.connect(self.open_store)

    def open_store(self) -> None:
        """Import and open the store in another thread while the window is already visible.

        Not before: each event of the first frame would wait for that thread.
        """
        self.window.show_opening()
        make_types()
        self.background.ask(_open_workspace, self._begin, self._cannot_open, owner=self)

    def open(self, request: WindowRequest) -> None:
        """Show what is asked for, as soon as the store is open."""
        self._request = request
        if self.shell is not None:
            self._answer_request()

    def close(self) -> bool:
        """Stop everything; return False if a thread cannot be stopped."""
        if self.shell is not None:
            self.shell.finish()
        all_done = self.background.close()
        self.window.close_for_good()
        self.window.deleteLater()
        self.switches.back()
        if self._workspace is not None:
            self._workspace.store.close()
        return all_done

    def _begin(self, workspace: Workspace) -> None:
        from borgdesk.gui.shell.shell import Shell, has_tray

        self._workspace = workspace
        if self.lifetime.is_ending:
            return
        if self._hidden and not has_tray() and not self._tray_wait.hasExpired(_TRAY_PATIENCE):
            # At login, the desktop's panel may start later than this.
            QTimer.singleShot(_TRAY_PAUSE, self, lambda: self._begin(workspace))
            return
        self.shell = Shell(workspace, self.background, self.settings, self.window, self.lifetime, self)
        self.switches.garbage.freeze()
        if self._hidden and not self.lifetime.start_hidden():
            self.window.showMinimized()
        self._answer_request()

    def _answer_request(self) -> None:
        request, self._request = self._request, None
        if request is not None and self.shell is not None and not self.lifetime.is_ending:
            self.shell.open(request)

    def _copy_report(self) -> None:
        self.background.ask(self._report, self._show_copied, owner=self)

    def _report(self) -> str:
        # Imported in another thread: what finds out the version of Borg takes 40 ms.
        from borgdesk.gui.shell.report import report

        return report(self._paths, self._workspace)

    def _ask_about(self) -> None:
        self.background.ask(self._facts, self._show_about, owner=self)

    def _facts(self) -> dict[str, str]:
        from borgdesk.gui.shell.report import facts

        return facts(self._paths, self._workspace)

    def _show_about(self, facts: dict[str, str]) -> None:
        from borgdesk.gui.shell.about_dialog import AboutDialog

        dialog = AboutDialog(facts, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.report_requested.connect(self._copy_report)
        dialog.open()

    def _show_copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.window.show_copied()

    def _cannot_open(self, error: Exception) -> None:
        if not isinstance(error, BorgDeskError):
            sys.excepthook(type(error), error, error.__traceback__)
        from borgdesk.gui.shell.store_problem import StoreProblem

        self.window.show()
        page = StoreProblem(str(error))
        page.retry_requested.connect(self.open_store)
        page.quit_requested.connect(self.lifetime.quit)
        self.window.show_alone(page)

    def _on_lifetime_ended(self) -> None:
        """Leave the event loop. ``quit`` would ask the windows first, which hide instead of closing."""
        self._application.exit(0)

    def _hold_session(self) -> None:
        self.lifetime.hold_session()

    def _use_scheme(self) -> None:
        theme.use_scheme(self.settings.scheme)


def _open_workspace() -> Workspace:
    # Imported here, in another thread: the window's other parts would keep it still for 40 ms.
    import borgdesk.gui.shell.shell  # noqa: F401
    from borgdesk.engine.workspace import Workspace

    return Workspace.open()
