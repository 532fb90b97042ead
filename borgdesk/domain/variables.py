"""The environment of a script: which variables a run gives it, and which of ours and Borg's it must not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.run import Hook, Outcome, Trigger

DESCRIPTIONS: dict[str, str] = {
    "BORGDESK_RUN_ID": "Number of the run in history.",
    "BORGDESK_EXECUTION_ID": "Number of this execution in history.",
    "BORGDESK_HOOK": "The lane: pre-backup, post-backup, post-run or test.",
    "BORGDESK_TRIGGER": "What started the run: user, schedule, cli, window or recovery.",
    "BORGDESK_OUTCOME": "After the backup: success, warning, failure, cancelled, interrupted or skipped.",
    "BORGDESK_BORG_EXIT_CODE": "Exit code as Borg returned it; empty if Borg did not run.",
    "BORGDESK_ARCHIVE": "Name of the new archive; unset if none was created.",
    "BORGDESK_ORIGINAL_SIZE": "Size of the archive's files in bytes.",
    "BORGDESK_DEDUPLICATED_SIZE": "Bytes of the archive that were new.",
    "BORGDESK_FILES": "Number of files in the archive.",
    "BORGDESK_ERROR": "One line: what went wrong.",
    "BORGDESK_LOG_FILE": "Path of the run's log so far.",
    "BORGDESK_STATE_DIR": "Private folder of this run: scripts before the backup leave notes for those after it.",
    "BORGDESK_LIBRARY_DIR": "Folder of the script library.",
    "REPOSITORY_ID": "Number of the repository.",
    "REPOSITORY_NAME": "Name of the repository.",
    "REPOSITORY_PATH": "Location of the repository, as Borg takes it.",
    "BACKUP_DATE": "When the run began, ISO 8601 with offset.",
    "BORG_UI_HOOK_TYPE": "For scripts written for borg-ui: the lane.",
    "BORG_UI_BACKUP_STATUS": "For scripts written for borg-ui: success, warning or failure.",
    "BORG_UI_REPOSITORY_ID": "For scripts written for borg-ui: number of the repository.",
    "BORG_UI_REPOSITORY_NAME": "For scripts written for borg-ui: name of the repository.",
    "BORG_UI_REPOSITORY_PATH": "For scripts written for borg-ui: location of the repository.",
    "BORG_UI_JOB_ID": "For scripts written for borg-ui: number of the run.",
}
"""Every variable a script can see, in the order in which help and completion list them."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the variables of a script are made from."""

    run_id: int | None
    execution_id: int
    hook: Hook
    trigger: Trigger
    began_at: datetime
    """Aware."""
    log_file: str
    state_dir: str
    library_dir: str
    repository_id: int | None = None
    repository_name: str = ""
    repository_path: str = ""
    outcome: Outcome | None = None
    borg_exit_code: int | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    error: str | None = None


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without Borg's and BorgDesk's variables, some of which are secrets."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("BORG_", "BORGDESK_", "BORG_UI_", "REPOSITORY_"))
    }


def variables(facts: RunFacts) -> dict[str, str]:
    """The variables of the contract for one script."""
    result = {
        "BORGDESK_RUN_ID": _text(facts.run_id),
        "BORGDESK_EXECUTION_ID": str(facts.execution_id),
        "BORGDESK_HOOK": facts.hook.value,
        "BORGDESK_TRIGGER": facts.trigger.value,
        "BORGDESK_ERROR": " ".join((facts.error or "").split()),
        "BORGDESK_LOG_FILE": facts.log_file,
        "BORGDESK_STATE_DIR": facts.state_dir,
        "BORGDESK_LIBRARY_DIR": facts.library_dir,
        "REPOSITORY_ID": _text(facts.repository_id),
        "REPOSITORY_NAME": facts.repository_name,
        "REPOSITORY_PATH": facts.repository_path,
        "BACKUP_DATE": facts.began_at.isoformat(timespec="seconds"),
        "BORG_UI_HOOK_TYPE": facts.hook.value,
        "BORG_UI_REPOSITORY_ID": _text(facts.repository_id),
        "BORG_UI_REPOSITORY_NAME": facts.repository_name,
        "BORG_UI_REPOSITORY_PATH": facts.repository_path,
        "BORG_UI_JOB_ID": _text(facts.run_id),
    }
    if facts.outcome is not None:
        result |= _after_backup(facts, facts.outcome)
    return result


def _after_backup(facts: RunFacts, outcome: Outcome) -> dict[str, str]:
    result = {
        "BORGDESK_OUTCOME": outcome.value,
        "BORGDESK_BORG_EXIT_CODE": _text(facts.borg_exit_code),
        "BORG_UI_BACKUP_STATUS": outcome.value if outcome.made_archive else "failure",
    }
    if facts.archive is not None:
        result["BORGDESK_ARCHIVE"] = facts.archive
    if facts.statistics is not None:
        result |= {
            "BORGDESK_ORIGINAL_SIZE": str(facts.statistics.original_size),
            "BORGDESK_DEDUPLICATED_SIZE": str(facts.statistics.deduplicated_size),
            "BORGDESK_FILES": str(facts.statistics.files),
        }
    return result


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
