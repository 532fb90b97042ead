"""The environment variables of scripts: those that a run sets, and those of BorgDesk and Borg that are removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from borgdesk.domain.decisions import compared, status_so_far
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.run import Hook, Outcome, Trigger
from borgdesk.translation import N_, _

DESCRIPTIONS: dict[str, str] = {
    "BORGDESK_RUN_ID": N_("ID of the run in the history."),
    "BORGDESK_EXECUTION_ID": N_("ID of this execution in the history."),
    "BORGDESK_HOOK": N_("The lane: pre-backup, post-backup, post-run, pre-restore, post-restore or test."),
    "BORGDESK_TRIGGER": N_("What started the run: user, schedule, cli, window or recovery."),
    "BORGDESK_OUTCOME": N_(
        "After the backup or restore: success, warning, failure, cancelled, interrupted or skipped."
    ),
    "BORGDESK_STATUS": N_(
        "For reports: the outcome, but warning instead of success if something after the backup failed."
    ),
    "BORGDESK_BORG_EXIT_CODE": N_("Exit code of Borg; empty if Borg did not run."),
    "BORGDESK_ARCHIVE": N_(
        "Name of the new archive, unset if none was created; in a restore, the archive that is restored from."
    ),
    "BORGDESK_ORIGINAL_SIZE": N_("Total size of the files in the archive, in bytes."),
    "BORGDESK_DEDUPLICATED_SIZE": N_("Size of the new data in the archive, in bytes."),
    "BORGDESK_FILES": N_("Number of files in the archive."),
    "BORGDESK_ERROR": N_("What went wrong, in one line."),
    "BORGDESK_LOG_FILE": N_("Path of the run's log."),
    "BORGDESK_STATE_DIR": N_("Private folder of this run, where scripts can leave notes for later ones."),
    "BORGDESK_LIBRARY_DIR": N_("Path of the script library."),
    "REPOSITORY_ID": N_("ID of the repository."),
    "REPOSITORY_NAME": N_("Name of the repository."),
    "REPOSITORY_PATH": N_("Location of the repository, as Borg takes it."),
    "BACKUP_DATE": N_("Start time of the run, ISO 8601 with offset."),
    "BORG_UI_HOOK_TYPE": N_("For scripts written for borg-ui: the lane."),
    "BORG_UI_BACKUP_STATUS": N_("For scripts written for borg-ui: success, warning or failure, as conditions see it."),
    "BORG_UI_REPOSITORY_ID": N_("For scripts written for borg-ui: ID of the repository."),
    "BORG_UI_REPOSITORY_NAME": N_("For scripts written for borg-ui: name of the repository."),
    "BORG_UI_REPOSITORY_PATH": N_("For scripts written for borg-ui: location of the repository."),
    "BORG_UI_JOB_ID": N_("For scripts written for borg-ui: ID of the run."),
}
"""Every variable available to scripts, in the order used by help and completion; see :func:`descriptions`."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The facts from which a script's variables are made."""

    run_id: RunId | None
    execution_id: ExecutionId
    hook: Hook
    trigger: Trigger
    began_at: datetime
    """Aware."""
    log_file: str
    state_dir: str
    library_dir: str
    repository_id: RepositoryId | None = None
    repository_name: str = ""
    repository_path: str = ""
    outcome: Outcome | None = None
    tainted: bool = False
    """Whether something after the backup has failed so far."""
    borg_exit_code: int | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    error: str | None = None


def descriptions() -> dict[str, str]:
    """Return the translated description of every variable, by name."""
    return {name: _(description) for name, description in DESCRIPTIONS.items()}


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment without the variables of Borg and BorgDesk, some of which are secrets."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("BORG_", "BORGDESK_", "BORG_UI_", "REPOSITORY_"))
    }


def variables(facts: RunFacts) -> dict[str, str]:
    """Return the documented variables for one script."""
    result = {
        "BORGDESK_RUN_ID": _text(facts.run_id),
        "BORGDESK_EXECUTION_ID": str(facts.execution_id),
        "BORGDESK_HOOK": facts.hook.value,
        "BORGDESK_TRIGGER": facts.trigger.value,
        "BORGDESK_ERROR": _passable(" ".join((facts.error or "").split())),
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
    if facts.archive is not None:
        result["BORGDESK_ARCHIVE"] = _passable(facts.archive)
    if facts.outcome is not None:
        result |= _after_backup(facts, facts.outcome)
    return result


def _after_backup(facts: RunFacts, outcome: Outcome) -> dict[str, str]:
    seen = compared(facts.hook, outcome, tainted=facts.tainted)
    result = {
        "BORGDESK_OUTCOME": outcome.value,
        "BORGDESK_STATUS": status_so_far(outcome, tainted=facts.tainted).value,
        "BORGDESK_BORG_EXIT_CODE": _text(facts.borg_exit_code),
        "BORG_UI_BACKUP_STATUS": seen.value if seen.made_archive else "failure",
    }
    if facts.statistics is not None:
        result |= {
            "BORGDESK_ORIGINAL_SIZE": str(facts.statistics.original_size),
            "BORGDESK_DEDUPLICATED_SIZE": str(facts.statistics.deduplicated_size),
            "BORGDESK_FILES": str(facts.statistics.files),
        }
    return result


_LONGEST = 4000
"""Characters of a variable whose text comes from Borg or an error. Linux allows 128 KiB."""

_IMPASSABLE = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""NUL and unpaired surrogates, which no variable can contain. Undecodable bytes of file names are passed on."""


def _passable(text: str) -> str:
    """Make *text* valid for a variable: owed scripts must start whatever other programs have put into messages."""
    return _IMPASSABLE.sub("?", text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
