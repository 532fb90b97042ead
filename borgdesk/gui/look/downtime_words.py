"""Texts about services that a run stopped."""

from __future__ import annotations

from datetime import UTC, datetime

from borgdesk.domain.downtime import down_since, downtime, left_down
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunStatus
from borgdesk.domain.sentences import cleanup_sentences, may_be_down, run_sentence
from borgdesk.engine.runs.story import Story
from borgdesk.gui.look import words
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.gui.workers.run_record import RunRecord
from borgdesk.translation import _


def down_now(live: LiveRun, now: datetime | None = None) -> str:
    """Return for how long services have been down, and usually are; empty if none is known to be."""
    since = down_since(live.story.sides)
    if since is None:
        return ""
    time = words.elapsed(max(0.0, ((now or datetime.now(UTC)) - since).total_seconds()))
    if live.usual.down is None:
        return _("services are down for {time}").format(time=time)
    usual = words.elapsed(live.usual.down)
    return _("services are down for {time}, usually {usual}").format(time=time, usual=usual)


def were_down(story: Story) -> str:
    """Return a sentence about how long services were down; empty if that is not known."""
    seconds = downtime(story.sides)
    if seconds is None:
        return ""
    if seconds < 1:
        return _("Services were down for less than a second.")
    return _("Services were down for {time}.").format(time=words.duration(seconds))


def what_happened(record: RunRecord) -> str:
    """Return why a run failed or was stopped, and below that what was put back; empty for a good one."""
    run, story = record.run, record.story
    if run.status is RunStatus.CANCELLED:
        return " ".join(filter(None, (run_sentence(run), were_down(story))))
    if not run.error or run.status not in (RunStatus.FAILURE, RunStatus.INTERRUPTED):
        return " ".join(filter(None, (run.error, may_be_down(left_down(run.executions)))))
    create = story.entry(BorgStep.CREATE)
    unread = create is not None and create.status in (ExecutionStatus.SKIPPED, ExecutionStatus.PENDING)
    after = [_("Borg was not started.")] if unread else []
    after += [*cleanup_sentences(run), were_down(story)]
    return "\n".join(filter(None, (run.error, " ".join(filter(None, after)))))
