"""Backups with real Borg: variables of scripts after success, warning and failure, and the resulting archives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.events import BorgProgressed, OutputPrinted
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Outcome, RunStatus
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs.run_folders import log_in, notes_in, run_folder
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from tests.engine.desk import LAST, POST, PRE, Desk, sentence, statuses
from tests.real_borg import PROGRAM, needs_borg

PHRASE = "correct horse battery"

pytestmark = needs_borg


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an empty encrypted repository to copy: creating one takes Borg a second."""
    folder = tmp_path_factory.mktemp("prepared")
    subprocess.run(
        [str(PROGRAM), "init", "--encryption=repokey-blake2", str(folder / "papers")],
        env={"PATH": os.environ["PATH"], "BORG_BASE_DIR": str(folder), "BORG_PASSPHRASE": PHRASE},
        capture_output=True,
        check=True,
    )
    return folder / "papers"


@pytest.fixture
def real(tmp_path: Path, prepared: Path) -> Iterator[Desk]:
    """Provide a desk with a real, encrypted repository."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    shutil.copytree(prepared, desk.file("papers"))
    desk.repository = desk.add_repository(
        "Papers", encryption="repokey-blake2", has_passphrase=True, archive_name="papers-{now:%Y-%m-%dT%H:%M:%S.%f}"
    )
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, PHRASE)
    yield desk
    desk.close()


def archives(desk: Desk) -> list[str]:
    done = subprocess.run(
        [desk.program, "list", "--json", desk.repository.location],
        env={**desk.environment, "BORG_PASSPHRASE": PHRASE},
        capture_output=True,
        check=True,
    )
    return [archive["name"] for archive in json.loads(done.stdout)["archives"]]


def ours(variables: dict[str, str]) -> dict[str, str]:
    """Return the documented variables."""
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(("BORGDESK_", "BORG_", "REPOSITORY_", "BACKUP_"))
    }


def test_a_success_and_what_scripts_see_of_it(real: Desk) -> None:
    for name, hook in (("pre", PRE), ("post", POST), ("last", LAST)):
        real.add(name, hook, real.dump(name))
    run = real.run()
    assert (run.outcome, run.status, run.borg_exit_code) == (Outcome.SUCCESS, RunStatus.SUCCESS, 0)
    assert archives(real) == [run.archive]
    statistics = run.statistics
    assert statistics is not None
    assert statistics.files == 1
    assert statistics.original_size > 0
    folder = run_folder(real.workspace, run.id)
    before, after, last = (ours(real.variables(name)) for name in ("pre", "post", "last"))
    ids = {one.planned.name: str(one.id) for one in run.executions}
    date = before["BACKUP_DATE"]
    moment = datetime.fromisoformat(date)
    assert moment.utcoffset() is not None
    assert run.started_at is not None
    assert moment == run.started_at.replace(microsecond=0)
    common = {
        "BORGDESK_RUN_ID": str(run.id),
        "BORGDESK_TRIGGER": "user",
        "BORGDESK_ERROR": "",
        "BORGDESK_LOG_FILE": str(log_in(folder)),
        "BORGDESK_STATE_DIR": str(notes_in(folder)),
        "BORGDESK_LIBRARY_DIR": str(real.workspace.paths.library),
        "REPOSITORY_ID": str(real.repository.id),
        "REPOSITORY_NAME": "Papers",
        "REPOSITORY_PATH": real.repository.location,
        "BACKUP_DATE": date,
        "BORG_UI_REPOSITORY_ID": str(real.repository.id),
        "BORG_UI_REPOSITORY_NAME": "Papers",
        "BORG_UI_REPOSITORY_PATH": real.repository.location,
        "BORG_UI_JOB_ID": str(run.id),
        "BORGDESK_RUN_TOKEN": str(run.token),
    }
    settled = common | {
        "BORGDESK_OUTCOME": "success",
        "BORGDESK_STATUS": "success",
        "BORGDESK_BORG_EXIT_CODE": "0",
        "BORGDESK_ARCHIVE": str(run.archive),
        "BORGDESK_ORIGINAL_SIZE": str(statistics.original_size),
        "BORGDESK_DEDUPLICATED_SIZE": str(statistics.deduplicated_size),
        "BORGDESK_FILES": "1",
        "BORG_UI_BACKUP_STATUS": "success",
    }

    def of(hook: str, name: str) -> dict[str, str]:
        return {"BORGDESK_HOOK": hook, "BORG_UI_HOOK_TYPE": hook, "BORGDESK_EXECUTION_ID": ids[name]}

    assert before == common | of("pre-backup", "pre")
    assert after == settled | of("post-backup", "post")
    assert last == settled | of("post-run", "last")
    assert PHRASE not in real.log(run)


@pytest.fixture
def unreadable(real: Desk) -> Iterator[Path]:
    """Provide a file that even root cannot read: it disappears while Borg runs, or reading it is not permitted."""
    path = real.source / "unreadable"
    path.write_text("x")
    path.chmod(0)
    yield path
    path.chmod(0o600)


@pytest.fixture
def as_nobody(real: Desk) -> Callable[[], None]:
    """Let Borg run as a user who may not read everything, unlike root."""

    def change() -> None:
        wrapper = real.file("borg-wrapper")
        program = real.program
        wrapper.write_text(
            "#!/bin/bash\n"
            'if [ "$1" = create ]; then exec setpriv --bounding-set -dac_override,-dac_read_search '
            f'--inh-caps -dac_override,-dac_read_search -- {program} "$@"; fi\n'
            f'exec {program} "$@"\n'
        )
        wrapper.chmod(0o700)
        real.environment["BORGDESK_BORG"] = str(wrapper)
        real.workspace = type(real.workspace).open(real.environment)

    return change


def test_a_warning(real: Desk, unreadable: Path, as_nobody: Callable[[], None]) -> None:
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("without setpriv, root reads everything")
        as_nobody()
    real.add("post", POST, real.dump("post"), run_on="warning")
    real.add("not this", POST, run_on="success,failure")
    run = real.run()
    assert (run.outcome, run.status) == (Outcome.WARNING, RunStatus.WARNING)
    assert run.borg_exit_code == 1 or 100 <= (run.borg_exit_code or 0) <= 127
    assert archives(real) == [run.archive]
    assert statuses(run) == {"post": "success", "not this": "skipped"}
    seen = real.variables("post")
    assert (seen["BORGDESK_OUTCOME"], seen["BORG_UI_BACKUP_STATUS"]) == ("warning", "warning")
    assert seen["BORGDESK_ARCHIVE"] == run.archive
    assert seen["BORGDESK_ERROR"] == run.error
    assert str(unreadable).lstrip("/") in real.log(run)


def test_a_wrong_passphrase(real: Desk) -> None:
    real.workspace.secrets.set(passphrase_owner(real.repository.id), PASSPHRASE, "another phrase")
    real.add("stop", PRE)
    real.add("start", POST, real.dump("start"), run_on="failure")
    run = real.run()
    assert (run.outcome, run.archive) == (Outcome.FAILURE, None)
    assert run.borg_exit_code is None, "it was found before anything was stopped"
    assert "passphrase" in (run.error or "").lower()
    assert statuses(run) == {"stop": "skipped", "start": "success"}
    seen = real.variables("start")
    assert seen["BORGDESK_BORG_EXIT_CODE"] == ""
    assert seen["BORGDESK_ERROR"] == run.error
    assert not {"BORGDESK_ARCHIVE", "BORGDESK_FILES"} & seen.keys()
    assert sentence(real) == f"Backup of Papers failed. {run.error} “start” ran afterwards."


def test_a_repository_that_is_gone(real: Desk) -> None:
    shutil.rmtree(real.repository.location)
    real.add("start", POST, run_on="failure")
    run = real.run()
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, {"start": "success"})
    assert run.error == (
        f"The repository is no longer at {real.repository.location}: its disk may have been unplugged or unmounted."
    )


def test_retention(real: Desk) -> None:
    real.change(retention=Retention(last=2))
    kept = []
    for number in range(3):
        (real.source / f"file{number}").write_text(str(number))
        run = real.run()
        assert run.status is RunStatus.SUCCESS, real.log(run)
        kept.append(run.archive)
    assert archives(real) == kept[1:], real.log(run)
    assert "== retention" in real.log(run)


def test_retention_leaves_other_series_alone(real: Desk) -> None:
    names = {}
    for series in ("papers", "other"):
        real.change(archive_name=series + "-{now:%Y-%m-%dT%H:%M:%S.%f}", retention=Retention(last=1))
        names[series] = [real.run().archive, real.run().archive]
    assert sorted(archives(real)) == sorted([names["papers"][1] or "", names["other"][1] or ""])


def test_a_passcommand(real: Desk) -> None:
    real.change(has_passphrase=False, passcommand=f"echo {PHRASE}")
    assert real.run().status is RunStatus.SUCCESS


def test_an_unencrypted_repository_asks_nobody(real: Desk) -> None:
    wanted = Repository(RepositoryId(0), "Plain", str(real.file("plain")), (str(real.source),))
    plain = add_repository(real.workspace, wanted, None, Encryption.NONE)
    assert real.run(repository=plain).status is RunStatus.SUCCESS


def test_excludes_and_other_options_reach_borg(real: Desk) -> None:
    (real.source / "cache").mkdir()
    (real.source / "cache" / "junk").write_text("junk")
    real.change(excludes=(f"{real.source}/cache",), compression="zstd,3", exclude_caches=True, one_file_system=True)
    run = real.run()
    assert run.statistics is not None
    assert run.statistics.files == 1


def test_progress_is_told(real: Desk) -> None:
    for number in range(50):
        (real.source / f"file{number}").write_bytes(os.urandom(20_000))
    run = real.run()
    progress = real.told(BorgProgressed)
    assert {event.run_id for event in progress} == {run.id}
    assert all(event.execution_id is None for event in real.told(OutputPrinted))


def test_a_location_that_moved_is_refused_by_borg(real: Desk, tmp_path: Path) -> None:
    """Borg asks whether the relocated repository may be used; nobody answers, which is a failure."""
    real.run()
    target = tmp_path / "moved"
    Path(real.repository.location).rename(target)
    real.repository = real.workspace.store.repositories.update(replace(real.repository, location=str(target)))
    run = real.run()
    assert run.outcome is Outcome.FAILURE
    assert run.error
