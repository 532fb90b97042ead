"""What ``--json`` prints: the names of the command line's contract, and some more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.history import Execution, PlannedScript, Run
from borgdesk.domain.parameters import Header, Parameter
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Policy
from borgdesk.domain.script import Revision, Script

Json = dict[str, Any]


def moment(when: datetime | None) -> str | None:
    """Local time, ISO 8601 with offset."""
    return None if when is None else when.astimezone().isoformat(timespec="milliseconds")


def repository(repository: Repository) -> Json:
    """A repository as it is set up here."""
    return {
        "id": repository.id,
        "name": repository.name,
        "location": repository.location,
        "sources": list(repository.sources),
        "excludes": list(repository.excludes),
        "exclude_caches": repository.exclude_caches,
        "one_file_system": repository.one_file_system,
        "compression": repository.compression,
        "archive_name": repository.archive_name,
        "encryption": repository.encryption,
        "passcommand": repository.passcommand,
        "has_passphrase": repository.has_passphrase,
        "retention": _retention(repository.retention),
        "continue_on_hook_failure": repository.continue_on_hook_failure,
        "pre_script": repository.pre_script,
        "post_script": repository.post_script,
        "created_at": moment(repository.created_at),
        "last_run_at": moment(repository.last_run_at),
        "last_status": repository.last_status,
        "last_success_at": moment(repository.last_success_at),
    }


def _retention(retention: Retention) -> Json:
    names = ("within", "last", "hourly", "daily", "weekly", "monthly", "yearly")
    return {name: getattr(retention, name) for name in names}


def script(script: Script, sha256: str | None, header: Header, problem: str | None) -> Json:
    """A script of the library; *problem* says why there is no SHA-256, or are no parameters."""
    return {
        "id": script.id,
        "name": script.name,
        "description": script.description,
        "file_path": script.file_path,
        "timeout": script.timeout,
        "run_on": str(script.run_on),
        "usage_count": script.usage_count,
        "last_used_at": moment(script.last_used_at),
        "last_result": script.last_result,
        "sha256": sha256,
        "parameters": [_parameter(parameter) for parameter in header.parameters],
        "used_by": [{"repository": place.repository, "hook": place.hook} for place in script.used_by],
        "problem": problem,
    }


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "description": parameter.description,
        "default": parameter.default,
        "required": parameter.required,
        "secret": parameter.secret,
        "type": parameter.type,
        "choices": list(parameter.choices),
    }


def revision(revision: Revision) -> Json:
    """A text that a script had."""
    return {"sha256": revision.sha256, "saved_at": moment(revision.saved_at), "size": revision.size}


def assignment(assignment: Assignment) -> Json:
    """A script in a lane; overrides are null where the script's or the repository's own value is in force."""
    return {
        "id": assignment.id,
        "repository": assignment.repository,
        "repository_id": assignment.repository_id,
        "script": assignment.script,
        "script_id": assignment.script_id,
        "hook": assignment.hook,
        "order": assignment.order,
        "enabled": assignment.enabled,
        "timeout": assignment.timeout,
        "run_on": None if assignment.run_on is None else str(assignment.run_on),
        "on_failure": assignment.on_failure,
        "effective": policy(assignment.effective),
        "parameters": dict(assignment.parameters),
        "secrets": sorted(assignment.secrets),
    }


def policy(policy: Policy) -> Json:
    """The values in force."""
    return {"timeout": policy.timeout, "run_on": str(policy.run_on), "on_failure": policy.on_failure}


def planned(planned: PlannedScript) -> Json:
    """A script as a run is armed with it."""
    return {
        "script": planned.name,
        "script_id": planned.script_id,
        "hook": planned.hook,
        "order": planned.order,
        **policy(planned.policy),
        "parameters": dict(planned.values),
        "secrets": sorted(planned.secrets),
        "revision": planned.revision,
    }


def run(run: Run, *, with_output: bool = True) -> Json:
    """A run with its executions; without output, that is empty: ``history show`` has it."""
    statistics = run.statistics
    return {
        "id": run.id,
        "repository": run.repository,
        "repository_id": run.repository_id,
        "location": run.location,
        "trigger": run.trigger,
        "status": run.status,
        "outcome": run.outcome,
        "step": run.step,
        "borg_exit_code": run.borg_exit_code,
        "archive": run.archive,
        "original_size": statistics.original_size if statistics else None,
        "deduplicated_size": statistics.deduplicated_size if statistics else None,
        "files": statistics.files if statistics else None,
        "error": run.error,
        "note": run.note,
        "queued_at": moment(run.queued_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "recovered": run.recovered,
        "executions": [execution(one, with_output=with_output) for one in run.executions],
    }


def execution(execution: Execution, *, with_output: bool = True) -> Json:
    """One script in one run, or one test of a script."""
    planned = execution.planned
    return {
        "id": execution.id,
        "run_id": execution.run_id,
        "repository": execution.repository,
        "script": planned.name,
        "script_id": planned.script_id,
        "hook": planned.hook,
        "order": planned.order,
        **policy(planned.policy),
        "parameters": dict(planned.values),
        "status": execution.status,
        "reason": execution.reason,
        "exit_code": execution.exit_code,
        "started_at": moment(execution.started_at),
        "finished_at": moment(execution.finished_at),
        "duration": execution.duration,
        "stdout": execution.stdout if with_output else "",
        "stderr": execution.stderr if with_output else "",
        "truncated": execution.truncated,
        "revision": planned.revision,
        "recovered": execution.recovered,
    }
