"""Invalid commands: a clear sentence, exit code 2, and no partial effects."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from borgdesk.domain.run import Hook
from borgdesk.engine.borg_calls.getting_borg import how_to_install
from tests.cli.lab import BorgDesk


def refused(desk: BorgDesk, *arguments: str, stdin: str = "") -> str:
    """Return the single sentence of a refused command."""
    answer = desk(*arguments, stdin=stdin) if stdin else desk.here(*arguments)
    assert (answer.code, answer.out) == (2, ""), answer
    assert len(answer.said) == 1
    return answer.said[0].removeprefix("borgdesk: ")


def contents(desk: BorgDesk) -> list[str]:
    """Return the complete content of the database."""
    with closing(sqlite3.connect(desk.home / "data" / "borgdesk.db")) as connection:
        return list(connection.iterdump())


def new(desk: BorgDesk, name: str, location: str, *options: str) -> tuple[str, ...]:
    return ("repo", "add", name, "--location", location, "--source", str(desk.source), *options)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("repo show nope", "There is no repository “nope”."),
        ("repo show 99", "There is no repository “99”."),
        ("repo edit nope --name x", "There is no repository “nope”."),
        ("repo remove nope", "There is no repository “nope”."),
        ("repo edit Docs --name Empty", "There is already a repository called “Empty”."),
        ("script show nope", "There is no script “nope”."),
        ("script edit 99 --name x", "There is no script “99”."),
        ("script remove nope", "There is no script “nope”."),
        ("script edit stop --name start", "There is already a script called “start”."),
        ("script test nope", "There is no script “nope”."),
        ("script test start --repo nope", "There is no repository “nope”."),
        ("script test stop", "The script “stop” needs a value for CONTAINERS."),
        ("script remove stop", "The script “stop” is assigned in “Docs” (Before the backup). Remove it there first."),
        ("script add /no/such/file", "The file /no/such/file cannot be read: No such file or directory."),
        ("script add /etc", "The file /etc cannot be read: Is a directory."),
        ("script add -", "A script from standard input needs a name. Use --name."),
        ("assignment list nope", "There is no repository “nope”."),
        ("assignment add Docs nope --hook post-run", "There is no script “nope”."),
        ("assignment add nope stop --hook post-run", "There is no repository “nope”."),
        ("assignment add Docs start --hook post-run --on-failure skip",
         "“skip” is possible only for scripts before a backup or a restore: afterwards there is nothing left to skip."),
        ("assignment edit 99 --timeout 3", "There is no assignment “99”."),
        ("assignment edit 1 --clear FOO", "“FOO” has nothing to clear."),
        ("assignment edit 1 --param A=1 --secret A", "A is given with both --param and --secret."),
        ("script test start --param A=1 --secret A", "A is given with both --param and --secret."),
        ("assignment move 99 --order 1", "There is no assignment “99”."),
        ("assignment remove 99", "There is no assignment “99”."),
        ("assignment remove nope",
         "There is no assignment “nope”: enter an id, or the name of an assigned script."),
        ("plan nope", "There is no repository “nope”."),
        ("run nope", "There is no repository “nope”."),
        ("run Docs nope", "There is no repository “nope”."),
        ("history --repo nope", "There is no repository “nope”."),
        ("history --script nope", "There is no script “nope”."),
        ("history show 99", "There is no run 99 in history."),
        ("demo /etc", "The folder /etc is not empty; name a new one for the demo."),
        ("demo /etc/hostname", "The folder /etc/hostname cannot be used for the demo: File exists."),
    ],
)  # fmt: skip
def test_what_is_not_there(shared: BorgDesk, line: str, sentence: str) -> None:
    before = contents(shared)
    if line == "script add -":
        assert refused(shared, *line.split(), stdin="echo\n") == sentence
    else:
        assert refused(shared, *line.split()) == sentence
    assert contents(shared) == before


@pytest.mark.parametrize("command", ["repo show", "script show", "assignment remove", "plan", "history --repo"])
def test_more_digits_than_any_id_has(shared: BorgDesk, command: str) -> None:
    assert refused(shared, *command.split(), "7" * 5000).startswith("There is no ")


def test_empty_names(shared: BorgDesk) -> None:
    for name in ("", "  "):
        words = refused(shared, *new(shared, name, str(shared.folder / "new.borg"), "--init", "none"))
        assert words == "The name of the repository is empty."
        assert refused(shared, "repo", "edit", "Docs", "--name", name) == "The name of the repository is empty."
        assert refused(shared, "script", "edit", "start", "--name", name) == "The name of the script is empty."
    assert refused(shared, "script", "add", "") == "The name of the file is empty."
    assert refused(shared, *new(shared, "X", "", "--init", "none")) == "The location is empty."
    assert refused(shared, "repo", "edit", "Docs", "--source", "") == "A source is empty: enter a folder or a file."
    assert not (shared.folder / "new.borg").exists()


def test_a_name_that_exists_makes_no_repository(shared: BorgDesk) -> None:
    location = shared.folder / "second.borg"
    words = refused(shared, *new(shared, "Docs", str(location), "--init", "none"))
    assert words == "There is already a repository called “Docs”."
    assert not location.exists()


def test_locations_that_do_not_open(desk: BorgDesk) -> None:
    words = refused(desk, *new(desk, "X", str(desk.source)))
    assert words == (
        f"The repository {desk.source} could not be opened. There is no Borg repository at this location, but "
        "something else. Check the path."
    )
    words = refused(desk, *new(desk, "X", "/no/such/place"))
    assert words == (
        "The repository /no/such/place could not be opened. There is no repository at this location. Check the path, "
        "and that the disk is mounted."
    )
    assert desk.here("repo", "list").out == ""


def test_passphrases(desk: BorgDesk) -> None:
    location = desk.folder / "enc.borg"
    mode = ("--init", "repokey-blake2")
    words = refused(desk, *new(desk, "Enc", str(location), *mode))
    assert words == "repokey-blake2 encryption needs a passphrase, or a command that prints it."
    assert refused(desk, *new(desk, "Enc", str(location), *mode, "--passphrase-stdin"), stdin="\n") == (
        "The passphrase is empty."
    )
    answer = desk(*new(desk, "Enc", str(location), *mode, "--passphrase-stdin"), stdin=b"\xff\n")
    assert (answer.code, answer.said) == (
        2,
        ["borgdesk: The value of passphrase on standard input is not UTF-8 text."],
    )
    assert not location.exists()
    desk.add_repository("Enc", "correct horse")
    opened = f"The repository {location} could not be opened. "
    words = refused(desk, *new(desk, "Again", str(location), "--passphrase-stdin"), stdin="wrong\n")
    assert words == opened + "The passphrase is wrong."
    words = refused(desk, *new(desk, "Again", str(location)))
    assert words == opened + "The repository is encrypted: enter its passphrase."
    assert refused(desk, "repo", "edit", "Enc", "--passcommand", "echo wrong") == opened + "The passphrase is wrong."
    assert refused(desk, "repo", "edit", "Enc", "--location", str(desk.source)).startswith("The repository")
    shown = desk.here("repo", "show", "Enc", "--json").json
    assert (shown["location"], shown["passcommand"], shown["has_passphrase"]) == (str(location), None, True)
    assert desk.here("run", "Enc").code == 0, "the right one is still there"


def test_a_source_that_is_gone(desk: BorgDesk) -> None:
    gone = desk.folder / "gone"
    answer = desk.here(
        "repo", "add", "X", "--location", str(desk.folder / "x"), "--source", str(gone), "--init", "none"
    )
    assert answer.code == 0
    assert answer.said[0] == (
        f"{gone} does not exist at the moment. A run without it backs up the rest and ends with a warning."
    )
    desk.add_script("stop")
    desk.add_script("start")
    desk.assign("X", "stop", Hook.PRE_BACKUP)
    desk.assign("X", "start", Hook.POST_BACKUP)
    answer = desk("run", "X")
    assert answer.code == 2
    assert (
        answer.out == f"Backup of X failed. “{gone}” does not exist. A disk may not be mounted. Nothing was backed up. "
        "“start” ran afterwards.\n"
    )
    assert desk.journal == ["stop", "start"]


_NO_BORG = f"Borg is not installed (looked for “/no/borg”). {how_to_install()}"
_TOO_OLD = "Borg 1.1.17 is too old. BorgDesk needs Borg 1.2 or 1.4."


@pytest.mark.parametrize("sentence", [_NO_BORG, _TOO_OLD])
def test_without_a_usable_borg(desk: BorgDesk, sentence: str) -> None:
    desk.add_repository("Docs")
    desk.add_script("stop")
    desk.add_script("start")
    desk.assign("Docs", "stop", Hook.PRE_BACKUP)
    desk.assign("Docs", "start", Hook.POST_BACKUP)
    desk.environment["BORGDESK_BORG"] = (
        "/no/borg" if sentence is _NO_BORG else desk.stub("#!/bin/sh\necho borg 1.1.17\n")
    )
    assert refused(desk, *new(desk, "X", str(desk.folder / "x.borg"), "--init", "none")) == sentence
    assert not (desk.folder / "x.borg").exists()
    answer = desk.here("run", "Docs")
    assert (answer.code, answer.out) == (2, f"Backup of Docs failed. {sentence} “start” ran afterwards.\n")
    assert desk.journal == ["start"], "nothing was stopped"
    demo, empty = desk.folder / "demo", desk.folder / "empty"
    empty.mkdir()
    assert refused(desk, "demo", str(demo)) == sentence
    assert refused(desk, "demo", str(empty)) == sentence
    assert (demo.exists(), list(empty.iterdir())) == (False, [])


@pytest.mark.parametrize("command", ["repo list", "history --json", "run Docs", "recover"])
def test_databases_that_cannot_be_used(shared: BorgDesk, tmp_path: Path, command: str) -> None:
    desk = BorgDesk(tmp_path / "other")
    shutil.copytree(shared.home, desk.home)
    database = desk.home / "data" / "borgdesk.db"
    for name in ("borgdesk.db-wal", "borgdesk.db-shm"):
        database.with_name(name).unlink(missing_ok=True)
    whole = database.read_bytes()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    words = refused(desk, *command.split())
    assert words.startswith(f"The database {database} was written by a newer version of BorgDesk (schema 9999,")
    database.write_bytes(b"not a database" * 100 + whole[1400:])
    spoilt = database.read_bytes()
    words = refused(desk, *command.split())
    assert words.startswith(f"The file {database} is not a database. BorgDesk did not change it.")
    assert database.read_bytes() == spoilt


def test_a_home_that_cannot_be_made(desk: BorgDesk) -> None:
    desk.environment["BORGDESK_HOME"] = str(desk.source / "file.txt")
    words = refused(desk, "repo", "list")
    assert words == f"The folder {desk.source / 'file.txt' / 'config'} cannot be created: Not a directory."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#!/bin/bash\necho \0\n", "The file {} contains NUL bytes: it is not a text file."),
        (b"#!/bin/bash\n\xff\n", "The file {} is not UTF-8 text (line 2)."),
        (b"", "The file {} is empty."),
        (b"# /// borgdesk\n# timeout = 0\n# ///\n",
         "The file {} was not added. In the block, “timeout” must be a whole number of seconds, from 1 to 604800."),
        (b"# /// borgdesk\n# [parameters.PATH]\n# ///\n",
         ("The file {} was not added. PATH cannot be a parameter, because the system, Borg or BorgDesk uses that "
         "variable.")),
    ],
)  # fmt: skip
def test_files_that_cannot_be_scripts(desk: BorgDesk, content: bytes, words: str) -> None:
    file = desk.folder / "bad.sh"
    file.write_bytes(content)
    assert refused(desk, "script", "add", str(file)) == words.format(file)
    script = desk.add_script("good")
    before = desk.here("script", "show", "good", "--json").out
    assert refused(desk, "script", "edit", "good", "--file", str(file), "--name", "other") == words.format(file)
    assert desk.here("script", "show", "good", "--json").out == before, "the name is not changed either"
    assert sorted(path.name for path in Path(script.file_path).parent.iterdir()) == ["good.sh"]


def test_a_file_whose_name_is_no_name(desk: BorgDesk) -> None:
    file = os.fsencode(desk.folder) + b"/b\xff.sh"
    Path(os.fsdecode(file)).write_text("#!/bin/sh\n")
    assert refused(desk, "script", "add", os.fsdecode(file)) == (
        "The file name cannot be used as the name of a script. Use --name."
    )
    assert desk.here("script", "add", os.fsdecode(file), "--name", "b").code == 0


def test_a_state_folder_that_cannot_be_written(desk: BorgDesk) -> None:
    desk.add_script("one")
    (desk.home / "state" / "tests").write_text("in the way")
    words = refused(desk, "script", "test", "one")
    assert words == f"The folder {desk.home}/state/tests/1/state cannot be created: Not a directory."
    assert (desk.journal, desk.workspace.store.executions.unfinished_tests()) == ([], [])


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"#!/bin/sh\r\necho x\r\n", "The file {} had Windows line endings; they were converted to LF."),
        (b"echo x\n", "The file {} has no shebang line, so /bin/bash will run it."),
        (b"#!/no/such/shell\necho x\n",
         "The file {} cannot be run yet. The interpreter /no/such/shell is not installed."),
    ],
)  # fmt: skip
def test_files_that_are_taken_with_a_remark(desk: BorgDesk, content: bytes, remark: str) -> None:
    file = desk.folder / "odd.sh"
    file.write_bytes(content)
    answer = desk.here("script", "add", str(file), "--json")
    assert (answer.code, answer.said[0]) == (0, remark.format(file))
    stored = Path(answer.json["file_path"]).read_bytes()
    assert stored == content.replace(b"\r\n", b"\n")
    code = desk.here("script", "test", "odd")
    if b"/no/such" in content:
        assert (code.code, code.said) == (
            2,
            ["borgdesk: “odd” failed: The interpreter /no/such/shell is not installed."],
        )
    else:
        assert (code.code, code.out) == (0, "x\n")
