"""``config export`` and ``config import``: a set-up in one file, there and back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import _RESULTS, Repository, Retention
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.domain.schedule import Conditions, Hours, Schedule
from borgdesk.engine.configuration.document import FIELDS, from_bytes, to_bytes
from borgdesk.engine.configuration.exporting import set_up
from borgdesk.engine.configuration.sealing import unseal
from tests.cli.lab import BorgDesk
from tests.cli.screen import Terminal

_HEADER = "[parameters.CONTAINERS]\n[parameters.PASSWORD]\nsecret = true\n"


@pytest.fixture
def full(desk: BorgDesk) -> BorgDesk:
    return filled(desk)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the text of an export without secrets, and of one with secrets, of which the passphrase is ``right``."""
    desk = filled(BorgDesk(tmp_path_factory.mktemp("exports") / "desk"))
    plain, sealed = desk.folder / "plain", desk.folder / "sealed"
    desk.ok("config", "export", str(plain))
    desk.ok("config", "export", str(sealed), "--with-secrets", stdin="right\n")
    desk.close()
    return plain.read_text(), sealed.read_text()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BorgDesk]:
    """Provide an empty BorgDesk that stays empty."""
    desk = BorgDesk(tmp_path_factory.mktemp("untouched") / "desk")
    yield desk
    assert everything(desk)["repositories"] == []
    desk.close()


def filled(desk: BorgDesk) -> BorgDesk:
    """Make a set-up with everything that can be exported."""
    values = {"retention": Retention(daily=3), "excludes": ("*.tmp",), "pre_script": "echo inline"}
    docs = desk.add_repository("Docs", "pass phrase", **values)
    desk.add_pretended_repository("Photos")
    desk.add_script("stop", 'test "${PASSWORD%cret}" = s3', _HEADER, timeout=60, description="Stops")
    desk.add_script("start", "", run_on=RunOn.parse("failure,success"))
    desk.assign("Docs", "stop", Hook.PRE_BACKUP, parameters={"CONTAINERS": "web db"}, secrets={"PASSWORD": "s3cret"})
    desk.assign("Docs", "start", Hook.POST_BACKUP, timeout=7, on_failure=OnFailure.CONTINUE, enabled=False)
    desk.assign("Docs", "start", Hook.POST_BACKUP)
    conditions = Conditions(on_battery=True, between=Hours.parse("22:00-06:00"))
    desk.workspace.store.schedules.put(Schedule(docs.id, "0 2 * * *", conditions, 60, 9, check_every=30))
    desk.ok("settings", "set", "editor.tab-width", "8")
    return desk


@pytest.fixture
def other(tmp_path: Path) -> Iterator[BorgDesk]:
    """Provide an empty BorgDesk of another user on the same machine."""
    other = BorgDesk(tmp_path / "other")
    yield other
    other.close()


def exported(desk: BorgDesk, *options: str, stdin: str = "") -> Path:
    file = desk.folder / "set-up.json"
    desk.ok("config", "export", str(file), *options, stdin=stdin)
    return file


def everything(desk: BorgDesk) -> Any:
    """Return the set-up for comparison, without the times at which schedules were changed."""
    return json.loads(to_bytes(set_up(desk.workspace)))


def test_a_set_up_comes_back_whole_and_backs_up(full: BorgDesk, other: BorgDesk) -> None:
    file = exported(full, "--with-secrets", stdin="correct horse\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "s3cret" not in text
    assert "pass phrase" not in text
    answer = other.ok("config", "import", str(file), stdin="correct horse\n")
    assert "Repository “Docs” at " in answer.out
    assert everything(other) == everything(full)
    before = other.workspace.store.runs.list()
    assert other("run", "Docs").code == 0, "with its passphrase, and the secret value of its script"
    assert len(other.workspace.store.runs.list()) == len(before) + 1
    assert other.journal == []
    assert full.journal == ["stop", "start"], "the script writes where it always did"


def test_a_trial_changes_nothing(full: BorgDesk, other: BorgDesk) -> None:
    file, before = exported(full, "--with-secrets", stdin="x\n"), everything(other)
    said = other.ok("config", "import", str(file), "--dry-run", "--json").json
    assert said == {
        "scripts": ["start", "stop"],
        "repositories": ["Docs", "Photos"],
        "settings": {"editor.tab-width": 8},
        "secrets": True,
        "remarks": [],
        "todo": [],
    }
    told = other.ok("config", "import", str(file), "--dry-run").out
    assert "Would be imported:" in told
    assert "    Before the backup: stop" in told, "lanes have their titles, as everywhere"
    assert everything(other) == before


def test_without_secrets_it_says_what_is_left_to_do(full: BorgDesk, other: BorgDesk) -> None:
    file = full.folder / "plain.json"
    answer = full.ok("config", "export", str(file), "--json")
    assert answer.json["left_out"] == ["Passphrases and other secret values are not in the file."]
    todo = other.ok("config", "import", str(file), "--json").json["todo"]
    assert todo == [
        "Enter the passphrase of “Docs” on its Connection tab.",
        "Enter the value PASSWORD of the script “stop” in “Docs”.",
        "If “Photos” is encrypted, enter its passphrase on its Connection tab.",
    ]
    assert not other.workspace.store.repositories.get("Docs").has_passphrase


def test_what_is_here_stays_and_is_named(full: BorgDesk) -> None:
    file, before = exported(full), everything(full)
    answer = full.ok("config", "import", str(file), "--json").json
    assert not answer["scripts"]
    assert not answer["repositories"]
    assert "The repository “Docs” is here already." in answer["remarks"]
    assert everything(full) == before
    full.ok("settings", "set", "editor.tab-width", "2")
    full.ok("repo", "edit", "Photos", "--compression", "zstd")
    script = full.workspace.store.scripts.get("stop")
    full.workspace.store.scripts.save(script.id, b"#!/bin/bash\necho other\n")
    before = everything(full)
    answer = full.ok("config", "import", str(file), "--json").json
    assert answer["scripts"] == ["stop 2"]
    assert "Another repository “Photos” is here already, and stays as it is." in answer["remarks"]
    assert "The setting editor.tab-width stays at “2”." in answer["remarks"]
    assert "Another script “stop” is here already; the imported one is called “stop 2”." in answer["remarks"]
    after = everything(full)
    assert (after["repositories"], after["settings"]) == (before["repositories"], before["settings"])


def test_a_script_that_was_lost_here_is_no_obstacle(full: BorgDesk, other: BorgDesk) -> None:
    file = exported(full)
    other.add_script("lost")
    for script in other.workspace.paths.library.iterdir():
        script.unlink()
    other.ok("config", "import", str(file))
    assert [one["name"] for one in other.ok("repo", "list", "--json").json] == ["Docs", "Photos"]


def test_a_script_that_was_lost_is_exported_as_it_was_stored_last(full: BorgDesk, other: BorgDesk) -> None:
    script = full.workspace.store.scripts.get("stop")
    full.workspace.store.scripts.save(script.id, b"#!/bin/sh\necho the last\n")
    Path(script.file_path).unlink()
    file = full.folder / "file"
    said = full.ok("config", "export", str(file), "--json").json["left_out"]
    assert said[0] == (
        f"The script file {script.file_path} is missing. The export contains the last text of “stop” that was stored."
    )
    other.ok("config", "import", str(file))
    stored = other.workspace.store.scripts
    assert stored.content(stored.get("stop").id) == b"#!/bin/sh\necho the last\n"


def test_scripts_of_which_nothing_is_left_are_all_named(full: BorgDesk) -> None:
    full.add_script("keeps its text")
    store = full.workspace.store
    for name in ("stop", "start"):
        script = store.scripts.get(name)
        for revision in store.revisions.list(script.id):
            store.revisions.path(revision.sha256).unlink()
    for script in store.scripts.list():
        Path(script.file_path).unlink()
    answer = full("config", "export", str(full.folder / "file"))
    assert answer.code == 2
    assert "have lost their files and all stored texts: “start”, “stop”. Put" in answer.err
    assert not (full.folder / "file").exists()


def test_a_file_is_never_overwritten(full: BorgDesk) -> None:
    file = full.folder / "precious"
    file.write_text("mine")
    for name in (file, full.folder / "link"):
        answer = full("config", "export", str(name)) if name.exists() else None
        if answer is not None:
            assert (answer.code, "exists already" in answer.err) == (2, True)
    (full.folder / "link").symlink_to(full.folder / "nowhere")
    assert full("config", "export", str(full.folder / "link")).code == 2
    assert full("config", "export", str(full.folder / "no" / "folder")).code == 2
    assert file.read_text() == "mine"
    assert not list(full.folder.glob(".borgdesk-*"))


@pytest.mark.parametrize("passphrase", ["wrong\n", "\n", ""], ids=["wrong", "empty", "none"])
def test_another_passphrase_imports_nothing(exports: tuple[str, str], other: BorgDesk, passphrase: str) -> None:
    file, before = other.folder / "file", everything(other)
    file.write_text(exports[1])
    answer = other("config", "import", str(file), stdin=passphrase)
    assert answer.code == 2
    assert everything(other) == before


def test_secrets_do_not_open_for_another_set_up(exports: tuple[str, str], other: BorgDesk) -> None:
    """Whoever changes the file must not get the passphrase sent to another host."""
    file, before = other.folder / "file", everything(other)
    file.write_text(exports[1].replace("docs.borg", "evil.borg"))
    answer = other("config", "import", str(file), stdin="right\n")
    assert answer.code == 2
    assert "the passphrase is wrong, or the file was changed" in answer.err
    assert everything(other) == before


def test_no_empty_passphrase_encrypts(full: BorgDesk) -> None:
    answer = full("config", "export", str(full.folder / "x"), "--with-secrets", stdin="\n")
    assert answer.code == 2
    assert "The passphrase is empty." in answer.err
    assert not (full.folder / "x").exists()


def test_a_failure_in_the_middle_leaves_nothing(full: BorgDesk, other: BorgDesk) -> None:
    file = exported(full, "--with-secrets", stdin="right\n")
    before = everything(other)
    library = sorted(other.workspace.paths.library.iterdir())
    (other.home / "config" / "secrets.json").write_text("no secrets at all")
    answer = other("config", "import", str(file), stdin="right\n")
    assert answer.code == 2
    assert "is not a valid file of secrets" in answer.err
    assert everything(other) == before
    assert sorted(other.workspace.paths.library.iterdir()) == library


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[str], bytes]:
    def made(text: str) -> bytes:
        document = json.loads(text)
        change(document)
        return json.dumps(document).encode()

    return made


HOSTILE: dict[str, Callable[[str], bytes]] = {
    "empty": lambda _: b"",
    "no json": lambda _: b"PK\x03\x04 something else",
    "truncated": lambda text: text[: len(text) // 2].encode(),
    "no utf-8": lambda text: text.encode().replace(b"Docs", b"\xff\xfe"),
    "half a surrogate": lambda text: text.replace('"Docs"', '"\\ud800"').encode(),
    "deep": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "another format": changed(lambda one: one.update(format="zip")),
    "the future": changed(lambda one: one.update(version=2)),
    "no version": changed(lambda one: one.update(version=True)),
    "no number": lambda text: text.replace('"timeout": 60', '"timeout": NaN').encode(),
    "a list": lambda _: b"[]",
    "scripts of another type": changed(lambda one: one.update(scripts={})),
    "a script outside": changed(lambda one: one["scripts"][0].update(file_name="../../.bashrc")),
    "an absolute script": changed(lambda one: one["scripts"][0].update(file_name="/etc/cron.d/evil")),
    "a hidden script": changed(lambda one: one["scripts"][0].update(file_name=".profile")),
    "a script with a NUL": changed(lambda one: one["scripts"][0].update(file_name="a\0b")),
    "a script without text": changed(lambda one: one["scripts"][0].pop("text")),
    "a binary script": changed(lambda one: one["scripts"][0].update(text=None, base64="!!!")),
    "a script twice": changed(lambda one: one["scripts"].append(one["scripts"][0])),
    "a timeout of nothing": changed(lambda one: one["scripts"][0].update(timeout=-1)),
    "an unknown condition": changed(lambda one: one["scripts"][0].update(run_on="never")),
    "a relative source": changed(lambda one: one["repositories"][0].update(sources=["etc"])),
    "sources of another type": changed(lambda one: one["repositories"][0].update(sources="/")),
    "a repository without a field": changed(lambda one: one["repositories"][0].pop("compression")),
    "a repository twice": changed(lambda one: one["repositories"].append(one["repositories"][0])),
    "an impossible location": changed(lambda one: one["repositories"][0].update(location="no/where")),
    "retention of nothing": changed(lambda one: one["repositories"][0]["retention"].update(daily=0)),
    "an unknown rule": changed(lambda one: one["repositories"][0]["retention"].update(minutely=1)),
    "a rule in words": changed(lambda one: one["repositories"][0]["retention"].update(daily="many")),
    "a cron that never fires": changed(lambda one: one["repositories"][0]["schedule"].update(cron="0 0 30 2 *")),
    "conditions of another type": changed(lambda one: one["repositories"][0]["schedule"].update(conditions=[])),
    "hours of another type": changed(
        lambda one: one["repositories"][0]["schedule"]["conditions"].update(between=["22:00"])
    ),
    "a disk that is none": changed(lambda one: one["repositories"][0]["schedule"]["conditions"].update(disk="a\0b")),
    "a disk of no unit": changed(
        lambda one: one["repositories"][0]["schedule"]["conditions"].update(disk="/" + "x" * 5000)
    ),
    "another encryption": changed(lambda one: one["repositories"][0].update(encryption="rot13")),
    "an id that is none": changed(lambda one: one["repositories"][0].update(borg_id="../../x")),
    "a lane that there is not": changed(lambda one: one["repositories"][0]["scripts"][0].update(hook="test")),
    "a script that there is not": changed(lambda one: one["repositories"][0]["scripts"][0].update(script="ghost")),
    "a forbidden variable": changed(
        lambda one: one["repositories"][0]["scripts"][0].update(parameters={"LD_PRELOAD": "/evil.so"})
    ),
    "extra options": changed(lambda one: one["repositories"][0].update(extra_arguments="--remote-path /evil")),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_changes_nothing_and_gets_a_sentence(
    exports: tuple[str, str], untouched: BorgDesk, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "hostile"
    file.write_bytes(HOSTILE[kind](exports[0]))
    before = everything(untouched)
    answer = untouched.here("config", "import", str(file))
    assert answer.code == 2, answer.out
    assert len(answer.said) == 1
    assert everything(untouched) == before
    assert list(untouched.workspace.paths.library.iterdir()) == []


def test_a_file_of_a_gigabyte_is_not_read(untouched: BorgDesk, tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as opened:
        opened.truncate(1 << 30)
    answer = untouched("config", "import", str(file))
    assert answer.code == 2
    assert "larger than 64 MiB" in answer.err


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(untouched: BorgDesk, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    answer = untouched("config", "import", str(path))
    assert answer.code == 2
    assert "is missing, or is not a regular file" in answer.err


@pytest.mark.parametrize(
    "kdf",
    [{"n": 2**30}, {"n": 3}, {"r": 10**9}, {"p": 10**6}, {"n": "many"}, {"salt": "?"}, {"name": "md5"}],
    ids=lambda kdf: "-".join(f"{name}={value}" for name, value in kdf.items()),
)
def test_a_file_cannot_make_us_compute_for_ever(exports: tuple[str, str], kdf: dict[str, Any]) -> None:
    sealed = json.loads(exports[1])["secrets"]
    sealed["kdf"].update(kdf)
    with pytest.raises(InvalidInput, match="are damaged, or of a newer version"):
        unseal(sealed, "right", b"")


def test_what_is_read_is_what_was_written(full: BorgDesk) -> None:
    document = set_up(full.workspace)
    assert to_bytes(from_bytes(to_bytes(document))) == to_bytes(document)


def test_every_field_of_a_repository_is_exported_or_known_to_be_history() -> None:
    """A field that runs set has no place in the file, and one of a new type needs a form in JSON."""
    hints = get_type_hints(Repository)
    plain = (str, bool, int, str | None, int | None, tuple[str, ...], Retention)
    assert [name for name in FIELDS if hints[name] not in plain] == []
    assert not {"compacted_at", "has_deleted", *_RESULTS} & set(FIELDS)


# systemd, and a terminal ----------------------------------------------------------------------------------------------


CLOSED = "Backups start only while the window is open. “borgdesk schedule install” changes that."


@pytest.mark.parametrize(("answer", "is_said"), [("true", True), ("exec false", False)])
def test_it_is_said_that_imported_schedules_need_an_open_window(
    full: BorgDesk, other: BorgDesk, answer: str, is_said: bool
) -> None:
    file, runtime = exported(full), other.folder / "runtime"
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd" / "private").touch()
    systemctl = other.folder / "systemctl"
    systemctl.write_text(f"#!/bin/sh\n{answer}\n")
    systemctl.chmod(0o755)
    other.environment |= {"XDG_RUNTIME_DIR": str(runtime), "PATH": f"{other.folder}:{other.environment['PATH']}"}
    imported = other.ok("config", "import", str(file))
    assert (CLOSED in imported.err) is is_said
    assert other.ok("schedule", "show", "--json").json[0]["repository"] == "Docs"


def test_the_disks_of_imported_schedules_are_watched(full: BorgDesk, other: BorgDesk) -> None:
    docs = full.workspace.store.repositories.get("Docs")
    full.workspace.store.schedules.put(Schedule(docs.id, "0 2 * * *", Conditions(disk="/mnt/disk")))
    runtime, units = other.folder / "runtime", other.folder / "config" / "systemd" / "user"
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd" / "private").touch()
    for name in ("systemctl", "systemd-analyze"):
        (other.folder / name).write_text("#!/bin/sh\n")
        (other.folder / name).chmod(0o755)
    other.environment |= {
        "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(other.folder / "config"),
        "PATH": f"{other.folder}:{other.environment['PATH']}",
    }  # fmt: skip
    other.add_pretended_repository("Photos")
    other.ok("schedule", "set", "Photos", "--hourly")
    other.ok("schedule", "install")
    before = {one.name for one in units.iterdir()}
    other.ok("config", "import", str(exported(full)))
    added = {one.name for one in units.iterdir()} - before
    assert added == {"borgdesk-disk-2.service"}


def test_a_schedule_is_stored_and_said_to_be_even_if_systemd_refuses_the_units(other: BorgDesk) -> None:
    runtime = other.folder / "runtime"
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd" / "private").touch()
    for name in ("systemctl", "systemd-analyze"):
        (other.folder / name).write_text("#!/bin/sh\n")
        (other.folder / name).chmod(0o755)
    other.environment |= {
        "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(other.folder / "config"),
        "PATH": f"{other.folder}:{other.environment['PATH']}",
    }  # fmt: skip
    other.add_pretended_repository("Photos")
    other.ok("schedule", "set", "Photos", "--hourly")
    other.ok("schedule", "install")
    for unit in (other.folder / "config" / "systemd" / "user").glob("borgdesk*"):
        unit.write_text(f"# old\n{unit.read_text()}")
    (other.folder / "systemd-analyze").write_text("#!/bin/sh\necho No >&2; exit 1\n")
    refused = other("schedule", "set", "Photos", "--daily", "03:00")
    assert refused.code == 2
    assert refused.said[0].startswith("“Photos” is backed up automatically: daily at 03:00")
    assert refused.said[1] == (
        "borgdesk: systemd refuses the units for scheduled backups, so they were not installed: No"
    )
    assert other.ok("schedule", "show", "--json").json[0]["kind"] == "daily"


def test_on_a_terminal_the_passphrase_of_the_file_is_entered_twice(full: BorgDesk) -> None:
    file = full.folder / "typed"
    for again, code in (("rigth", 2), ("right", 0)):
        with Terminal(full, "config", "export", str(file), "--with-secrets") as terminal:
            for asked, typed in (("passphrase of the file:", "right"), ("passphrase of the file again:", again)):
                terminal.wait_for(asked)
                terminal.press(f"{typed}\n")
            assert terminal.end()[0] == code
        assert file.exists() is (code == 0)
