"""What people are notified of, and in which words; the same with and without a window.

Failures and warnings always, successes if wanted, skipped runs never. There is one notification per repository, and
another one if it is overdue: a newer one replaces it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.domain.sentences import end_title, interrupted_title, overdue_check_sentence, run_sentence
from borgdesk.domain.settings import NOTIFY_RECOVERED, NOTIFY_SUCCESS, QUIET_HOURS, Values
from borgdesk.domain.window_request import Wanted, WindowRequest
from borgdesk.engine.desktop.notification import CLICK, Button, Notification
from borgdesk.engine.desktop.notification_sending import send
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.glance import is_told_with_slot
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _, ngettext

_SHOW, _AGAIN = "show", "again"

Moment = Callable[[datetime], str]
"""Formats date and time."""


def send_without_window(workspace: Workspace, notification: Notification | None) -> None:
    """Show a notification, if there is one and a desktop, from a process that ends soon. It never raises."""
    if notification is None:
        return
    try:
        quiet_hours = workspace.store.settings.read()[QUIET_HOURS]
    except BorgDeskError:
        quiet_hours = ""
    send(workspace.environment, notification, quiet_hours)


def is_worth_telling(values: Values, status: RunStatus) -> bool:
    """Return whether the user wants to be notified of the end of a run."""
    if status is RunStatus.SUCCESS:
        return values[NOTIFY_SUCCESS]
    return status.is_bad or status is RunStatus.WARNING


def of_end(workspace: Workspace, values: Values, ended: RunEnded) -> Notification | None:
    """Return the notification about the end of a run; None if it is not wanted, or the run is tried again soon."""
    wanted, is_success = is_worth_telling(values, ended.status), ended.status is RunStatus.SUCCESS
    if not wanted and not (is_success and values[NOTIFY_RECOVERED]):
        return None
    try:
        run = workspace.store.runs.get(ended.run_id, with_output=False)
        is_told_later = ended.status.is_bad and is_told_with_slot(workspace, run)
        is_good_news = values[NOTIFY_RECOVERED] and _is_good_news(workspace, run)
    except BorgDeskError:
        # It cannot be found in the history.
        return _of_run(ended, None) if wanted else None
    if is_good_news:
        return replace(_of_run(ended, run), title=_("Backups work again"))
    return _of_run(ended, run) if wanted and not is_told_later else None


def of_failed_slot(workspace: Workspace, due: Due) -> Notification:
    """Return the notification about a scheduled backup that has failed, after its last attempt.

    Raises:
        BorgDeskError: the history cannot be read.
    """
    slot = due.slot
    assert slot is not None
    if slot.run_id is None:
        reason = slot.reason or ""
        title = _("The backup of “{name}” failed").format(name=due.repository.name)
        text, buttons = f"{reason[:1].upper()}{reason[1:]}", _of_repository(due, _("Back up again"))
        return Notification(str(due.repository_id), title, text, urgent=True, buttons=buttons)
    run = workspace.store.runs.get(slot.run_id, with_output=False)
    text = run_sentence(run)
    if slot.tries > 1:
        tried = ngettext("It was tried {count} time.", "It was tried {count} times.", slot.tries)
        text = f"{text} {tried.format(count=slot.tries)}"
    return _of_run(RunEnded(run.id, run.repository, run.status, text), run)


def of_overdue(due: Due, moment: Moment) -> Notification:
    """Return the notification about a repository that has had no good backup for too long."""
    good, title = due.assessment.good_at, _("The backup of “{name}” is overdue").format(name=due.repository.name)
    text = (
        _("There has been no good backup since {moment}.").format(moment=moment(good))
        if good
        else _("There has been no good backup yet.")
    )
    buttons = _of_repository(due, _("Back up now"))
    return Notification(f"overdue {due.repository_id}", title, text, urgent=True, buttons=buttons)


def of_overdue_check(due: Due, moment: Moment) -> Notification:
    """Return the notification about a repository that has not been checked for too long."""
    good, title = due.check.good_at, _("The check of “{name}” is overdue").format(name=due.repository.name)
    text = overdue_check_sentence(None if good is None else moment(good))
    return Notification(f"check {due.repository_id}", title, text, buttons=_of_repository(due))


def of_recovery(run: Run) -> Notification:
    """Return the notification about a run that was recovered after its process had died."""
    told = _of_run(RunEnded(run.id, run.repository, run.status, run_sentence(run)), run)
    return replace(told, title=interrupted_title(run.kind), urgent=True)


def _is_good_news(workspace: Workspace, run: Run) -> bool:
    """Return whether a run is the first good backup after a failed one."""
    if run.repository_id is None or run.kind is not RunKind.BACKUP or run.status is not RunStatus.SUCCESS:
        return False
    before = workspace.store.runs.list(
        repository=int(run.repository_id), kind=RunKind.BACKUP, before_id=run.id, limit=1
    )
    return bool(before) and before[0].status.is_bad


def _of_run(ended: RunEnded, run: Run | None) -> Notification:
    repository_id = None if run is None else run.repository_id
    kind = RunKind.BACKUP if run is None else run.kind
    show, opens = _("Show log"), WindowRequest(Wanted.RUN, ended.run_id)
    buttons = [Button(CLICK, show, opens), Button(_SHOW, show, opens)]
    if ended.status.is_bad and repository_id is not None and kind is RunKind.BACKUP:
        buttons.append(Button(_AGAIN, _("Back up again"), WindowRequest(Wanted.BACKUP, repository_id)))
    title = end_title(ended.status, kind)
    tag = str(repository_id or ended.repository)
    return Notification(tag, title, ended.sentence, ended.status.is_bad, tuple(buttons))


def _of_repository(due: Due, back_up: str = "") -> tuple[Button, ...]:
    number = int(due.repository_id)
    buttons = [Button(CLICK, _("Open"), WindowRequest(Wanted.REPOSITORY, number))]
    if back_up:
        buttons.append(Button(_AGAIN, back_up, WindowRequest(Wanted.BACKUP, number)))
    return tuple(buttons)
