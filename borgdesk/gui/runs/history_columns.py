"""Columns of the history: how it shows a run, and a test of a script."""

from __future__ import annotations

from datetime import datetime

from borgdesk.domain.history import Execution, Run
from borgdesk.domain.history_list import Listed, ListedTest
from borgdesk.gui.look import icons, longest, run_words, script_words, theme, words
from borgdesk.gui.look.columns import Column
from borgdesk.translation import _


def columns() -> list[Column[Listed]]:
    """Return the columns."""
    return [
        Column(
            _("Status"),
            _status,
            icon=lambda row: icons.status_icon(_work(row).status),
            tone=lambda row: theme.tone_of(_work(row).status),
            whole=longest.run_states(),
        ),
        Column(_("What"), _kind, width=11, optional=True),
        Column(_("Repository"), lambda row: _work(row).repository or "", width=22),
        Column(
            _("Started"),
            lambda row: words.moment(_began(row)),
            tooltip=lambda row: words.exact_moment(_began(row)),
            whole=longest.moments(),
        ),
        Column(_("Duration"), lambda row: words.run_duration(_work(row)), right=True, width=11),
        Column(_("Started by"), _trigger, width=13, optional=True),
        Column(_("What happened"), _remark, stretch=True),
    ]


def _work(row: Listed) -> Run | Execution:
    return row.execution if isinstance(row, ListedTest) else row


def _status(row: Listed) -> str:
    if isinstance(row, ListedTest):
        return words.execution_status(row.execution.status)
    return words.run_status(row.status)


def _kind(row: Listed) -> str:
    return words.script_test() if isinstance(row, ListedTest) else words.kind(row.kind)


def _trigger(row: Listed) -> str:
    return "" if isinstance(row, ListedTest) else words.trigger(row.trigger)


def _began(row: Listed) -> datetime | None:
    return row.execution.started_at if isinstance(row, ListedTest) else row.started_at or row.queued_at


def _remark(row: Listed) -> str:
    return script_words.test_remark(row.execution) if isinstance(row, ListedTest) else run_words.remark(row)
