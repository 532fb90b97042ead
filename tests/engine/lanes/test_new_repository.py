"""Adding a repository with scripts and a schedule: what fails after it was added is told, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.errors import StoreUnusable
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes import new_repository
from borgdesk.engine.lanes.new_repository import AddedRepository, NewRepository, add_with_all
from borgdesk.engine.processes.cancel import Cancel
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

    def add(workspace: Workspace, repository: Repository, *_args: Any, **_values: Any) -> Repository:
        return workspace.store.repositories.add(repository)

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


def test_it_is_added_even_if_the_schedule_cannot_be_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def put(*_args: object) -> None:
        raise StoreUnusable("The database is locked.")

    monkeypatch.setattr(Schedules, "put", put)
    result = added(desk, STOP)
    assert desk.workspace.store.repositories.get("New") == result.repository
    assert result.problems == (
        "The schedule was not stored, so backups do not start by themselves yet: The database is locked.",
    )


def test_no_value_of_a_service_is_printed() -> None:
    service = Service(ServiceKind.MARIADB, ("mysql-dump.sh",), {"DB_PASSWORD": "hunter2"})
    assert "hunter2" not in repr(service)
