"""Script packs: made, signed, read and installed; and what happens with those that were made to do harm."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound
from borgdesk.domain.pack import MANIFEST, MAX_SCRIPTS, SIGNATURE, from_bytes, to_bytes
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import MAX_SCRIPT_BYTES, NewScript, sha256_of
from borgdesk.engine.packs import pack_file
from borgdesk.engine.packs.installed import forget, installed_pack, installed_packs, name_of_key
from borgdesk.engine.packs.installing import State, carry_out, plan
from borgdesk.engine.packs.making import Title, make_pack
from borgdesk.engine.packs.marks import Mark, marks
from borgdesk.engine.packs.pack_file import read
from borgdesk.engine.workspace import Workspace

STOP = '#!/bin/sh\n# /// borgdesk\n# needs = ["docker"]\n# [parameters.NAME]\n# ///\nsudo docker stop "$NAME"\n'
START = "#!/bin/sh\ndocker start web\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return opened(tmp_path / "ours")


@pytest.fixture
def other(tmp_path: Path) -> Workspace:
    """Return the BorgDesk of somebody else."""
    return opened(tmp_path / "theirs")


def opened(folder: Path) -> Workspace:
    return Workspace.open({"BORGDESK_HOME": str(folder), "PATH": "/usr/bin:/bin", "BORGDESK_SECRETS": "file"})


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return made_key(tmp_path / "key", "anna@workshop")


def made_key(path: Path, comment: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], check=True)
    return path


def made(workspace: Workspace, file: Path, key: Path | None = None, version: str = "1.0", start: str = START) -> Path:
    """Return a pack of two scripts."""
    store = workspace.store.scripts
    known = {script.name: script for script in store.list()}
    ids = []
    for name, text in (("Stop web", STOP), ("Start web", start)):
        if name not in known:
            known[name] = store.add(NewScript(name, text.encode(), "Says what it does", 60, RunOn.parse("success")))
        store.save(known[name].id, text.encode())
        ids.append(known[name].id)
    make_pack(workspace, file, ids, Title("Web", version, "Anna", "MIT", "Stops and starts web"), key)
    return file


def test_a_pack_brings_its_scripts_into_another_library(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    planned = plan(other, read(made(workspace, tmp_path / "web.borgdesk-pack")))
    assert (planned.signature, planned.problem, planned.installed) == (None, "", None)
    assert [one.state for one in planned.scripts] == [State.NEW, State.NEW]
    assert planned.scripts[0].entry.needs == ("docker",)
    assert other.store.scripts.list() == []
    carry_out(other, planned)
    stop = other.store.scripts.get("Stop web")
    assert other.store.scripts.content(stop.id).decode() == STOP
    assert stop.details == ("Stop web", "Says what it does", 60, RunOn.parse("success"))
    assert stop.used_by == ()
    assert Path(stop.file_path).name == "stop-web.sh"
    assert [(one.name, one.version) for one in installed_packs(other.store)] == [("Web", "1.0")]


def test_the_same_scripts_are_the_same_file(workspace: Workspace, tmp_path: Path) -> None:
    first, second = (made(workspace, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_an_existing_file_is_not_overwritten(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "web.borgdesk-pack"
    file.write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        made(workspace, file)
    assert file.read_text() == "mine"


def test_a_key_is_trusted_once_a_pack_with_it_was_installed(
    workspace: Workspace, other: Workspace, key: Path, tmp_path: Path
) -> None:
    first = plan(other, read(made(workspace, tmp_path / "1", key)))
    assert first.signature is not None
    assert (first.signature.name, first.signature.trusted) == ("anna@workshop", False)
    carry_out(other, first)
    second = plan(other, read(made(workspace, tmp_path / "2", key, "1.1", START + "echo more\n")))
    assert second.signature is not None
    assert second.signature.trusted
    assert second.installed is not None
    assert second.installed.version == "1.0"
    assert [one.state for one in second.scripts] == [State.UNCHANGED, State.UPDATE]
    carry_out(other, second)
    start = other.store.scripts.get("Start web")
    assert other.store.scripts.content(start.id).decode().endswith("echo more\n")
    assert [one.name for one in other.store.scripts.list()] == ["Start web", "Stop web"]
    assert len(other.store.revisions.list(start.id)) == 2


@pytest.mark.parametrize("signed", [True, False])
def test_the_next_version_must_be_of_the_same_author(
    workspace: Workspace, other: Workspace, key: Path, tmp_path: Path, signed: bool
) -> None:
    carry_out(other, plan(other, read(made(workspace, tmp_path / "1", key))))
    stranger = made_key(tmp_path / "stranger", "anna@workshop") if signed else None
    planned = plan(other, read(made(workspace, tmp_path / "2", stranger, "2", "#!/bin/sh\nrm -rf ~\n")))
    assert "anna@workshop" in planned.problem
    with pytest.raises(InvalidInput):
        carry_out(other, planned)
    assert other.store.scripts.content(other.store.scripts.get("Start web").id).decode() == START
    fingerprint = forget(other.store, "Web").fingerprint
    assert fingerprint is not None
    assert name_of_key(other.store, fingerprint) is None
    assert plan(other, read(tmp_path / "2")).problem == ""


def test_what_was_edited_here_stays(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    carry_out(other, plan(other, read(made(workspace, tmp_path / "1"))))
    start = other.store.scripts.get("Start web")
    other.store.scripts.save(start.id, b"#!/bin/sh\necho mine\n")
    newer = made(workspace, tmp_path / "2", version="2", start=START + "echo theirs\n")
    planned = plan(other, read(newer))
    assert [one.state for one in planned.scripts] == [State.UNCHANGED, State.EDITED]
    carry_out(other, planned)
    assert other.store.scripts.content(start.id) == b"#!/bin/sh\necho mine\n"
    assert [one.state for one in plan(other, read(newer)).scripts] == [State.UNCHANGED, State.EDITED]
    carry_out(other, plan(other, read(newer)), ["scripts/start-web.sh"])
    assert other.store.scripts.content(start.id).decode().endswith("echo theirs\n")
    assert [one.state for one in plan(other, read(newer)).scripts] == [State.UNCHANGED, State.UNCHANGED]


def test_what_is_edited_while_it_is_shown_stays(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    carry_out(other, plan(other, read(made(workspace, tmp_path / "1"))))
    start = other.store.scripts.get("Start web")
    planned = plan(other, read(made(workspace, tmp_path / "2", version="2", start=START + "echo theirs\n")))
    assert planned.wanted == ("scripts/start-web.sh",)
    other.store.scripts.save(start.id, b"#!/bin/sh\necho mine\n")
    with pytest.raises(BorgDeskError, match="Look again"):
        carry_out(other, planned)
    assert other.store.scripts.content(start.id) == b"#!/bin/sh\necho mine\n"


def test_a_pack_that_two_install_at_once_is_there_once(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    pack = read(made(workspace, tmp_path / "1"))
    first, second = plan(other, pack), plan(other, pack)
    carry_out(other, first)
    with pytest.raises(BorgDeskError, match="Look again"):
        carry_out(other, second)
    assert [one.name for one in other.store.scripts.list()] == ["Start web", "Stop web"]


def test_authors_and_keys_may_be_called_what_scripts_may(workspace: Workspace, tmp_path: Path) -> None:
    ann = "Ann \N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}"
    script = workspace.store.scripts.add(NewScript("Stop web", STOP.encode(), "Stops\tall of it"))
    key = made_key(tmp_path / "key", ann)
    make_pack(workspace, tmp_path / "pack", [script.id], Title("Web", author=ann), key)
    manifest = read(tmp_path / "pack").manifest
    assert (manifest.author, manifest.key_name) == (ann, ann)


def test_a_script_that_was_removed_here_is_new_again(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    pack = made(workspace, tmp_path / "1")
    carry_out(other, plan(other, read(pack)))
    other.store.scripts.remove(other.store.scripts.get("Start web").id)
    planned = plan(other, read(pack))
    assert [one.state for one in planned.scripts] == [State.UNCHANGED, State.NEW]
    carry_out(other, planned)
    assert len(other.store.scripts.list()) == 2


def test_a_name_that_is_taken_gets_a_number(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    mine = other.store.scripts.add(NewScript("Stop web", b"#!/bin/sh\necho mine\n"))
    carry_out(other, plan(other, read(made(workspace, tmp_path / "1"))))
    assert other.store.scripts.content(mine.id) == b"#!/bin/sh\necho mine\n"
    assert {one.name for one in other.store.scripts.list()} == {"Stop web", "Stop web 2", "Start web"}


def test_a_script_that_is_here_already_is_not_doubled(workspace: Workspace, tmp_path: Path) -> None:
    """As when people try what they have just exported, or the same scripts came as files."""
    pack = made(workspace, tmp_path / "1")
    store = workspace.store.scripts
    planned = plan(workspace, read(pack))
    assert [one.state for one in planned.scripts] == [State.UNCHANGED, State.UNCHANGED]
    assert carry_out(workspace, planned) == []
    assert [one.name for one in store.list()] == ["Start web", "Stop web"]
    later = plan(workspace, read(made(workspace, tmp_path / "2", version="1.1")))
    assert [one.state for one in later.scripts] == [State.UNCHANGED, State.UNCHANGED]
    store.save(store.get("Stop web").id, b"#!/bin/sh\necho mine\n")
    assert [one.state for one in plan(workspace, read(pack)).scripts] == [State.EDITED, State.UNCHANGED]


def test_forgetting_what_is_not_installed(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        forget(workspace.store, "Web")
    assert installed_pack(workspace.store, "Web") is None


# Hostile packs --------------------------------------------------------------------------------------------------------

Entries = dict[str, bytes]


def entries(file: Path) -> Entries:
    with zipfile.ZipFile(file) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def zipped(content: Entries, spoil: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in content.items():
            about = zipfile.ZipInfo(name)
            spoil(about)
            archive.writestr(about, text)
    return written.getvalue()


def twice(content: Entries) -> bytes:
    written = io.BytesIO(zipped(content))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(written, "a") as archive:
        archive.writestr("scripts/start-web.sh", "#!/bin/sh\nrm -rf ~\n")
    return written.getvalue()


def link(about: zipfile.ZipInfo) -> None:
    if about.filename.startswith("scripts/"):
        about.external_attr = (stat.S_IFLNK | 0o777) << 16


def manifest_with(content: Entries, old: str, new: str) -> Entries:
    changed = content[MANIFEST].decode().replace(old, new)
    assert changed != content[MANIFEST].decode()
    return content | {MANIFEST: changed.encode()}


def bomb(content: Entries) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in (content | {"scripts/start-web.sh": b"#!/bin/sh\n" + b"\n" * MAX_SCRIPT_BYTES}).items():
            archive.writestr(name, text)
    return written.getvalue()


def lying_bomb(content: Entries) -> bytes:
    """Return a bomb that claims to be small, in both of its headers."""
    size = 10 + MAX_SCRIPT_BYTES
    return bomb(content).replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))


def undecodable(content: Entries) -> bytes:
    spoilt = content | {"scripts/x\N{LATIN SMALL LETTER E WITH ACUTE}y.sh": b"#!/bin/sh\n"}
    return zipped(spoilt).replace("xéy".encode(), b"x\xff\xfey")


HOSTILE: dict[str, Callable[[Entries], bytes]] = {
    "a path out of the folder": lambda one: zipped(one | {"../../evil.sh": b"#!/bin/sh\n"}),
    "an absolute path": lambda one: zipped(one | {"/tmp/evil.sh": b"#!/bin/sh\n"}),
    "a path out that the manifest names": lambda one: zipped(
        manifest_with(one, "scripts/start-web.sh", "scripts/../../evil.sh") | {"scripts/../../evil.sh": START.encode()}
    ),
    "a backslash": lambda one: zipped(manifest_with(one, "scripts/start-web.sh", "scripts\\\\..\\\\evil.sh")),
    "a hidden file": lambda one: zipped(manifest_with(one, "scripts/start-web.sh", "scripts/.bashrc")),
    "a link": lambda one: zipped(one, link),
    "a folder": lambda one: zipped(one | {"scripts/": b""}),
    "an entry twice": twice,
    "a bomb": bomb,
    "a bomb that lies": lying_bomb,
    "many entries": lambda one: zipped(one | {f"scripts/{n}.sh": b"#!/bin/sh\n" for n in range(MAX_SCRIPTS + 3)}),
    "no manifest": lambda one: zipped({name: text for name, text in one.items() if name != MANIFEST}),
    "a script is missing": lambda one: zipped({name: text for name, text in one.items() if "start" not in name}),
    "a script that is not named": lambda one: zipped(one | {"scripts/more.sh": b"#!/bin/sh\n"}),
    "another text": lambda one: zipped(one | {"scripts/start-web.sh": b"#!/bin/sh\nrm -rf ~\n"}),
    "a newer format": lambda one: zipped(manifest_with(one, "format = 1", "format = 2")),
    "an unknown field": lambda one: zipped(manifest_with(one, "format = 1", 'format = 1\nrun_now = "yes"')),
    "a manifest that is no TOML": lambda one: zipped(one | {MANIFEST: b"name = "}),
    "a manifest in another encoding": lambda one: zipped(one | {MANIFEST: "name = 'é'".encode("latin-1")}),
    "a key of many parts": lambda one: zipped(one | {MANIFEST: b"a" + b".a" * 400_000 + b" = 1"}),
    "a number of many digits": lambda one: zipped(manifest_with(one, "timeout = 60", "timeout = 6" + "0" * 5000)),
    "deep nesting": lambda one: zipped(one | {MANIFEST: b"a = " + b"[" * 100_000}),
    "a name with a control character": lambda one: zipped(manifest_with(one, '"Web"', r'"W\u001b[31m"')),
    "a name that runs backwards": lambda one: zipped(manifest_with(one, '"Start web"', r'"Start \u202eweb"')),
    "an entry whose name is not text": undecodable,
    "an endless timeout": lambda one: zipped(manifest_with(one, "timeout = 60", "timeout = 99999999999")),
    "a timeout that is true": lambda one: zipped(manifest_with(one, "timeout = 60", "timeout = true")),
    "an unknown condition": lambda one: zipped(manifest_with(one, '"success"', '"never"')),
    "no zip": lambda _: b"#!/bin/sh\n",
    "nothing": lambda _: b"",
    "half a zip": lambda one: zipped(one)[: len(zipped(one)) // 2],
    "a broken entry": lambda one: zipped(one).replace(b"docker start", b"docker tsart"),
}  # fmt: skip


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_pack_changes_nothing(workspace: Workspace, other: Workspace, tmp_path: Path, how: str) -> None:
    good = entries(made(workspace, tmp_path / "good"))
    file = tmp_path / "evil.borgdesk-pack"
    file.write_bytes(HOSTILE[how](good))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput) as refused:
        read(file)
    assert str(refused.value).isprintable(), refused.value
    assert sorted(tmp_path.rglob("*")) == before
    assert other.store.scripts.list() == []


def test_a_script_with_windows_line_endings_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    content = entries(made(workspace, tmp_path / "good"))
    text = content["scripts/start-web.sh"]
    spoilt = text.replace(b"\n", b"\r\n")
    digests = [sha256_of(one) for one in (text, spoilt)]
    content = manifest_with(content, *digests) | {"scripts/start-web.sh": spoilt}
    with pytest.raises(InvalidInput, match="line endings"):
        pack_file.from_file(zipped(content), "x")


@pytest.mark.parametrize("change", ["manifest", "signature", "namespace"])
def test_a_signature_that_is_not_one_of_the_pack(
    workspace: Workspace, other: Workspace, key: Path, tmp_path: Path, change: str
) -> None:
    content = entries(made(workspace, tmp_path / "good", key))
    if change == "manifest":
        content = manifest_with(content, '"MIT"', '"GPL"')
    elif change == "signature":
        content[SIGNATURE] = b"-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n"
    else:
        argv = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "file"]
        content[SIGNATURE] = subprocess.run(argv, input=content[MANIFEST], capture_output=True, check=True).stdout
    planned = plan(other, pack_file.from_file(zipped(content), "x"))
    assert "signature" in planned.problem
    assert planned.signature is None
    with pytest.raises(InvalidInput):
        carry_out(other, planned)
    assert other.store.scripts.list() == []


@pytest.mark.parametrize("place", ["missing", "folder", "fifo"])
def test_a_place_that_is_no_pack(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InvalidInput):
        read(tmp_path / place)


def test_a_manifest_is_read_as_it_was_written(workspace: Workspace, tmp_path: Path) -> None:
    manifest = read(made(workspace, tmp_path / "good")).manifest
    assert from_bytes(to_bytes(manifest)) == manifest


def test_a_key_that_cannot_sign(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "nokey").write_text("no key\n")
    with pytest.raises(InvalidInput, match="nokey"):
        made(workspace, tmp_path / "x", tmp_path / "nokey")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sudo docker stop web", [Mark.RIGHTS]),
        ("rm -rf /srv", [Mark.DELETES]),
        ("curl -fsS https://example.org | sh", [Mark.NETWORK, Mark.CODE]),
        ("find . -name x -delete", [Mark.DELETES]),
        ("shutil.rmtree(folder)", [Mark.DELETES]),
        ("echo hello > /dev/tcp/host/80", [Mark.NETWORK]),
        ("# sudo rm curl", []),
        ("format-disk --farm sudoku", []),
        ("docker start web", []),
    ],
)
def test_lines_that_should_be_read_twice(line: str, found: list[Mark]) -> None:
    assert [one.mark for one in marks(line)] == found
