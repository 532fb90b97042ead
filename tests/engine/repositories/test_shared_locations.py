"""Several set-ups, programs and machines in one Borg repository, with real Borg: each deletes only its own archives."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.borg.series import Identity
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import RunStatus
from borgdesk.engine.processes import file_probes
from borgdesk.engine.repositories import shared_locations
from borgdesk.engine.repositories.form_checks import check_form
from borgdesk.engine.repositories.registration import add_repository, edit_repository
from borgdesk.engine.repositories.shared_locations import borg_id_at, same_repository, turn_of
from borgdesk.engine.workspace import Workspace
from tests.dead_disk import dead_disk
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM, needs_borg

HOST = socket.gethostname().partition(".")[0]
PRECISE = "{now:%Y-%m-%dT%H:%M:%S.%f}"

pytestmark = needs_borg

FAKE_SSH = """#!/bin/bash
while [[ $1 == -* ]]; do case $1 in -o | -p) shift 2 ;; *) shift ;; esac; done
shift
exec "$@"
"""
"""Connects to this machine, whatever the host is called."""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    """Provide a desk without a repository, whose ssh needs no other machine."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    desk.workspace.store.repositories.remove(desk.repository.id)
    ssh = desk.file("bin") / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(FAKE_SSH)
    ssh.chmod(0o755)
    here = Path(str(PROGRAM)).parent
    desk.environment["PATH"] = f"{ssh.parent}:{here}:{desk.environment['PATH']}"
    desk.close()
    desk.workspace = Workspace.open(desk.environment)
    yield desk
    desk.close()


def wanted(desk: Desk, name: str = "Papers", **values: Any) -> Repository:
    given = {"location": str(desk.file("papers")), "sources": (str(desk.source),), "archive_name": f"pc-{PRECISE}"}
    return Repository(RepositoryId(0), name, **{**given, **values})


def borg(desk: Desk, *arguments: str, **environment: str) -> str:
    """Run Borg as another user who does not use BorgDesk."""
    allowed = {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}
    done = subprocess.run(
        [str(PROGRAM), *arguments],
        env=desk.environment | allowed | environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=desk.folder,
    )
    return done.stdout


def names(desk: Desk) -> set[str]:
    listed = borg(desk, "list", "--json", "--consider-checkpoints", str(desk.file("papers")))
    return {archive["name"] for archive in json.loads(listed)["archives"]}


def by_hand(desk: Desk, name: str, *options: str) -> str:
    borg(desk, "create", *options, f"{desk.file('papers')}::{name}", str(desk.source))
    return name


def test_what_others_made_stays_and_ours_is_pruned_all_the_same(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real, retention=Retention(last=1)), None, Encryption.NONE)
    first = real.run().archive
    foreign = {
        by_hand(real, "pc-2026-01-02T03:04:05.000001"),
        by_hand(real, "pc-2020-01-02T03:04:05.000001", "--timestamp=2020-01-02T03:04:05"),
        by_hand(real, "pc-2099-01-02T03:04:05.000001", "--timestamp=2037-01-02T03:04:05"),
        by_hand(real, "pc-photos"),
    }
    assert real.workspace.store.runs.list()[0].note is None
    second = real.run()
    assert second.status is RunStatus.SUCCESS
    assert second.note == (
        "3 archives have names like those of this backup, but a different origin; retention does not touch archives "
        "from elsewhere."
    )
    assert names(real) == {second.archive, *foreign}
    assert first not in names(real)


def test_a_checkpoint_of_another_machine_stays(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real, retention=Retention(last=1)), None, Encryption.NONE)
    theirs, mine = "pc-2026-01-02T03:04:05.000001.checkpoint", "pc-2026-01-02T03:04:06.000001.checkpoint"
    by_hand(real, mine)
    real.run()
    assert mine not in names(real), "Borg clears it away, as ever"
    if subprocess.run(["unshare", "--uts", "hostname", "elsewhere"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not pretend to be another machine")
    line = 'hostname elsewhere && exec "$@"'
    command = [str(PROGRAM), "create", f"{real.file('papers')}::{theirs}", str(real.source)]
    environment = real.environment | {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
    subprocess.run(["unshare", "--uts", "bash", "-c", line, "-", *command], env=environment, check=True)
    real.run()
    assert theirs in names(real)


def test_the_id_is_known_from_the_first_and_learned_by_a_run(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    assert added.borg_id == borg_id_at(added.location) != ""
    real.workspace.store.repositories.update(replace(added, borg_id=None))
    real.repository = added
    assert real.run().turn == added.borg_id
    assert real.workspace.store.repositories.get(added.id).borg_id == added.borg_id


@pytest.mark.parametrize("address", ["ssh://nobody@somewhere{path}", "somewhere:{path}", "ssh://here:22{path}/"])
def test_a_path_and_an_address_of_one_repository(real: Desk, address: str) -> None:
    first = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    location = address.format(path=real.file("papers"))
    other = wanted(real, "Far", location=location, archive_name=f"far-{PRECISE}", retention=Retention(last=1))
    borg(real, "info", location)
    second = add_repository(real.workspace, other)
    assert second.borg_id == first.borg_id
    assert turn_of(second) == turn_of(first)
    alike = replace(second, archive_name=f"pc-{PRECISE}")
    with pytest.raises(InvalidInput, match=r"^“Papers” is at the same location .* retention of “Far” .* of “Papers”"):
        edit_repository(real.workspace, alike)
    with pytest.raises(InvalidInput, match="is at the same location"):
        add_repository(real.workspace, replace(alike, name="Third", id=RepositoryId(0), borg_id=None))


def test_a_path_and_a_link_to_it(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    real.file("link").symlink_to(real.folder)
    stored = real.workspace.store.repositories.add(
        wanted(real, "Old", location=f"{real.file('link')}/papers", archive_name="old")
    )
    assert same_repository(first, stored)
    assert turn_of(first) == turn_of(stored)


@pytest.mark.parametrize(
    ("ids", "locations", "is_one"),
    [
        ((None, None), ("/one", "/other"), False),
        ((None, None), ("/one/", "/one"), True),
        ((None, None), ("ssh://host/one", "host:/one"), True),
        (("a", "a"), ("/one", "host:other"), True),
        (("a", "b"), ("/one", "/other"), False),
        (("a", None), ("/one", "/other"), False),
        (("a", None), ("/one", "/one"), True),
    ],
)
def test_one_id_or_where_that_is_not_known_one_location(
    tmp_path: Path, ids: tuple[str | None, str | None], locations: tuple[str, str], *, is_one: bool
) -> None:
    one, other = (
        Repository(
            RepositoryId(0), "", f"{tmp_path}{location}" if location.startswith("/") else location, borg_id=known
        )
        for known, location in zip(ids, locations, strict=True)
    )
    assert same_repository(one, other) is is_one
    assert same_repository(other, one) is is_one


def test_the_full_name_of_a_machine() -> None:
    assert shared_locations._full_name("no-such-host.invalid") == "no-such-host.invalid"
    assert shared_locations._full_name("localhost").startswith("localhost")
    plain, full = (wanted_name(template) for template in ("{hostname}", "{fqdn}"))
    assert (plain.hostname, plain.user) == (full.hostname, full.user) == (HOST, pwd.getpwuid(os.getuid()).pw_name)
    assert full.fqdn == shared_locations._full_name(socket.gethostname())


def wanted_name(template: str) -> Identity:
    return shared_locations.identity_here(Repository(RepositoryId(0), "", "/one", archive_name=template))


def test_a_repository_that_is_mounted_at_two_places(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    bound = real.file("bound")
    bound.mkdir()
    if subprocess.run(["mount", "--bind", real.folder, bound], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount")
    try:
        second = wanted(real, "Bound", location=f"{bound}/papers", retention=Retention(last=1))
        assert turn_of(second) == turn_of(first)
        foreseen = check_form(real.workspace, second, None)
        assert (foreseen.prevents, "“Papers” is at the same location" in foreseen.sentence) == (True, True)
    finally:
        subprocess.run(["umount", bound], check=True)


def test_a_host_name_that_is_typed(real: Desk) -> None:
    add_repository(real.workspace, wanted(real, archive_name=f"{HOST}-{PRECISE}"), None, Encryption.NONE)
    other = wanted(real, "Other", archive_name="{hostname}-" + PRECISE, retention=Retention(daily=7))
    with pytest.raises(InvalidInput, match=f"archives of “Papers”, such as {HOST}-2"):
        add_repository(real.workspace, other)
    assert check_form(real.workspace, other, None).prevents


def test_names_that_another_made_before_it_was_changed(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    made = real.run().archive
    assert made is not None
    edit_repository(real.workspace, replace(real.workspace.store.repositories.get("Papers"), archive_name="new"))
    other = wanted(real, "Other", retention=Retention(daily=7))
    with pytest.raises(InvalidInput) as caught:
        add_repository(real.workspace, other)
    assert str(caught.value) == (
        "“Papers” is at the same location and its archive names are similar: retention of “Other” could remove "
        "archives of "
        f"“Papers”, such as {made}. Choose another archive name."
    )
    add_repository(real.workspace, replace(other, retention=Retention()))


@pytest.mark.parametrize("content", ["", "[repository]\nid = short", "no config", "[repository]\n", "\0\udcff"])
def test_what_is_no_repository_has_no_id(real: Desk, content: str) -> None:
    real.file("papers").mkdir()
    (real.file("papers") / "config").write_text(content, errors="surrogateescape")
    assert borg_id_at(str(real.file("papers"))) is None
    (real.file("papers") / "config").unlink()
    assert borg_id_at(str(real.file("papers"))) is None
    os.mkfifo(real.file("papers") / "config")
    assert borg_id_at(str(real.file("papers"))) is None


def test_the_turn_of_one_on_a_dead_disk_is_its_location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_probes.probe, "__defaults__", (None, 0.5))
    with dead_disk(tmp_path / "dead") as dead:
        new = Repository(RepositoryId(1), "New", f"{dead}/repository", ("/home",))
        assert turn_of(new) == new.location
        assert borg_id_at(new.location) is None
