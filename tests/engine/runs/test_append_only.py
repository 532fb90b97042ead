"""Append-only repositories: detected by what Borg does not say, said, and no longer compacted by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.authorized_keys import authorized_line
from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import BorgStep, RunStatus, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.maintenance import Compact
from tests.engine.desk import Desk
from tests.engine.ssh_server import Server, through
from tests.real_borg import PROGRAM

SAID = "No space was freed, because the repository is append-only"


@pytest.fixture
def far(tmp_path: Path, server: Server) -> Iterator[Desk]:
    """Provide a repository on a server, whose old archives are pruned."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    through(desk, server.options())
    wanted = Repository(RepositoryId(0), "Far", server.location(), (str(desk.source),), retention=Retention(last=1))
    desk.repository = add_repository(desk.workspace, wanted, None, Encryption.NONE)
    yield desk
    desk.close()


def allow(server: Server, *, append_only: bool) -> None:
    public = (server.folder / "id.pub").read_text().strip()
    server.allow_line(authorized_line(public, server.location(), append_only=append_only))


def is_append_only(desk: Desk) -> bool:
    return desk.workspace.store.repositories.get(desk.repository.id).append_only


def steps(desk: Desk) -> tuple[list[BorgStep], str, RunStatus]:
    """Back up; return the calls of Borg, the note and the status of the run."""
    desk.repository = desk.workspace.store.repositories.get(desk.repository.id)
    run = desk.run()
    return [call.step for call in run.borg], run.note or "", run.status


def test_a_server_that_keeps_everything(far: Desk, server: Server) -> None:
    assert steps(far)[1:] == ("", RunStatus.SUCCESS)
    assert not is_append_only(far)
    allow(server, append_only=True)
    calls, note, status = steps(far)
    assert (calls[-1], status) == (BorgStep.COMPACT, RunStatus.SUCCESS)
    assert note.startswith(SAID)
    assert is_append_only(far)

    calls, note, status = steps(far)
    assert (calls[-1], status) == (BorgStep.PRUNE, RunStatus.SUCCESS)
    assert note.startswith(SAID)

    # Who compacts by hand finds out whether it still is.
    repository = far.workspace.store.repositories.get(far.repository.id)
    compacted = recipe.run(far.workspace, repository, Compact(), Trigger.USER, lambda _: None, Cancel())
    assert (compacted.report["freed"], (compacted.note or "").startswith(SAID)) == (None, True)
    allow(server, append_only=False)
    compacted = recipe.run(far.workspace, repository, Compact(), Trigger.USER, lambda _: None, Cancel())
    assert compacted.report["freed"] > 0
    assert not is_append_only(far)


def test_a_repository_that_is_append_only_by_itself(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    wanted = Repository(
        RepositoryId(0), "Near", str(tmp_path / "near"), (str(desk.source),), retention=Retention(last=1)
    )
    desk.repository = add_repository(desk.workspace, wanted, None, Encryption.NONE)
    config = tmp_path / "near" / "config"
    config.write_text(config.read_text().replace("append_only = 0", "append_only = 1"))
    assert steps(desk)[1].startswith(SAID)
    assert is_append_only(desk)
    desk.close()


def test_what_the_user_says_counts(far: Desk) -> None:
    repository = far.workspace.store.repositories.update(replace(far.repository, append_only=True))
    assert repository.append_only
    assert BorgStep.COMPACT not in steps(far)[0]
