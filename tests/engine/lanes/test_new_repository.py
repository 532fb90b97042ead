"""Adding a repository with scripts and a schedule: all of it or nothing, and what could not be assigned is told.

``tests/faults/test_import_kills.py`` kills it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.errors import SecretsUnavailable, StoreUnusable
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes import new_repository
from borgdesk.engine.lanes.new_repository import AddedRepository, NewRepository, add_with_all
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories import registration
from borgdesk.engine.repositories.registration import Belongings
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.engine.services.service import Service, ServiceKind
from borgdesk.engine.workspace import Workspace
from borgdesk.store.schedules import Schedules
from tests.engine.desk import Desk

STOP = Service(ServiceKind.CONTAINERS, ("docker-stop.sh", "docker-start.sh"), {"CONTAINERS": "app"})
UNNAMED = Service(ServiceKind.MACHINES, ("libvirt-suspend.sh", "libvirt-resume.sh"), {})
SOON = Service(ServiceKind.CONTAINERS, STOP.templates, {"CONTAINERS": "other", "GRACE": "soon"})


def dump(folder: str) -> Service:
    return Service(ServiceKind.MARIADB, ("mysql-dump.sh",), {"OUTPUT_DIR": folder})


@pytest.fixture(autouse=True)
def _opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every repository open."""

    def add(
        workspace: Workspace, repository: Repository, *_args: Any, belongings: Belongings, **_values: Any
    ) -> Repository:
        return registration._register(workspace, repository, None, belongings)

    monkeypatch.setattr(new_repository, "add_repository", add)


def added(desk: Desk, *services: Service, cron: str | None = "30 2 * * *") -> AddedRepository:
    repository = Repository(RepositoryId(0), "New", str(desk.folder / "new"), (str(desk.source),))
    return add_with_all(desk.workspace, NewRepository(repository, cron=cron, services=services), Cancel())


def is_scheduled(desk: Desk, result: AddedRepository) -> bool:
    return desk.workspace.store.schedules.get(result.repository.id) is not None


def test_with_all_scripts_the_schedule_is_switched_on(desk: Desk, tmp_path: Path) -> None:
    result = added(desk, dump(str(tmp_path / "dumps")), STOP)
    assert (result.problems, is_scheduled(desk, result)) == ((), True)
    assert result.repository.sources == (str(desk.source), str(tmp_path / "dumps"))


def test_without_scripts_nothing_is_backed_up_by_itself(desk: Desk) -> None:
    result = added(desk, UNNAMED)
    (problem,) = result.problems
    assert problem.startswith("No scripts were assigned, so backups do not start by themselves yet: ")
    assert "DOMAINS" in problem
    assert not is_scheduled(desk, result)


def test_without_a_schedule_nothing_is_said_of_it(desk: Desk) -> None:
    (problem,) = added(desk, UNNAMED, cron=None).problems
    assert problem.startswith("No scripts were assigned. ")


@pytest.mark.parametrize("bad", [UNNAMED, dump(f"{__file__}/dumps"), SOON])
def test_one_bad_proposal_does_not_discard_the_others(desk: Desk, bad: Service) -> None:
    result = added(desk, bad, STOP)
    (problem,) = result.problems
    assert problem.startswith("Some scripts were not assigned, so backups do not start by themselves yet: ")
    assert not is_scheduled(desk, result)
    assigned = desk.workspace.store.assignments.list(result.repository.id)
    assert [one.script for one in assigned] == ["Docker: stop containers", "Docker: start containers again"]


def test_a_folder_that_could_not_be_made_is_no_source(desk: Desk, tmp_path: Path) -> None:
    good = str(tmp_path / "dumps")
    result = added(desk, dump(f"{__file__}/dumps"), dump(good))
    stored = desk.workspace.store.repositories.get(result.repository.id)
    assert stored.sources == result.repository.sources == (str(desk.source), good)


def nothing_was_added(desk: Desk) -> bool:
    store = desk.workspace.store
    files = list(desk.workspace.paths.library.iterdir())
    return store.repositories.list() == [desk.repository] and store.scripts.list() == [] and files == []


def test_what_cannot_be_stored_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def put(*_args: object) -> None:
        raise StoreUnusable("The database is locked.")

    monkeypatch.setattr(Schedules, "put", put)
    with pytest.raises(StoreUnusable, match="locked"):
        added(desk, STOP)
    assert nothing_was_added(desk)


def test_a_secret_that_cannot_be_kept_leaves_nothing_behind(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*_args: object) -> None:
        raise SecretsUnavailable("The keyring is locked.")

    monkeypatch.setattr(desk.workspace.secrets, "set", keep)
    secret = replace(dump(str(tmp_path)), values={"OUTPUT_DIR": str(tmp_path), "DB_PASSWORD": "hunter2"})
    with pytest.raises(SecretsUnavailable):
        added(desk, STOP, secret)
    assert nothing_was_added(desk)


def test_secret_values_are_kept_as_secrets(desk: Desk, tmp_path: Path) -> None:
    secret = replace(dump(str(tmp_path)), values={"OUTPUT_DIR": str(tmp_path), "DB_PASSWORD": "hunter2"})
    (one,) = desk.workspace.store.assignments.list(added(desk, secret).repository.id)
    assert (dict(one.parameters), one.secrets) == ({"OUTPUT_DIR": str(tmp_path)}, frozenset({"DB_PASSWORD"}))
    assert desk.workspace.secrets.get(secret_owner(one.id), "DB_PASSWORD") == "hunter2"


def test_scripts_are_assigned_in_mirrored_order(desk: Desk, tmp_path: Path) -> None:
    dumps = tmp_path / "dumps/postgresql"
    result = added(
        desk,
        Service(ServiceKind.POSTGRESQL, ("postgresql-dump.sh",), {"OUTPUT_DIR": str(dumps)}),
        Service(ServiceKind.NEXTCLOUD, ("nextcloud-maintenance-on.sh", "nextcloud-maintenance-off.sh"), {}),
        Service(ServiceKind.CONTAINERS, ("docker-stop.sh", "docker-start.sh"), {"CONTAINERS": "a b"}),
    )
    made = desk.workspace.store.assignments.list(result.repository.id)
    assert [(one.hook, one.script) for one in made] == [
        (Hook.PRE_BACKUP, "PostgreSQL: dump databases"),
        (Hook.PRE_BACKUP, "Nextcloud: maintenance mode on"),
        (Hook.PRE_BACKUP, "Docker: stop containers"),
        (Hook.POST_BACKUP, "Docker: start containers again"),
        (Hook.POST_BACKUP, "Nextcloud: maintenance mode off"),
    ]
    assert [dict(one.parameters) for one in made][2:4] == [{"CONTAINERS": "a b"}, {}]
    assert dumps.stat().st_mode & 0o777 == 0o700


def test_services_of_one_kind_share_their_scripts(desk: Desk) -> None:
    other = replace(STOP, values={"CONTAINERS": "other"})
    for _time in range(2):
        added(desk, STOP, other)
        assert len(desk.workspace.store.scripts.list()) == 2
        desk.workspace.store.repositories.remove(desk.workspace.store.repositories.get("New").id)


def test_no_value_of_a_service_is_printed() -> None:
    service = Service(ServiceKind.MARIADB, ("mysql-dump.sh",), {"DB_PASSWORD": "hunter2"})
    assert "hunter2" not in repr(service)
