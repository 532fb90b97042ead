"""Desktop notifications about runs: failures and warnings always, successes if wanted, skipped ones never.

In the quiet hours of the settings, only what is urgent is shown at once.

Their titles are in :mod:`borgdesk.gui.look.run_words`; their text is the sentence of
:func:`borgdesk.domain.sentences.run_sentence`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, time
from functools import partial

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.domain.schedule import Hours
from borgdesk.domain.sentences import overdue_check_sentence, run_sentence
from borgdesk.domain.settings import NOTIFY_RECOVERED, NOTIFY_SUCCESS, QUIET_HOURS
from borgdesk.engine.desktop.notifications import Notification, Notifier
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.glance import is_told_with_slot
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import run_words, words
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.translation import _, ngettext

_log = logging.getLogger(__name__)

_MINUTE = 60_000
_DEFAULT, _SHOW, _AGAIN = "default", "show", "again"


class Notifications(QObject):
    """Uses the desktop's notification service, with buttons, or else the tray.

    There is one notification per repository: a newer one replaces it.
    """

    show_requested = Signal(int)
    """Run id whose log is to be shown."""
    again_requested = Signal(int)
    """Repository id that is to be backed up again."""
    repository_requested = Signal(int)
    """Repository id that is to be shown."""
    _pressed = Signal(str, str)
    _failed = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        settings: LiveSettings,
        tray: Tray | None,
        parent: QObject | None = None,
        clock: Callable[[], time] = lambda: datetime.now().time(),  # noqa: DTZ005 - quiet hours are local
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._settings, self._tray = settings, tray
        self._told: dict[str, tuple[RunId | None, RepositoryId | None]] = {}
        """By tag: the run of the latest notification, if it is about one, and its repository."""
        self.last_run_id: RunId | None = None
        """The run that the latest notification is about, if it is about one."""
        self.last_repository_id: RepositoryId | None = None
        """The repository that the latest notification is about, if that is known."""
        self._clock = clock
        self._held: dict[str, Notification] = {}
        """By tag: the newest that waits for the end of the quiet hours."""
        self._quiet_end = QTimer(self, interval=_MINUTE)
        self._quiet_end.timeout.connect(self.show_held)
        settings.changed.connect(self.show_held)
        self._pressed.connect(self._on_pressed)
        self._failed.connect(self._on_failed)
        self._notifier = Notifier(workspace.environment, self._emit_pressed, self._emit_failed)

    def is_worth_telling(self, ended: RunEnded) -> bool:
        """Return whether the user wants a notification about this run."""
        if ended.status is RunStatus.SUCCESS:
            return self._settings.values[NOTIFY_SUCCESS]
        return ended.status.is_bad or ended.status is RunStatus.WARNING

    def show_end(self, ended: RunEnded) -> None:
        """Show a notification about a finished run, unless it is about to be tried again."""
        may_be_good_news = ended.status is RunStatus.SUCCESS and self._settings.values[NOTIFY_RECOVERED]
        if not self.is_worth_telling(ended) and not may_be_good_news:
            _log.debug("run %d is not notified of: %s", ended.run_id, ended.status)
            return
        self._background.ask(
            lambda: self._read(ended), partial(self._on_read, ended), partial(self._on_unread, ended), self
        )

    def show_failed_slot(self, due: Due) -> None:
        """Show that a scheduled backup has failed, after its last attempt."""
        slot = due.slot
        if slot is None or slot.run_id is None:
            return
        runs, run_id = self._workspace.store.runs, slot.run_id

        def show(run: Run) -> None:
            text = run_sentence(run)
            if slot.tries > 1:
                tried = ngettext("It was tried {count} time.", "It was tried {count} times.", slot.tries)
                text = f"{text} {tried.format(count=words.number(slot.tries))}"
            self._show_run(RunEnded(run.id, run.repository, run.status, text), run)

        self._background.ask(lambda: runs.get(run_id, with_output=False), show, owner=self)

    def show_overdue(self, due: Due) -> None:
        """Show that a repository has had no good backup for too long."""
        tag, good = f"overdue {due.repository_id}", due.assessment.good_at
        self._told[tag] = self.last_run_id, self.last_repository_id = None, due.repository_id
        title = _("The backup of “{name}” is overdue").format(name=due.repository.name)
        text = (
            _("There has been no good backup since {moment}.").format(moment=words.moment(good))
            if good
            else _("There has been no good backup yet.")
        )
        actions = ((_DEFAULT, _("Open")), (_AGAIN, _("Back up now")))
        self._notifier.show(Notification(tag, title, text, urgent=True, actions=actions))

    def show_overdue_check(self, due: Due) -> None:
        """Show that a repository has not been checked for too long."""
        tag = f"check {due.repository_id}"
        self._told[tag] = self.last_run_id, self.last_repository_id = None, due.repository_id
        title, good = _("The check of “{name}” is overdue").format(name=due.repository.name), due.check.good_at
        text = overdue_check_sentence(None if good is None else words.moment(good))
        self._show_or_hold(Notification(tag, title, text, urgent=False, actions=((_DEFAULT, _("Open")),)))

    def show(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Show a notification, if the desktop or the tray can."""
        self._notifier.show(Notification("", title, text, urgent))

    def close(self) -> None:
        """Stop listening to buttons."""
        self._notifier.close()

    def show_held(self) -> None:
        """Show what has waited for the end of the quiet hours, if they are over."""
        if self._is_quiet():
            return
        self._quiet_end.stop()
        held, self._held = self._held, {}
        for notification in held.values():
            self._notifier.show(notification)

    def _is_quiet(self) -> bool:
        hours = self._settings.values[QUIET_HOURS]
        return bool(hours) and Hours.parse(hours).contains(self._clock())

    def _show_or_hold(self, notification: Notification) -> None:
        self._held.pop(notification.tag, None)
        if notification.urgent or not self._is_quiet():
            self._notifier.show(notification)
        else:
            self._held[notification.tag] = notification
            self._quiet_end.start()

    def _read(self, ended: RunEnded) -> tuple[Run, bool, bool]:
        """Return the run, whether it is told of with its slot, and whether it is a success after a failure."""
        runs = self._workspace.store.runs
        run = runs.get(ended.run_id, with_output=False)
        told_with_slot = ended.status.is_bad and is_told_with_slot(self._workspace, run)
        return run, told_with_slot, self._is_good_news(run)

    def _is_good_news(self, run: Run) -> bool:
        if run.repository_id is None or run.kind is not RunKind.BACKUP or run.status is not RunStatus.SUCCESS:
            return False
        before = self._workspace.store.runs.list(
            repository=int(run.repository_id), kind=RunKind.BACKUP, before_id=run.id, limit=1
        )
        return bool(before) and before[0].status.is_bad

    def _on_read(self, ended: RunEnded, read: tuple[Run, bool, bool]) -> None:
        run, is_told_later, is_good_news = read
        if is_good_news and self._settings.values[NOTIFY_RECOVERED]:
            self._show_run(ended, run, _("Backups work again"))
        elif not is_told_later and self.is_worth_telling(ended):
            self._show_run(ended, run)

    def _on_unread(self, ended: RunEnded, error: Exception) -> None:
        """Handle a run that cannot be found in the history."""
        if self.is_worth_telling(ended):
            self._show_run(ended, None)
        leave_untold(error)

    def _show_run(self, ended: RunEnded, run: Run | None, title: str = "") -> None:
        repository_id = None if run is None else run.repository_id
        tag = str(repository_id or ended.repository)
        kind = RunKind.BACKUP if run is None else run.kind
        self.last_run_id, self.last_repository_id = ended.run_id, repository_id
        self._told[tag] = ended.run_id, repository_id
        show = _("Show log")
        actions = [(_DEFAULT, show), (_SHOW, show)]
        if ended.status.is_bad and repository_id is not None and kind is RunKind.BACKUP:
            actions.append((_AGAIN, _("Back up again")))
        title = title or run_words.notification_title(ended.status, kind)
        self._show_or_hold(Notification(tag, title, ended.sentence, ended.status.is_bad, tuple(actions)))

    # in the notifier's thread

    def _emit_pressed(self, tag: str, key: str) -> None:
        if shiboken6.isValid(self):
            self._pressed.emit(tag, key)

    def _emit_failed(self, notification: Notification) -> None:
        if shiboken6.isValid(self):
            self._failed.emit(notification)

    # in the GUI thread

    def _on_pressed(self, tag: str, key: str) -> None:
        run_id, repository_id = self._told.get(tag, (None, None))
        if key == _AGAIN and repository_id is not None:
            self.again_requested.emit(repository_id)
        elif run_id is not None:
            self.show_requested.emit(run_id)
        elif repository_id is not None:
            self.repository_requested.emit(repository_id)

    def _on_failed(self, notification: Notification) -> None:
        if self._tray is not None:
            self._tray.show_message(notification.title, notification.text, urgent=notification.urgent)
