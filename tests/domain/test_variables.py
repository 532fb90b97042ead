"""Exact environment variables of a script in each lane and after each outcome."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.run import Hook, Outcome, Trigger
from borgdesk.domain.variables import DESCRIPTIONS, RunFacts, inherited, variables

FACTS = RunFacts(
    run_id=RunId(7),
    execution_id=ExecutionId(21),
    hook=Hook.PRE_BACKUP,
    trigger=Trigger.SCHEDULE,
    began_at=datetime(2026, 3, 1, 2, 30, 15, 999, tzinfo=timezone(timedelta(hours=1))),
    log_file="/state/7/run.log",
    state_dir="/state/7/state",
    library_dir="/data/scripts",
    repository_id=RepositoryId(3),
    repository_name="Docs",
    repository_path="/backup/docs",
)
BASE = {
    "BORGDESK_RUN_ID": "7",
    "BORGDESK_EXECUTION_ID": "21",
    "BORGDESK_TRIGGER": "schedule",
    "BORGDESK_ERROR": "",
    "BORGDESK_LOG_FILE": "/state/7/run.log",
    "BORGDESK_STATE_DIR": "/state/7/state",
    "BORGDESK_LIBRARY_DIR": "/data/scripts",
    "REPOSITORY_ID": "3",
    "REPOSITORY_NAME": "Docs",
    "REPOSITORY_PATH": "/backup/docs",
    "BACKUP_DATE": "2026-03-01T02:30:15+01:00",
    "BORG_UI_REPOSITORY_ID": "3",
    "BORG_UI_REPOSITORY_NAME": "Docs",
    "BORG_UI_REPOSITORY_PATH": "/backup/docs",
    "BORG_UI_JOB_ID": "7",
}


def hook_variables(hook: str) -> dict[str, str]:
    return {"BORGDESK_HOOK": hook, "BORG_UI_HOOK_TYPE": hook}


def test_before_the_backup() -> None:
    assert variables(FACTS) == BASE | hook_variables("pre-backup")


@pytest.mark.parametrize("hook", [Hook.POST_BACKUP, Hook.POST_RUN])
@pytest.mark.parametrize(
    ("outcome", "for_borg_ui"),
    [
        (Outcome.SUCCESS, "success"),
        (Outcome.WARNING, "warning"),
        (Outcome.FAILURE, "failure"),
        (Outcome.CANCELLED, "failure"),
        (Outcome.INTERRUPTED, "failure"),
        (Outcome.SKIPPED, "failure"),
    ],
)
def test_after_borg_did_not_run(hook: Hook, outcome: Outcome, for_borg_ui: str) -> None:
    assert variables(replace(FACTS, hook=hook, outcome=outcome)) == BASE | hook_variables(hook.value) | {
        "BORGDESK_OUTCOME": outcome.value,
        "BORGDESK_STATUS": outcome.value,
        "BORGDESK_BORG_EXIT_CODE": "",
        "BORG_UI_BACKUP_STATUS": for_borg_ui,
    }


def test_after_an_archive_was_made() -> None:
    facts = replace(
        FACTS,
        hook=Hook.POST_BACKUP,
        outcome=Outcome.WARNING,
        borg_exit_code=107,
        archive="host-docs-2026",
        statistics=ArchiveStatistics(original_size=1000, deduplicated_size=10, files=3),
        error="Something\n  was\tnot there.\n",
    )
    assert variables(facts) == BASE | hook_variables("post-backup") | {
        "BORGDESK_OUTCOME": "warning",
        "BORGDESK_STATUS": "warning",
        "BORG_UI_BACKUP_STATUS": "warning",
        "BORGDESK_BORG_EXIT_CODE": "107",
        "BORGDESK_ARCHIVE": "host-docs-2026",
        "BORGDESK_ORIGINAL_SIZE": "1000",
        "BORGDESK_DEDUPLICATED_SIZE": "10",
        "BORGDESK_FILES": "3",
        "BORGDESK_ERROR": "Something was not there.",
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_after_something_failed_after_the_backup(outcome: Outcome) -> None:
    """For borg-ui this is the status that conditions are compared with; it has no lane at the end."""
    facts = replace(FACTS, outcome=outcome, tainted=True)
    status = Outcome.WARNING if outcome is Outcome.SUCCESS else outcome
    early, late = (variables(replace(facts, hook=hook)) for hook in (Hook.POST_BACKUP, Hook.POST_RUN))
    for seen in (early, late):
        assert (seen["BORGDESK_OUTCOME"], seen["BORGDESK_STATUS"]) == (outcome.value, status.value)
    assert early["BORG_UI_BACKUP_STATUS"] == (outcome.value if outcome.made_archive else "failure")
    assert late["BORG_UI_BACKUP_STATUS"] == (status.value if status.made_archive else "failure")


def test_a_test_without_a_repository() -> None:
    facts = replace(FACTS, run_id=None, hook=Hook.TEST, repository_id=None, repository_name="", repository_path="")
    seen = variables(facts)
    about_a_run = ("RUN_ID", "JOB_ID", "REPOSITORY")
    assert {name: value for name, value in seen.items() if any(word in name for word in about_a_run)} == {
        "BORGDESK_RUN_ID": "",
        "BORG_UI_JOB_ID": "",
        "REPOSITORY_ID": "",
        "REPOSITORY_NAME": "",
        "REPOSITORY_PATH": "",
        "BORG_UI_REPOSITORY_ID": "",
        "BORG_UI_REPOSITORY_NAME": "",
        "BORG_UI_REPOSITORY_PATH": "",
    }
    assert seen["BORGDESK_HOOK"] == "test"


def test_every_variable_has_its_description() -> None:
    statistics = ArchiveStatistics(1, 1, 1)
    everything = variables(replace(FACTS, outcome=Outcome.SUCCESS, archive="a", statistics=statistics))
    assert set(everything) == set(DESCRIPTIONS)


def test_what_is_inherited() -> None:
    user = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "LANG": "de_DE.UTF-8",
        "DISPLAY": ":0",
        "BORG_PASSPHRASE": "secret",
        "BORG_REPO": "/elsewhere",
        "BORG_UI_JOB_ID": "1",
        "BORGDESK_HOME": "/trial",
        "REPOSITORY_NAME": "other",
        "BORGBACKUP": "mine",
    }
    assert inherited(user) == {
        "PATH": "/bin",
        "HOME": "/home/me",
        "LANG": "de_DE.UTF-8",
        "DISPLAY": ":0",
        "BORGBACKUP": "mine",
    }


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("cut\0off", "cut?off"),
        ("half \ud83d of a character", "half ? of a character"),
        ("a name \udcff that is no text", "a name \udcff that is no text"),
        ("y" * 4000, "y" * 4000),
        ("y" * 4001, "y" * 3999 + "…"),
        ("y" * 300_000, "y" * 3999 + "…"),
        ("from \ud800 to \udc7f, \udd00 and \udfff", "from ? to ?, ? and ?"),
        ("bytes \udc80 to \udcff", "bytes \udc80 to \udcff"),
    ],
)
def test_what_borg_says_can_always_be_passed(said: str, passed: str) -> None:
    """Pending scripts are started with it: see the tests of faults."""
    seen = variables(replace(FACTS, outcome=Outcome.FAILURE, error=said, archive=said))
    assert (seen["BORGDESK_ERROR"], seen["BORGDESK_ARCHIVE"]) == (passed, passed)
    os.fsencode(passed)


def test_a_run_without_words_has_an_empty_error() -> None:
    assert variables(FACTS)["BORGDESK_ERROR"] == ""
    assert "BORGDESK_ARCHIVE" not in variables(replace(FACTS, outcome=Outcome.FAILURE))
    assert not FACTS.tainted
