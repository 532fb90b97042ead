"""Texts about scripts, lanes and parameter values; general ones are in :mod:`borgdesk.gui.look.words`."""

from __future__ import annotations

from borgdesk.domain.findings import Finding, Severity
from borgdesk.domain.history import Execution
from borgdesk.domain.parameters import Parameter, ParameterType
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, RunOn
from borgdesk.domain.script import Script
from borgdesk.gui.look import words
from borgdesk.translation import _


def condition(hook: Hook, run_on: RunOn) -> str:
    """Return when a script of a lane runs; before the backup it always does, whatever its condition."""
    return _("Always") if hook.is_pre else words.run_on(run_on)


def at_most(seconds: int) -> str:
    """Return a timeout as a limit: "at most 5 min"."""
    return _("at most {time}").format(time=timeout(seconds))


def timeout(seconds: int) -> str:
    """Return an exact timeout: "90 s", "5 min", "1 h 30 min"."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [
        _("{count} h").format(count=hours) if hours else "",
        _("{count} min").format(count=minutes) if minutes else "",
        _("{count} s").format(count=left) if left else "",
    ]
    return " ".join(part for part in parts if part) or _("0 s")


def test_result(test: Execution) -> str:
    """Return how a test ended: "Success, exit code 0, 40 ms", "Timed out, 5 s, it took longer than 5 s"."""
    parts = [words.execution_result(test)]
    if test.status is ExecutionStatus.SUCCESS:
        parts.append(_("exit code 0"))
    if test.duration is not None:
        parts.append(words.duration(test.duration))
    # The reason of a plain failure is its exit code, which is already in the result.
    if test.reason and test.status not in (ExecutionStatus.SUCCESS, ExecutionStatus.FAILED):
        parts.append(test.reason)
    return ", ".join(parts)


def test_remark(test: Execution) -> str:
    """Return the remark about a test in a list that has its status and duration: its script, and what was unusual."""
    parts = [test.planned.name]
    if test.status is ExecutionStatus.FAILED and test.exit_code is not None:
        parts.append(_("exit code {code}").format(code=test.exit_code))
    elif test.reason and test.status is not ExecutionStatus.SUCCESS:
        parts.append(test.reason)
    return ": ".join(parts)


def if_it_fails(policy: OnFailure) -> str:
    """Return the short form of a policy: "if it fails: continue"."""
    return _("if it fails: {policy}").format(policy=words.on_failure(policy).lower())


def policy_explained(hook: Hook, policy: OnFailure) -> str:
    """Explain what a policy means in a lane."""
    if hook is Hook.PRE_BACKUP:
        return {
            OnFailure.STOP: _("Stop: no backup is made, and the run fails"),
            OnFailure.CONTINUE: _("Continue: the backup is made, but the run ends with a warning at best"),
            OnFailure.SKIP: _("Skip: no backup is made this time, and the run does not count as failed"),
        }[policy]
    if hook is Hook.PRE_RESTORE:
        return {
            OnFailure.STOP: _("Stop: nothing is restored, and the run fails"),
            OnFailure.CONTINUE: _("Continue: files are restored, but the run ends with a warning at best"),
            OnFailure.SKIP: _("Skip: nothing is restored this time, and the run does not count as failed"),
        }[policy]
    return {
        OnFailure.STOP: _("Stop: of the scripts below, only those set to “Always” run"),
        OnFailure.CONTINUE: _("Continue: the scripts below run anyway"),
        OnFailure.SKIP: _("Skip"),
    }[policy]


def lane_explained(hook: Hook) -> str:
    """Explain when a lane runs."""
    return {
        Hook.PRE_BACKUP: _("Stop services, mount disks, dump databases"),
        Hook.POST_BACKUP: _("Start services again as soon as Borg has read the data"),
        Hook.POST_RUN: _("Last of all: unmount disks, report, power off"),
        Hook.PRE_RESTORE: _("Stop what uses the files"),
        Hook.POST_RESTORE: _("Start it again, whatever became of the restore"),
        Hook.TEST: "",
    }[hook]


def values(count: int) -> str:
    """Return the number of values that an assignment overrides: "1 value", "3 values"."""
    return _("1 value") if count == 1 else _("{count} values").format(count=words.number(count))


def parameter_kind(parameter: Parameter) -> str:
    """Return the type of a parameter and its properties: "whole number, required"."""
    kinds = {
        ParameterType.TEXT: _("text"),
        ParameterType.INTEGER: _("whole number"),
        ParameterType.BOOLEAN: _("yes or no"),
        ParameterType.CHOICE: _("choice"),
        ParameterType.PATH: _("path"),
    }
    parts = [kinds[parameter.type]]
    if parameter.required:
        parts.append(_("required"))
    if parameter.secret:
        parts.append(_("secret"))
    return ", ".join(parts)


def usage(script: Script, assignments: int) -> str:
    """Return how often backups used a script and in how many lanes it is assigned."""
    if script.usage_count == 0:
        started = _("Not used in a backup yet.")
    else:
        started = _("Used {times} in backups, last {ago}.").format(
            times=words.times(script.usage_count), ago=words.ago(script.last_used_at)
        )
    assigned = _("Assigned in {places}.").format(places=places(assignments)) if assignments else _("Not assigned.")
    return f"{started} {assigned}"


def places(count: int) -> str:
    """Return the number of assignments of a script: "1 place", "3 places"."""
    return _("1 place") if count == 1 else _("{count} places").format(count=words.number(count))


def finding(one: Finding) -> str:
    """Return a finding with its severity, which an icon shows on the screen: "Error: Couldn't parse this."."""
    said = {
        Severity.ERROR: _("Error: {message}"),
        Severity.WARNING: _("Warning: {message}"),
        Severity.INFO: _("Note: {message}"),
        Severity.STYLE: _("Style: {message}"),
    }[one.severity]
    return said.format(message=one.message)


def findings(count: int) -> str:
    """Return the number of findings: "No findings", "1 finding", "3 findings"."""
    if count == 0:
        return _("No findings")
    return _("1 finding") if count == 1 else _("{count} findings").format(count=words.number(count))
