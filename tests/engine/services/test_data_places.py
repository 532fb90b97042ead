"""Whether data are backed up does not depend on the path by which they are reached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.engine.processes import mount_table
from borgdesk.engine.services.data_places import Place, propose
from borgdesk.engine.services.service import Service, ServiceKind

SHOWN = """
import sys
from borgdesk.engine.services.data_places import propose
from borgdesk.engine.services.service import Service, ServiceKind
(one,) = propose([Service(ServiceKind.COMPOSE, (), {}, "x", ("a",), data={"a": (sys.argv[1],)})], sys.argv[2:])
print(one.place)
"""


def service(*folders: Path | str, kind: ServiceKind = ServiceKind.COMPOSE, proposed: bool = True) -> Service:
    data = {str(number): (str(folder),) for number, folder in enumerate(folders)}
    values = {"CONTAINERS": " ".join(data)}
    return Service(kind, (), values, "", tuple(data), "CONTAINERS", is_proposed=proposed, data=data)


def place(data: Path, *sources: Path) -> Place | None:
    (found,) = propose([service(data)], [*map(str, sources)])
    return found.place


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "var" / "home" / "anna"
    for name in ("data", "other"):
        (folder / name).mkdir(parents=True)
    (tmp_path / "srv").mkdir()
    return folder


def test_a_folder_is_below_another(home: Path, tmp_path: Path) -> None:
    assert place(home / "data", home) is Place.INSIDE
    assert place(home, home / "data") is Place.INSIDE, "some of it is backed up"
    assert place(home / "data", home / "other") is Place.OUTSIDE
    assert place(home / "data", tmp_path / "srv", home / "data") is Place.INSIDE


def test_a_link_leads_to_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("var/home")
    assert place(tmp_path / "home" / "anna" / "data", home) is Place.INSIDE
    assert place(home / "data", tmp_path / "home" / "anna") is Place.INSIDE
    assert place(tmp_path / "home" / "anna" / "data", home / "other") is Place.OUTSIDE


def test_what_cannot_be_looked_at_is_not_known(home: Path, tmp_path: Path) -> None:
    assert place(tmp_path / "gone", home) is Place.UNKNOWN
    assert place(home / "data", tmp_path / "not mounted yet") is Place.UNKNOWN
    assert place(home / "gone", home) is Place.INSIDE


@pytest.mark.parametrize(
    ("mount", "data", "source", "expected"),
    [
        ("var/home:home", "home/anna/data", "var/home/anna", "inside"),
        ("var/home:home", "var/home/anna/data", "home/anna", "inside"),
        ("var/home:home", "var/home/anna/data", "home/anna/other", "outside"),
        ("var/home/anna/data:srv", "srv", "var/home/anna", "inside"),
        ("var/home/anna/data:srv", "srv", "var/home/anna/other", "outside"),
        ("srv:var/home/anna/data", "srv", "var/home/anna", "inside"),
        ("srv:var/home/anna/data", "srv", "var/home/anna/other", "outside"),
    ],
)
def test_it_is_mounted_a_second_time(
    home: Path, tmp_path: Path, mount: str, data: str, source: str, expected: str
) -> None:
    (tmp_path / "home").mkdir()
    what, where = (str(tmp_path / part) for part in mount.split(":"))
    command = 'mount --bind "$1" "$2" || exit 77; shift 2; exec "$@"'
    done = subprocess.run(
        ["unshare", "-Urm", "bash", "-c", command, "bash", what, where,
         sys.executable, "-c", SHOWN, str(tmp_path / data), str(tmp_path / source)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert (done.returncode, done.stdout.strip()) == (0, expected), done.stderr


def test_without_the_table_of_mounts_nothing_is_known(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mount_table, "TABLE", tmp_path / "none")
    assert place(home / "data", home / "other") is Place.UNKNOWN


def test_only_containers_that_are_backed_up_are_proposed(home: Path, tmp_path: Path) -> None:
    inside, outside, unknown = home / "data", tmp_path / "srv", tmp_path / "gone"
    (some, none, all_of_it) = propose(
        [
            service(inside, outside, unknown, kind=ServiceKind.CONTAINERS),
            service(outside, kind=ServiceKind.CONTAINERS),
            service(inside, outside),
        ],
        [str(home)],
    )
    assert (some.is_on, some.left_out, some.service.values) == (True, ("1",), {"CONTAINERS": "0 2"})
    assert (none.is_on, none.place, none.service.values) == (False, Place.OUTSIDE, {"CONTAINERS": "0"})
    # The parts of a project belong together.
    assert (all_of_it.is_on, all_of_it.left_out, all_of_it.service.chosen()) == (True, (), ("0", "1"))


def test_what_is_not_known_or_not_proposed_stays_as_it_was(home: Path) -> None:
    unknown = Service(ServiceKind.MACHINES, (), {}, is_proposed=False)
    (first, second) = propose([unknown, service(home, proposed=False)], [str(home)])
    assert (first.is_on, first.place) == (False, None)
    assert (second.is_on, second.place) == (False, Place.INSIDE)
