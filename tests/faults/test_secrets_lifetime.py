"""Lifetime of secrets: kept as long as a run refers to them, however assignment and repository change meanwhile."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner, secret_owner
from tests.cli.lab import BorgDesk, end_with_guardian
from tests.secret_service import in_python, needs_secret_service, secret_service, session_bus

__all__ = ["session_bus"]

HEADER = "[parameters.TOKEN]\nsecret = true"


class Bench:
    """A run that is held in its first script, followed by a script that needs a secret."""

    def __init__(self, folder: Path) -> None:
        self.desk = BorgDesk(folder)
        self.repository: Repository | None = None

    def prepare(self) -> None:
        desk = self.desk
        desk.environment |= desk.play(create={})
        desk.add_pretended_repository("Docs", encryption="none", archive_name="{now}")
        self.seen = desk.folder / "seen"
        desk.add_held_script("hold")
        desk.add_script("login", f'test ! -e "$HOME/sabotage" && echo "$TOKEN" >>{shlex.quote(str(self.seen))}', HEADER)
        desk.ok("assignment", "add", "Docs", "hold", "--hook", "pre-backup")
        added = desk.ok("assignment", "add", "Docs", "login", "--hook", "post-backup", "--secret", "TOKEN", "--json",
                        stdin="armed\n")  # fmt: skip
        self.assignment = str(json.loads(added.out)["id"])

    def die(self, meanwhile: Callable[[], object]) -> None:
        """Begin a run, call *meanwhile*, and kill application and guardian at once."""
        running = self.desk.start("run", "Docs")
        self.desk.wait_for("hold.began")
        meanwhile()
        end_with_guardian(running)

    def kept(self) -> dict[str, dict[str, str]]:
        """Return the content of the secrets file."""
        found: dict[str, dict[str, str]] = json.loads((self.desk.home / "config" / "secrets.json").read_text())
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "desk")
    bench.prepare()
    yield bench
    bench.desk.close()


def from_board(bench: Bench) -> None:
    """Remove a card from the board, and leave the board."""
    workspace = bench.desk.workspace
    lanes = arrangement.read_lanes(workspace, RepositoryId(1)).assignments
    arrangement.arrange(workspace, RepositoryId(1), lanes, [one for one in lanes if one.script == "hold"])
    arrangement.forget_removed(workspace, lanes)


@pytest.mark.parametrize(
    ("what", "left"),
    [
        (lambda bench: bench.desk.ok("assignment", "remove", bench.assignment), {}),
        (from_board, {}),
        (lambda bench: bench.desk.ok("assignment", "edit", bench.assignment, "--clear", "TOKEN"), {}),
        (
            lambda bench: bench.desk.ok("assignment", "edit", bench.assignment, "--secret", "TOKEN", stdin="new\n"),
            {"assignment:2": {"TOKEN": "new"}},
        ),
    ],
    ids=["removed", "taken off the board", "cleared", "changed"],
)
def test_an_owed_script_gets_the_secret_it_was_armed_with(
    bench: Bench, what: Callable[[Bench], object], left: dict[str, dict[str, str]]
) -> None:
    bench.die(lambda: what(bench))
    assert bench.kept()["run:1/assignment:2"] == {"TOKEN": "armed"}
    recovered = bench.desk("recover", "--json")
    assert bench.seen.read_text() == "armed\n", recovered
    assert bench.kept() == left


def test_a_secret_that_became_a_plain_value_meanwhile(bench: Bench) -> None:
    """The script's header changes and the value is set again: pending scripts use the old one."""

    def change() -> None:
        text = bench.desk.workspace.store.scripts.content(ScriptId(2)).decode().replace("# secret = true\n", "")
        bench.desk.ok("script", "edit", "login", "--file", "-", stdin=text)
        bench.desk.ok("assignment", "edit", bench.assignment, "--param", "TOKEN=plain")

    bench.die(change)
    bench.desk("recover")
    assert bench.seen.read_text() == "armed\n"
    assert bench.kept() == {}


def test_secrets_of_a_removed_repository_stay_while_a_script_is_owed(bench: Bench) -> None:
    desk, workspace = bench.desk, bench.desk.workspace
    repository = workspace.store.repositories.get("Docs")
    workspace.store.repositories.update(replace(repository, has_passphrase=True, encryption="repokey"))
    workspace.secrets.set(passphrase_owner(RepositoryId(1)), PASSPHRASE, "armed phrase")
    bench.die(lambda: None)
    (desk.folder / "sabotage").touch()
    desk("recover")
    assert not bench.seen.exists()
    desk.ok("repo", "remove", "Docs")
    assert bench.kept() == {
        "run:1/assignment:2": {"TOKEN": "armed"},
        "run:1/repository:1": {PASSPHRASE: "armed phrase"},
    }
    (desk.folder / "sabotage").unlink()
    desk("recover")
    assert bench.seen.read_text() == "armed\n"
    assert bench.kept() == {}


def test_a_run_that_ends_itself_forgets_what_only_it_needed(bench: Bench) -> None:
    running = bench.desk.start("run", "Docs")
    bench.desk.wait_for("hold.began")
    bench.desk.ok("assignment", "remove", bench.assignment)
    assert "run:1/assignment:2" in bench.kept()
    (bench.desk.folder / "hold.go").touch()
    running.communicate(timeout=60)
    assert bench.seen.read_text() == "armed\n"
    assert bench.kept() == {}


def test_the_next_start_forgets_what_a_killed_removal_left(bench: Bench) -> None:
    """The row is deleted, the value still exists, and the process that removed it is dead."""
    workspace = bench.desk.workspace
    kept = workspace.store.kept_secrets
    kept.keep(None, secret_owner(AssignmentId(2)), ["TOKEN"])
    with workspace.store.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE kept_secrets SET kept_at = '2026-01-01 00:00:00.000000'")
    bench.desk("recover")
    assert bench.kept() == {"assignment:2": {"TOKEN": "armed"}}, "its assignment is still there"
    assert kept.unneeded() == []
    kept.keep(None, secret_owner(AssignmentId(2)), ["TOKEN"])
    workspace.store.assignments.remove(AssignmentId(2))
    bench.desk("recover")
    assert bench.kept() == {"assignment:2": {"TOKEN": "armed"}}, "somebody may undo it yet"
    with workspace.store.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE kept_secrets SET kept_at = '2026-01-01 00:00:00.000000'")
    bench.desk("recover")
    assert bench.kept() == {}


def test_a_run_that_was_planned_with_a_secret_that_went_meanwhile_is_not_armed(bench: Bench) -> None:
    """The removal looked for runs that need the secret, and this one did not exist yet."""
    from borgdesk.domain.errors import RunRefused
    from borgdesk.domain.run import Trigger
    from borgdesk.engine.processes import procfs
    from borgdesk.engine.runs.planning import plan
    from borgdesk.engine.runs.run_folders import now

    workspace = bench.desk.workspace
    repository = workspace.store.repositories.get("Docs")
    queued = workspace.store.runs.queue(repository, Trigger.CLI, procfs.identity(), now())
    planned = plan(workspace, repository)
    bench.desk.ok("assignment", "remove", bench.assignment)
    with pytest.raises(RunRefused, match="“login” was changed while the run was being prepared"):
        workspace.store.runs.arm(queued.id, now(), planned.scripts)
    assert workspace.store.runs.get(queued.id).status == "queued"


ASK = """
import keyring, sys
for owner in sys.argv[2:]:
    print(keyring.get_password(sys.argv[1], owner))
"""


@needs_secret_service
def test_the_same_with_a_keyring(session_bus: dict[str, str], tmp_path: Path) -> None:
    bench = Bench(tmp_path / "desk")
    names = ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    bench.desk.environment |= {"BORGDESK_SECRETS": "keyring"} | {name: session_bus[name] for name in names}

    def kept() -> list[str]:
        service = f"BorgDesk ({bench.desk.home})"
        return in_python(ASK, session_bus, service, "assignment:2/TOKEN", "run:1/assignment:2/TOKEN").split()

    with secret_service(session_bus, unlocked=True):
        bench.prepare()
        assert kept() == ["armed", "None"]
        bench.die(lambda: bench.desk.ok("assignment", "remove", bench.assignment))
        assert kept() == ["None", "armed"]
        bench.desk("recover")
        assert bench.seen.read_text() == "armed\n"
        assert kept() == ["None", "None"]
    bench.desk.close()
