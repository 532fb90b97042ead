from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from borgdesk.domain.errors import Changed, InUse, InvalidInput, NotFound, ScriptUnreadable
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, Hook, RunOn, Trigger
from borgdesk.domain.script import MAX_SCRIPT_BYTES, AssignmentPlace, Details, NewScript, Script, sha256_of
from borgdesk.paths import Paths
from borgdesk.store.library_names import file_names
from borgdesk.store.store import Store
from tests.store.samples import ME, T0, planned

TEXT = b"#!/bin/sh\necho hello\n"


def library(paths: Paths) -> dict[str, bytes]:
    """Return every file in the library folder, including hidden ones."""
    found = (path for path in paths.library.rglob("*") if path.is_file())
    return {path.relative_to(paths.library).as_posix(): path.read_bytes() for path in found}


class TestAdding:
    def test_a_file_and_a_row(self, store: Store, paths: Paths) -> None:
        added = store.scripts.add(
            NewScript("  Stop Nextcloud ", TEXT, description=" occ ", timeout=60, run_on=RunOn.parse("failure,success"))
        )
        assert added == Script(
            id=added.id,
            name="Stop Nextcloud",
            file_path=str(paths.library / "stop-nextcloud.sh"),
            description="occ",
            timeout=60,
            run_on=RunOn.parse("success,failure"),
        )
        assert store.scripts.get("Stop Nextcloud") == store.scripts.get(added.id) == added
        assert store.scripts.content(added.id) == TEXT
        assert (paths.library / "stop-nextcloud.sh").stat().st_mode & 0o777 == 0o700
        assert [revision.sha256 for revision in store.revisions.list(added.id)] == [sha256_of(TEXT)]

    def test_line_ends_and_byte_order_mark(self, store: Store) -> None:
        added = store.scripts.add(NewScript("Windows", b"\xef\xbb\xbf#!/bin/sh\r\necho hello\r\n"))
        assert store.scripts.content(added.id) == TEXT

    def test_file_names_are_readable_and_differ(self, store: Store, paths: Paths) -> None:
        (paths.library / "dump-3.sh").write_text("mine")
        names = [store.scripts.add(NewScript(name, TEXT)).file_path for name in ("Dump", "dump", "DUMP", "dump!")]
        assert [Path(name).name for name in names] == ["dump.sh", "dump-2.sh", "dump-4.sh", "dump-5.sh"]
        assert (paths.library / "dump-3.sh").read_text() == "mine"

    def test_a_name_that_only_a_row_has_is_taken_too(self, store: Store) -> None:
        first = store.scripts.add(NewScript("Dump", TEXT))
        Path(first.file_path).unlink()
        assert Path(store.scripts.add(NewScript("dump", TEXT)).file_path).name == "dump-2.sh"

    def test_an_imported_file_keeps_its_name(self, store: Store) -> None:
        added = store.scripts.add(NewScript("Dump", b"print(1)", file_name="Nightly dump.v2.py"))
        assert Path(added.file_path).name == "Nightly dump.v2.py"

    @pytest.mark.parametrize("name", ["../x.sh", "a/b.sh", ".hidden", "x.sh~", "x.partial", "x" * 241, "a\nb"])
    def test_file_names_that_are_not_ours(self, store: Store, paths: Paths, name: str) -> None:
        with pytest.raises(InvalidInput, match="cannot be the name of a file"):
            store.scripts.add(NewScript("Dump", TEXT, file_name=name))
        assert library(paths) == {}

    def test_a_name_is_taken_once(self, store: Store, paths: Paths) -> None:
        store.scripts.add(NewScript("Dump", TEXT))
        with pytest.raises(InvalidInput) as caught:
            store.scripts.add(NewScript(" Dump ", TEXT))
        assert caught.value.sentence == "There is already a script called “Dump”."
        assert list(library(paths)) == ["dump.sh"]

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "name of the script is empty"),
            ({"content": b""}, "is empty"),
            ({"content": b" \n"}, "is empty"),
            ({"content": b"echo \0"}, "NUL"),
            ({"content": b"echo \xe4"}, "not UTF-8"),
            ({"content": b"x" * (MAX_SCRIPT_BYTES + 1)}, "larger than"),
            ({"timeout": 0}, "timeout of 0 s"),
            ({"description": "a\0b"}, "description contains NUL"),
        ],
    )
    def test_impossible_values_leave_nothing(
        self, store: Store, paths: Paths, wrong: dict[str, object], words: str
    ) -> None:
        with pytest.raises(InvalidInput, match=words):
            store.scripts.add(NewScript(**{"name": "Dump", "content": TEXT, **wrong}))  # type: ignore[arg-type]
        assert store.scripts.list() == []
        assert library(paths) == {}

    def test_no_file_is_left_when_the_row_cannot_be_committed(self, store: Store, paths: Paths) -> None:
        with failing_commit(store), pytest.raises(OSError, match="no commit"):
            store.scripts.add(NewScript("Dump", TEXT))
        assert library(paths) == {}
        assert store.scripts.list() == []
        assert Path(store.scripts.add(NewScript("Dump", TEXT)).file_path).name == "dump.sh"

    def test_no_row_is_left_when_the_file_cannot_be_written(self, store: Store, paths: Paths) -> None:
        paths.library.rmdir()
        paths.library.write_text("in the way")
        with pytest.raises(Exception, match="cannot be written"):
            store.scripts.add(NewScript("Dump", TEXT))
        assert store.scripts.list() == []


class failing_commit:  # noqa: N801 - reads as a statement
    """Makes the next commit fail, as when a disk fails between writing the file and its row."""

    def __init__(self, store: Store) -> None:
        with store.database.reading() as session:
            self._engine = session.connection().engine

    def __enter__(self) -> None:
        event.listen(self._engine, "commit", self._fail)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "commit", self._fail)

    @staticmethod
    def _fail(_connection: object) -> None:
        raise OSError("no commit")


class TestFinding:
    def test_digits_are_an_id_first_and_then_a_name(self, store: Store, script: Script) -> None:
        by_number = store.scripts.add(NewScript("2026", TEXT))
        misleading = store.scripts.add(NewScript(str(script.id), TEXT))
        assert store.scripts.get("2026") == by_number
        assert store.scripts.get(str(script.id)) == script
        assert store.scripts.get(misleading.id) == misleading

    @pytest.mark.parametrize("ref", ["stop containers", "", "99", "9" * 30, 0, 99, 10**30])
    def test_what_is_not_there_is_named(self, store: Store, script: Script, ref: int | str) -> None:
        with pytest.raises(NotFound) as caught:
            store.scripts.get(ref)
        assert caught.value.sentence == f"There is no script “{ref}”."

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("", ["Dump", "start web", "Stop web"]),
            ("WEB", ["start web", "Stop web"]),
            ("nightly", ["Dump"]),
            ("stop-web.sh", ["Stop web"]),
            ("%", ["Dump"]),
            ("_", []),
        ],
    )
    def test_search_and_order(self, store: Store, search: str, found: list[str]) -> None:
        store.scripts.add(NewScript("Stop web", TEXT))
        store.scripts.add(NewScript("Dump", TEXT, description="The nightly one, 100 %"))
        store.scripts.add(NewScript("start web", TEXT))
        assert [script.name for script in store.scripts.list(search)] == found

    def test_the_list_is_two_queries_however_long(self, store: Store, documents: Repository) -> None:
        for number in range(5):
            script = store.scripts.add(NewScript(f"S{number}", TEXT))
            store.assignments.add(documents.id, script.id, Hook.POST_RUN)
        selects: list[str] = []
        with store.database.reading() as session:
            engine = session.connection().engine
        event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: selects.append(statement))
        assert [script.used_by for script in store.scripts.list()] == [
            (AssignmentPlace("Documents", Hook.POST_RUN),)
        ] * 5
        assert sum(statement.startswith("SELECT") for statement in selects) == 2


def in_its_place(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


class TestReading:
    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda path: path.unlink(), "is missing"),
            (lambda path: path.write_bytes(b""), "is empty"),
            (lambda path: path.write_bytes(b"\n \n"), "is empty"),
            (lambda path: path.write_bytes(b"x" * (MAX_SCRIPT_BYTES + 1)), "larger than 4 MiB"),
            (in_its_place(Path.mkdir), "not a regular file"),
            (in_its_place(os.mkfifo), "not a regular file"),
            (in_its_place(lambda path: path.symlink_to(path)), "cannot be read"),
        ],
    )
    def test_a_file_that_is_no_script_is_named(
        self, store: Store, script: Script, spoil: Callable[[Path], object], words: str
    ) -> None:
        spoil(Path(script.file_path))
        for read in (store.scripts.content, store.scripts.freeze):
            with pytest.raises(ScriptUnreadable, match=words) as caught:
                read(script.id)
            assert script.file_path in caught.value.sentence

    @pytest.mark.parametrize("content", [b"echo \0", b"echo \xe4"])
    def test_a_file_that_cannot_run_is_named(self, store: Store, script: Script, content: bytes) -> None:
        Path(script.file_path).write_bytes(content)
        with pytest.raises(ScriptUnreadable, match="The script file") as caught:
            store.scripts.freeze(script.id)
        assert script.file_path in caught.value.sentence


class TestSaving:
    def test_the_text_changes_and_nothing_else(self, store: Store, script: Script) -> None:
        assert store.scripts.save(script.id, b"#!/bin/sh\r\necho new\r\n") == script
        assert Path(script.file_path).read_bytes() == b"#!/bin/sh\necho new\n"
        assert Path(script.file_path).stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("content", [b"", b"\0", b"\xff"])
    def test_an_impossible_text_leaves_the_old_one(self, store: Store, script: Script, content: bytes) -> None:
        before = store.scripts.content(script.id)
        with pytest.raises(InvalidInput):
            store.scripts.save(script.id, content)
        assert store.scripts.content(script.id) == before
        assert len(store.revisions.list(script.id)) == 1

    def test_the_old_text_comes_back_when_the_row_cannot_be_committed(
        self, store: Store, script: Script, paths: Paths
    ) -> None:
        before = library(paths)
        with failing_commit(store), pytest.raises(OSError, match="no commit"):
            store.scripts.save(script.id, TEXT)
        assert library(paths) == before
        assert len(store.revisions.list(script.id)) == 1

    def test_a_missing_file_comes_back(self, store: Store, script: Script) -> None:
        Path(script.file_path).unlink()
        store.scripts.save(script.id, TEXT)
        assert store.scripts.content(script.id) == TEXT

    def test_a_linked_file_is_written_where_it_is(self, store: Store, script: Script, tmp_path: Path) -> None:
        elsewhere = tmp_path / "dotfiles" / "stop.sh"
        elsewhere.parent.mkdir()
        Path(script.file_path).rename(elsewhere)
        Path(script.file_path).symlink_to(elsewhere)
        store.scripts.save(script.id, TEXT)
        assert Path(script.file_path).is_symlink()
        assert elsewhere.read_bytes() == TEXT

    def test_unknown_scripts(self, store: Store) -> None:
        with pytest.raises(NotFound):
            store.scripts.save(ScriptId(1), TEXT)
        with pytest.raises(NotFound):
            store.scripts.content(ScriptId(1))


class TestEditing:
    def test_a_new_name_leaves_the_file(self, store: Store, script: Script) -> None:
        edited = store.scripts.edit(script.id, Details("Halt", "d", 9, RunOn.parse("failure")))
        assert (edited.name, edited.file_path) == ("Halt", script.file_path)
        assert (edited.description, edited.timeout, edited.run_on) == ("d", 9, RunOn.parse("failure"))
        assert store.scripts.get("Halt") == edited

    def test_what_is_as_it_was_seen_stays(self, store: Store, script: Script) -> None:
        seen = script.details
        store.scripts.edit(script.id, seen._replace(description="d"), seen=seen)
        assert store.scripts.edit(script.id, seen, seen=seen).description == "d"
        assert store.scripts.edit(script.id, seen._replace(timeout=9), seen=seen).description == "d"

    def test_of_two_writers_of_one_detail_the_second_is_asked(self, store: Store, script: Script) -> None:
        seen = script.details
        store.scripts.edit(script.id, seen._replace(description="d"), seen=seen)
        with pytest.raises(Changed):
            store.scripts.edit(script.id, seen._replace(description="e", timeout=9), seen=seen)
        assert store.scripts.get(script.id).details == seen._replace(description="d")
        edited = store.scripts.edit(script.id, seen._replace(description="e"), seen=seen, over=True)
        assert edited.description == "e"

    def test_impossible_values_change_nothing(self, store: Store, script: Script) -> None:
        store.scripts.add(NewScript("Dump", TEXT))
        with pytest.raises(InvalidInput, match="already"):
            store.scripts.edit(script.id, script.details._replace(description="d", name="Dump"))
        with pytest.raises(InvalidInput, match="timeout"):
            store.scripts.edit(script.id, script.details._replace(name="Other", timeout=-1))
        assert store.scripts.get(script.id) == script
        with pytest.raises(NotFound):
            store.scripts.edit(ScriptId(99), script.details)


class TestRemoving:
    def test_refused_while_assigned_naming_every_repository_and_lane(
        self, store: Store, script: Script, documents: Repository, paths: Paths
    ) -> None:
        photos = store.repositories.add(Repository(RepositoryId(0), "Photos", "/backup/photos"))
        for repository, hook in ((photos, Hook.POST_RUN), (documents, Hook.POST_BACKUP), (documents, Hook.PRE_BACKUP)):
            store.assignments.add(repository.id, script.id, hook)
        store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP)
        with pytest.raises(InUse) as caught:
            store.scripts.remove(script.id)
        assert caught.value.sentence == (
            "The script “Stop containers” is assigned in “Documents” (Before the backup), "
            "“Documents” (After the backup), “Photos” (At the end). Remove it there first."
        )
        assert list(library(paths)) == ["stop-containers.sh"]

    def test_the_file_goes_and_history_stays(
        self, store: Store, script: Script, documents: Repository, paths: Paths
    ) -> None:
        job = store.runs.queue(documents, Trigger.USER, ME, T0)
        store.runs.arm(job.id, T0, [planned(script_id=script.id)])
        Path(script.file_path).write_bytes(b"echo edited outside\n")
        store.scripts.remove(script.id)
        assert library(paths) == {}
        assert store.scripts.list() == []
        (execution,) = store.executions.of_run(job.id)
        assert (execution.planned.name, execution.planned.script_id) == ("Stop containers", None)
        last_text = sha256_of(b"echo edited outside\n")
        assert store.revisions.content(last_text) == b"echo edited outside\n"
        with pytest.raises(NotFound):
            store.scripts.remove(script.id)

    def test_a_missing_file_is_no_obstacle(self, store: Store, script: Script) -> None:
        Path(script.file_path).unlink()
        store.scripts.remove(script.id)
        assert store.scripts.list() == []

    def test_the_file_comes_back_when_the_row_cannot_be_committed(
        self, store: Store, script: Script, paths: Paths
    ) -> None:
        before = library(paths)
        with failing_commit(store), pytest.raises(OSError, match="no commit"):
            store.scripts.remove(script.id)
        assert library(paths) == before
        assert store.scripts.list() == [script]

    def test_an_id_is_never_used_again(self, store: Store, script: Script) -> None:
        store.scripts.remove(script.id)
        assert store.scripts.add(NewScript("New", TEXT)).id > script.id


class TestOutsideEdits:
    def test_files_that_may_be_scripts(self, store: Store, script: Script, paths: Paths) -> None:
        for name in ("lib.sh", "db/dump.py", ".git/hooks/pre-commit", ".hidden.sh", "a.sh~", "b.sh.partial"):
            (paths.library / name).parent.mkdir(parents=True, exist_ok=True)
            (paths.library / name).write_text("true\n")
        (paths.library / "dangling.sh").symlink_to("nowhere")
        assert file_names(paths.library) == ["db/dump.py", "lib.sh", Path(script.file_path).name]

    def test_registering_leaves_the_bytes_alone(self, store: Store, paths: Paths) -> None:
        path = paths.library / "db" / "dump.sh"
        path.parent.mkdir()
        path.write_bytes(b"#!/bin/sh\r\ntrue\r\n")
        script = store.scripts.register(path)
        assert (script.name, script.file_path, script.run_on) == ("dump", str(path), ALWAYS)
        assert path.read_bytes() == b"#!/bin/sh\r\ntrue\r\n"
        assert store.revisions.content(store.scripts.freeze(script.id)) == b"#!/bin/sh\ntrue\n"
        store.scripts.save(script.id, TEXT)
        assert path.read_bytes() == TEXT

    @pytest.mark.parametrize("name", ["/etc/hostname", "../borgdesk.db", ".git/config", "", "a/../../scripts2/x"])
    def test_files_that_cannot_be_registered(self, store: Store, paths: Paths, name: str) -> None:
        (paths.library / ".git").mkdir()
        (paths.library / ".git" / "config").write_text("[core]\n")
        with pytest.raises(InvalidInput, match=r"not in the library folder|is hidden"):
            store.scripts.register(paths.library / name, Details("X"))
        assert store.scripts.list() == []

    def test_a_file_belongs_to_one_script(self, store: Store, script: Script) -> None:
        with pytest.raises(InvalidInput, match="already belongs to the script “Stop containers”"):
            store.scripts.register(Path(script.file_path), Details("Another"))

    def test_missing_and_found_again_under_another_name(self, store: Store, script: Script) -> None:
        old = Path(script.file_path)
        new = old.with_name("halt.sh")
        old.rename(new)
        assert store.scripts.relocate(script.id, new).file_path == str(new)
        assert store.scripts.relocate(script.id, new).file_path == str(new)

    def test_a_script_cannot_move_to_where_there_is_none(self, store: Store, script: Script) -> None:
        other = store.scripts.add(NewScript("Dump", TEXT))
        with pytest.raises(InvalidInput, match="belongs to the script “Dump”"):
            store.scripts.relocate(script.id, Path(other.file_path))
        with pytest.raises(ScriptUnreadable, match="is missing"):
            store.scripts.relocate(script.id, Path(script.file_path).with_name("nothing.sh"))
        with pytest.raises(NotFound):
            store.scripts.relocate(ScriptId(99), Path(script.file_path))
        assert store.scripts.get(script.id) == script

    def test_the_library_can_be_moved(self, store: Store, script: Script, paths: Paths, tmp_path: Path) -> None:
        store.close()
        paths.data.rename(tmp_path / "moved")
        moved = Store(Paths(paths.config, tmp_path / "moved", paths.state, paths.cache))
        moved.open()
        assert moved.scripts.get(script.id).file_path == str(tmp_path / "moved" / "scripts" / "stop-containers.sh")
        assert moved.scripts.content(script.id).endswith(b"docker stop web\n")
        moved.close()
