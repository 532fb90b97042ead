"""Converts values to the JSON that ``--json`` prints, with the field names of the documented format and some more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import BorgCall, Execution, PlannedScript, Run
from borgdesk.domain.parameters import Header, Parameter
from borgdesk.domain.repository import COUNTING_RULES, Repository, Retention
from borgdesk.domain.run import RunKind
from borgdesk.domain.script import Revision, Script
from borgdesk.domain.server import port_of

if TYPE_CHECKING:
    from borgdesk.engine.runs.story import Entry, Story

Json = dict[str, Any]
_SPACE: Json = {"free_before": None, "free_after": None, "repository_size": None}
"""What is only known of some backups."""


def moment(when: datetime | None) -> str | None:
    """Return local time in ISO 8601 with offset."""
    return None if when is None else when.astimezone().isoformat(timespec="milliseconds")


def repository(repository: Repository) -> Json:
    """Convert a configured repository."""
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
        "stall_limit": repository.stall_limit,
        "compact_every": repository.compact_every,
        "compacted_at": moment(repository.compacted_at),
        "fail_on_missing_source": repository.fail_on_missing_source,
        "patterns": repository.patterns,
        "upload_ratelimit": repository.upload_limit,
        "checkpoint_interval": repository.checkpoint_interval,
        "extra_arguments": repository.extra_arguments,
        "ssh_key": repository.ssh_key or None,
        "ssh_port": port_of(repository.location),
        "jump_host": repository.jump_host or None,
        "remote_path": repository.remote_path or None,
        "append_only": repository.append_only,
        "created_at": moment(repository.created_at),
        "last_run_at": moment(repository.last_run_at),
        "last_status": repository.last_status,
        "last_success_at": moment(repository.last_success_at),
    }


def _retention(retention: Retention) -> Json:
    names = ("within", *COUNTING_RULES)
    return {name: getattr(retention, name) for name in names}


def script(script: Script, sha256: str | None, header: Header, problem: str | None) -> Json:
    """Convert a library script; *problem* says why SHA-256 or parameters are missing."""
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
    """Convert a revision of a script."""
    return {"sha256": revision.sha256, "saved_at": moment(revision.saved_at), "size": revision.size}


def assignment(assignment: Assignment) -> Json:
    """Convert an assignment; overrides are null if the script's or the repository's value applies."""
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
        "shared": assignment.shared,
    }


def policy(policy: Policy) -> Json:
    """Convert the effective values."""
    return {"timeout": policy.timeout, "run_on": str(policy.run_on), "on_failure": policy.on_failure}


def planned(planned: PlannedScript) -> Json:
    """Convert a script that a run is armed with."""
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


def run(run: Run, story: Story, *, with_output: bool = True) -> Json:
    """Convert a run with its steps and executions. Without output, its fields are empty: ``history show`` has it."""
    statistics = run.statistics
    return {
        "id": run.id,
        "uid": run.uid,
        "kind": run.kind,
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
        "note_codes": [note.code for note in run.notes],
        "queued_at": moment(run.queued_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "recovered": run.recovered,
        **(_SPACE if run.kind is RunKind.BACKUP else {}),
        **run.report,
        "steps": [_step(entry) for entry in story.entries],
        "executions": [execution(one, with_output=with_output) for one in run.executions],
        "borg": [borg_call(one, with_output=with_output) for one in run.borg],
    }


def _step(entry: Entry) -> Json:
    """Convert a script or a step of Borg."""
    return {
        "name": entry.name,
        "kind": entry.kind,
        "hook": entry.hook,
        "status": entry.status,
        "started_at": moment(entry.started_at),
        "duration": entry.duration(),
        "exit_code": entry.exit_code,
        "reason": entry.reason,
        "reason_code": entry.reasons[0].code if entry.reasons else None,
        "recovered": entry.recovered,
    }


def borg_call(call: BorgCall, *, with_output: bool = True) -> Json:
    """Convert a step of Borg in a run."""
    return {
        "step": call.step,
        "status": call.status,
        "exit_code": call.exit_code,
        "error": call.error,
        "started_at": moment(call.started_at),
        "finished_at": moment(call.finished_at),
        "duration": call.duration,
        "stdout": call.stdout if with_output else "",
        "stderr": call.stderr if with_output else "",
        "truncated": call.truncated,
    }


def execution(execution: Execution, *, with_output: bool = True) -> Json:
    """Convert one script in one run, or one test of a script."""
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
        "reason_code": execution.reasons[0].code if execution.reasons else None,
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
