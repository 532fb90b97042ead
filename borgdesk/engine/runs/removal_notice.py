"""Decides when what is old may be removed: after a notice, and not at once because the clock says so all of a sudden.

A clock that is years ahead, as after the battery of a mainboard has failed, makes everything look old. So if much more
time seems to have passed since the last look than usual, removals wait as long as before the first one: Settings says
what will go, and a clock that is put right by then has done no harm. The same goes for archives that are kept by
their age.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)

_KEY = "history.cleaning"
_NAMES = ("from", "last", "seen", "ahead", "before")
"""Key of what is known: ``from`` is when removals may begin, ``last`` when the last complete cleaning ended, ``seen``
when BorgDesk last looked, ``ahead`` when the clock was last found far ahead, and ``before`` the last look before the
clock went far back."""
NOTICE = timedelta(days=7)
"""Removals wait so long after the first one was found to be due, and after the clock was found far ahead."""
FAR = timedelta(days=30)
"""The clock is taken to be wrong if the last look seems to be longer ago."""
_EVER = timedelta(days=400)
"""Nobody uses BorgDesk as seldom as that."""


def known(workspace: Workspace, moment: datetime) -> dict[str, datetime]:
    """Return what is known, without what a clock that was wrong once, or a damaged file, has left.

    A moment that is still to come must not stop removals until it has come, which may be in years.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    latest = {name: moment + NOTICE if name == "from" else moment for name in _NAMES}
    return {name: one for name, one in _stored(workspace).items() if one <= latest[name]}


def _stored(workspace: Workspace) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for name, text in (workspace.store.key_values.get(_KEY) or {}).items():
        with contextlib.suppress(ValueError):
            one = datetime.fromisoformat(str(text))
            if name in _NAMES and one.tzinfo is not None:
                found[name] = one
    return found


def remember(workspace: Workspace, facts: Mapping[str, datetime]) -> None:
    """Store what is known from now on.

    Raises:
        StoreUnusable: the database cannot be written.
    """
    workspace.store.key_values.set(_KEY, {name: one.isoformat() for name, one in facts.items()})


def may_begin(workspace: Workspace, moment: datetime, has_work: Callable[[], bool] | None = None) -> bool:
    """Return whether removals may begin; with *has_work*, the first one waits for a notice if there is any.

    Raises:
        StoreUnusable: the database cannot be read or written.
    """
    facts = _looked(workspace, moment)
    if "from" not in facts and has_work is not None:
        facts["from"] = moment + (NOTICE if has_work() else timedelta())
    remember(workspace, facts)
    return facts.get("from", moment) <= moment


def distrusted_until(workspace: Workspace, moment: datetime) -> datetime | None:
    """Return until when archives are not pruned by their age, because the clock is far ahead; None if it is not.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    facts = _looked(workspace, moment)
    # What is found again in the next run need not be stored now.
    with contextlib.suppress(StoreUnusable):
        remember(workspace, facts)
    until = facts["ahead"] + NOTICE if "ahead" in facts else moment
    return until if until > moment else None


def _looked(workspace: Workspace, moment: datetime) -> dict[str, datetime]:
    """Return what is known with this look at the clock."""
    facts = known(workspace, moment)
    if _is_far_ahead(facts, moment):
        _log.warning("the clock is far ahead of the last look at it: nothing old is removed for %s", NOTICE)
        facts |= {"from": moment + NOTICE, "ahead": moment}
    return {**facts, **_before(_stored(workspace), moment), "seen": moment}


def _before(stored: Mapping[str, datetime], moment: datetime) -> dict[str, datetime]:
    """Return the last look before the clock went far back, until the clock is right again.

    A machine whose battery has failed is years back after each start, until it has asked for the time.
    """
    was_believed = "ahead" not in stored or stored.get("seen", moment) - stored["ahead"] > NOTICE
    looks = [stored[name] for name in ("before", "seen") if name in stored and stored[name] - moment > FAR]
    return {"before": max(looks)} if looks and was_believed else {}


def _is_far_ahead(facts: Mapping[str, datetime], moment: datetime) -> bool:
    looks = [facts[name] for name in ("seen", "last", "before") if name in facts]
    if not looks and "from" in facts:
        # Known from an older version, which announced the first removal and nothing else.
        looks = [facts["from"] - NOTICE]
    if not looks or moment - max(looks) <= FAR:
        return False
    # Where BorgDesk runs once a month, each look is the first in a long time: the second one is believed.
    return facts.get("ahead") != max(looks) or moment - max(looks) > _EVER
