"""Phrases about scripts, their lanes and their values, beside the general ones of :mod:`borgdesk.gui.words`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from borgdesk.domain.history import Execution
from borgdesk.domain.parameters import Parameter, ParameterType
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, RunOn
from borgdesk.domain.script import Script
from borgdesk.gui import words


def _tr(text: str) -> str:
    return QCoreApplication.translate("script_words", text)


def condition(hook: Hook, run_on: RunOn) -> str:
    """When a script of a lane runs: before the backup it always does, whatever its condition."""
    return _tr("Always") if hook is Hook.PRE_BACKUP else words.run_on(run_on)


def at_most(seconds: int) -> str:
    """A timeout: "at most 5 min"."""
    return _tr("at most {time}").format(time=timeout(seconds))


def timeout(seconds: int) -> str:
    """A timeout by itself, exact: "90 s", "5 min", "1 h 30 min"."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [
        _tr("{count} h").format(count=hours) if hours else "",
        _tr("{count} min").format(count=minutes) if minutes else "",
        _tr("{count} s").format(count=left) if left else "",
    ]
    return " ".join(part for part in parts if part) or _tr("0 s")


def test_result(test: Execution) -> str:
    """How a test ended: "Success, exit code 0, 40 ms", "Timed out, 5 s, it took longer than 5 s"."""
    parts = [words.execution_result(test)]
    if test.status is ExecutionStatus.SUCCESS:
        parts.append(_tr("exit code 0"))
    if test.duration is not None:
        parts.append(words.duration(test.duration))
    # The reason of a plain failure is its exit code, which the result says already.
    if test.reason and test.status not in (ExecutionStatus.SUCCESS, ExecutionStatus.FAILED):
        parts.append(test.reason)
    return ", ".join(parts)


def if_it_fails(policy: OnFailure) -> str:
    """A policy as a chip: "if it fails: continue"."""
    return _tr("if it fails: {policy}").format(policy=words.on_failure(policy).lower())


def policy_explained(hook: Hook, policy: OnFailure) -> str:
    """What a policy means in a lane."""
    if hook is Hook.PRE_BACKUP:
        return {
            OnFailure.STOP: _tr("Stop: no backup is made, and the run counts as failed"),
            OnFailure.CONTINUE: _tr("Continue: the backup is made, and the run ends with a warning at best"),
            OnFailure.SKIP: _tr("Skip: no backup is made this time, and nobody is alarmed"),
        }[policy]
    return {
        OnFailure.STOP: _tr("Stop: of the scripts below, only those with “Always” run"),
        OnFailure.CONTINUE: _tr("Continue: the scripts below run all the same"),
        OnFailure.SKIP: _tr("Skip"),
    }[policy]


def lane_explained(hook: Hook) -> str:
    """When a lane has its turn."""
    return {
        Hook.PRE_BACKUP: _tr("Stop services, mount disks, dump databases"),
        Hook.POST_BACKUP: _tr("Start services again, as soon as Borg has read the data"),
        Hook.POST_RUN: _tr("Last of all: unmount disks, report, power off"),
        Hook.TEST: "",
    }[hook]


def values(count: int) -> str:
    """How many values an assignment has of its own: "1 value", "3 values"."""
    return _tr("1 value") if count == 1 else _tr("{count} values").format(count=words.number(count))


def parameter_kind(parameter: Parameter) -> str:
    """The type of a parameter, and what else matters about it: "whole number, required"."""
    kinds = {
        ParameterType.TEXT: _tr("text"),
        ParameterType.INTEGER: _tr("whole number"),
        ParameterType.BOOLEAN: _tr("yes or no"),
        ParameterType.CHOICE: _tr("choice"),
        ParameterType.PATH: _tr("path"),
    }
    parts = [kinds[parameter.type]]
    if parameter.required:
        parts.append(_tr("required"))
    if parameter.secret:
        parts.append(_tr("secret"))
    return ", ".join(parts)


def usage(script: Script, assignments: int) -> str:
    """How often backups used a script, and in how many lanes it stands."""
    if script.usage_count == 0:
        started = _tr("Not used in a backup yet.")
    else:
        started = _tr("Used {times} in backups, last {ago}.").format(
            times=words.times(script.usage_count), ago=words.ago(script.last_used_at)
        )
    assigned = _tr("Assigned in {places}.").format(places=places(assignments)) if assignments else _tr("Not assigned.")
    return f"{started} {assigned}"


def places(count: int) -> str:
    """How many places a script has: "1 place", "3 places"."""
    return _tr("1 place") if count == 1 else _tr("{count} places").format(count=words.number(count))


def findings(count: int) -> str:
    """How many findings: "No findings", "1 finding", "3 findings"."""
    if count == 0:
        return _tr("No findings")
    return _tr("1 finding") if count == 1 else _tr("{count} findings").format(count=words.number(count))
