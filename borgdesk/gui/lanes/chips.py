"""Chips of a card: what is particular about an assignment, each in a word or two."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.gui.look import script_words
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Chip:
    """A short text in a frame."""

    text: str
    tone: Tone = Tone.MUTED


def chips_of(assignment: Assignment) -> tuple[Chip, ...]:
    """Return the chips in the order in which they are shown; the first ones go if there is no room."""
    effective = assignment.effective
    found = []
    if assignment.on_failure is not None:
        found.append(Chip(_if_it_fails(assignment.hook, assignment.on_failure)))
    if assignment.shared is not None:
        found.append(Chip(assignment.shared or _("shared")))
    found.append(Chip(script_words.timeout(effective.timeout)))
    if assignment.hook.is_post:
        # A script before the backup runs whatever its condition, so that a chip would only mislead.
        found.append(_condition(effective.run_on))
    return tuple(found)


def values_of(assignment: Assignment) -> str:
    """Return the values that the assignment overrides, without secret ones: "web db"."""
    return " ".join(value for value in assignment.parameters.values() if value)


def _condition(run_on: RunOn) -> Chip:
    if run_on.always:
        return Chip(_("always"), Tone.GOOD)
    names = {"success": _("success"), "warning": _("warning"), "failure": _("failure")}
    text = ", ".join(name for word, name in names.items() if word in run_on.conditions)
    return Chip(text, Tone.GOOD if run_on.conditions == {"success"} else Tone.WARNING)


def _if_it_fails(hook: Hook, policy: OnFailure) -> str:
    """Return what a failure of the script does, as the end of a sentence that begins with its name."""
    if policy is OnFailure.CONTINUE:
        return _("may fail")
    if not hook.is_pre:
        return _("stops the lane")
    if hook is Hook.PRE_RESTORE:
        return _("skips the restore") if policy is OnFailure.SKIP else _("stops the restore")
    return _("skips the backup") if policy is OnFailure.SKIP else _("stops the backup")
