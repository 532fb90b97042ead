"""The text index of the history: a search with it finds what reading everything finds, whatever happened before."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borgdesk.domain.history import BorgCall, Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, ExecutionStatus, Outcome, RunStatus, Trigger
from borgdesk.paths import Paths
from borgdesk.store import search_file, search_filler
from borgdesk.store.run_filters import Conditions, texts_of_borg_call, texts_of_execution, texts_of_run
from borgdesk.store.search_file import SearchFile
from borgdesk.store.search_filler import TEXTS
from borgdesk.store.store import Store
from borgdesk.translation import English, speak, speak_english
from tests import empty_database
from tests.store.samples import ME, T0, planned

WORDS = (
    "Größe",
    "GRÖSSE 7",
    'a "b" c',
    "x",
    "%_'",
    "NOT (OR)",
    "*near* -",
    "日本語テキスト",
    "\N{FACE WITH TEARS OF JOY}!",
    "İi",
    "ab\ncd",
)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_file, "BLOCK", 4)
    monkeypatch.setattr(search_filler, "BLOCK", 4)
    monkeypatch.setattr(search_filler, "PORTION", 3)
    monkeypatch.setattr(search_filler, "_MOST_CHANGED", 2)


def fill(store: Store) -> None:
    store.search_filler.tidy()
    while store.search_filler.fill():
        pass


def mention(run: Run, needle: str) -> bool:
    """Return whether a run mentions a text, found out without the store."""
    texts = [run.repository, run.archive, run.error, run.note]
    for execution in run.executions:
        texts += [execution.planned.name, execution.reason, execution.stdout, execution.stderr]
    for call in run.borg:
        texts += ["\n".join(error.in_words() for error in call.errors), call.stdout, call.stderr]
    return any(needle.casefold() in one.casefold() for one in texts if one)


def expected(store: Store, needles: Iterable[str]) -> dict[str, list[RunId]]:
    """Return which runs mention each of the texts."""
    runs = [store.runs.get(run.id) for run in store.runs.list(limit=1000)]
    return {needle: [run.id for run in runs if mention(run, needle)] for needle in needles}


def found(store: Store, needle: str, limit: int = 1000) -> list[RunId]:
    return [run.id for run in store.runs.find(Conditions(search=needle), limit)]


def run_with(store: Store, output: str = "", *, over: bool = True) -> Run:
    known = store.repositories.list()
    repository = known[0] if known else store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup"))
    run = store.runs.queue(repository, Trigger.CLI, ME, T0)
    run = store.runs.arm(run.id, T0, [planned("Speak")])
    store.executions.begin(run.executions[0].id, T0)
    if over:
        end(store, run, output)
    return run


def end(store: Store, run: Run, output: str) -> None:
    store.executions.end(run.executions[0].id, ExecutionStatus.SUCCESS, finished_at=T0, stdout=output)
    store.runs.settle(run.id, Outcome.SUCCESS)
    store.runs.finish(run.id, RunStatus.SUCCESS, T0)


@contextmanager
def watched(store: Store) -> Iterator[list[RunId]]:
    """Yield the runs whose texts are read."""
    index, read = store.runs._index, list[RunId]()
    pieces = index.pieces

    def watch(needle: str, low: int, high: int, *others: object) -> object:
        for piece in pieces(needle, low, high, *others):  # type: ignore[arg-type]
            read.extend(map(RunId, range(piece.low, piece.high + 1) if piece.run_ids is None else piece.run_ids))
            yield piece

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "pieces", watch)
        yield read


words = st.one_of(st.sampled_from(WORDS), st.text(st.sampled_from("aAbßSsöÖ%_\"'*\n \U0001f602"), max_size=6))
steps = st.one_of(
    st.tuples(st.just("run"), words),
    st.tuples(st.just("start"), words),
    st.tuples(st.just("end"), words),
    st.tuples(st.just("note"), words),
    st.tuples(st.just("borg"), words),
    st.tuples(st.just("again"), words),
    st.tuples(st.just("remove"), st.just("")),
    st.tuples(st.just("tidy"), st.just("")),
    st.tuples(st.just("fill"), st.just("")),
)


class Past:
    """Does what may happen to a history."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.under_way: list[Run] = []
        self.over: list[Run] = []

    def take(self, step: str, word: str) -> None:
        getattr(self, step)(word)

    def run(self, word: str) -> None:
        self.over.append(run_with(self.store, word))

    def start(self, word: str) -> None:
        self.under_way.append(run_with(self.store, word, over=False))

    def end(self, word: str) -> None:
        if self.under_way:
            run = self.under_way.pop(0)
            end(self.store, run, word)
            self.over.append(run)

    def note(self, word: str) -> None:
        for run in self.over[-1:]:
            self.store.runs.note(run.id, text(word))

    def borg(self, word: str) -> None:
        for run in self.over[:1]:
            call = BorgCall(BorgStep.CREATE, RunStatus.SUCCESS, T0, T0, 0, stderr=word)
            self.store.borg_calls.put(run.id, call)

    def again(self, word: str) -> None:
        for run in self.over[len(self.over) // 2 :][:1]:
            self.store.executions.still_owed(run.executions[0].id)
            self.store.search_filler.fill()
            self.store.executions.begin(run.executions[0].id, T0, recovered=True)
            end = self.store.executions.end
            end(run.executions[0].id, ExecutionStatus.FAILED, finished_at=T0, reasons=(text(word),))

    def remove(self, _word: str) -> None:
        for run in self.over[:1]:
            self.store.history_removal.remove([run.id])
            self.over.remove(run)

    def tidy(self, _word: str) -> None:
        self.store.search_filler.tidy()

    def fill(self, _word: str) -> None:
        self.store.search_filler.fill()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=st.lists(steps, max_size=14), needle=words)
def test_the_index_finds_what_reading_finds(
    past: list[tuple[str, str]], needle: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    paths = Paths.below(tmp_path_factory.mktemp("past"))
    empty_database.lay(paths)
    store = Store(paths)
    store.open()
    try:
        done = Past(store)
        for step, word in past:
            done.take(step, word)
        needles = {word for _, word in past} | {needle, needle.swapcase(), "ments", "no such text"}
        wanted = expected(store, needles - {""})
        for one, ids in wanted.items():
            assert found(store, one) == ids
            assert found(store, one, 2) == ids[:2]
        fill(store)
        for one, ids in wanted.items():
            assert found(store, one) == ids
    finally:
        store.close()


def test_only_what_may_mention_it_is_read(store: Store) -> None:
    runs = [run_with(store, f"printed {number} needle {'here' if number == 3 else ''}") for number in range(9)]
    fill(store)
    for needle, wanted in (("NEEDLE HERE", [runs[3].id]), ("no such text", []), ("qq", []), ("é", [])):
        with watched(store) as read:
            assert found(store, needle) == wanted
        assert read == wanted


@pytest.mark.parametrize("needle", WORDS)
def test_all_characters_are_plain_text(store: Store, needle: str) -> None:
    runs = [run_with(store, f"before{needle}"), run_with(store, "nothing"), run_with(store, f"{needle}after")]
    fill(store)
    for one in (needle, needle.upper(), needle.lower(), needle.swapcase()):
        with watched(store) as read:
            assert found(store, one) == expected(store, [one])[one]
        if one.casefold() == needle.casefold():
            assert read == [runs[2].id, runs[0].id]


def test_what_is_removed_leaves_the_index(store: Store, paths: Paths) -> None:
    runs = [run_with(store, f"secretive{number}") for number in range(8)]
    fill(store)
    size = entries(paths)
    store.history_removal._pace.count = 8
    store.history_removal.remove([run.id for run in runs])
    fill(store)
    assert (size, entries(paths)) == (8, 0)
    assert b"secretive"[:3] not in paths.history_index.read_bytes()


def entries(paths: Paths) -> int:
    with closing(sqlite3.connect(paths.history_index)) as connection:
        tables = connection.execute("SELECT number FROM blocks").fetchall()
        return sum(
            len(connection.execute(f"SELECT rowid FROM block_{number} WHERE block_{number} MATCH '\"doc\"'").fetchall())
            for (number,) in tables
        )


def test_a_portion_that_fails_is_done_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run_with(store, f"printed {number}") for number in range(6)]
    put, calls = search_file.put_block, list[int]()

    def fail(*arguments: object) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt  # as a kill in the middle: nothing of the portion is kept
        put(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(search_filler, "put_block", fail)
    with pytest.raises(KeyboardInterrupt):
        fill(store)
    assert found(store, "printed") == [run.id for run in reversed(runs)]
    fill(store)
    with watched(store) as read:
        assert found(store, "printed 5") == [runs[5].id]
    assert read == [runs[5].id]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_index_is_made_again(store: Store, paths: Paths, content: bytes) -> None:
    run = run_with(store, "printed")
    fill(store)
    for suffix in ("-wal", "-shm"):
        paths.history_index.with_name(paths.history_index.name + suffix).unlink(missing_ok=True)
    paths.history_index.write_bytes(content)
    assert found(store, "printed") == [run.id]
    fill(store)
    fill(store)
    with watched(store) as read:
        assert found(store, "printed") == [run.id]
        assert found(store, "painted") == []
    assert read == [run.id]
    assert paths.history_index.stat().st_mode & 0o777 == 0o600


def test_without_trigrams_everything_is_read(store: Store, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_filler, "can_index", lambda: False)
    run = run_with(store, "printed")
    store.runs.note(run.id, text("later"))
    fill(store)
    assert not paths.history_index.exists()
    assert (found(store, "printed"), found(store, "later")) == ([run.id], [run.id])
    assert store.search_filler._notes() == {}


def test_a_restored_copy_of_the_database_has_an_index_of_its_own(store: Store, paths: Paths) -> None:
    before = paths.database.with_name("copy")
    run_with(store, "first")
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("VACUUM INTO ?", (str(before),))
    run_with(store, "second")
    fill(store)
    store.close()
    for suffix in ("-wal", "-shm"):
        paths.database.with_name(paths.database.name + suffix).unlink(missing_ok=True)
    before.replace(paths.database)
    store.open()
    other = run_with(store, "third")
    assert found(store, "third") == [other.id]
    fill(store)
    with watched(store) as read:
        assert found(store, "third") == [other.id]
    assert read == [other.id]


def test_sentences_are_found_in_the_language_of_who_searches(store: Store) -> None:
    class Loud(English):
        def gettext(self, message: str, /) -> str:
            return message.replace("script", "PROGRAMM")

    run = run_with(store)
    store.executions.end(
        run.executions[0].id, ExecutionStatus.FAILED, finished_at=T0, reasons=(text("said"),), stdout="said"
    )
    fill(store)
    speak("xx", Loud())
    try:
        assert found(store, "said") == [run.id]
        fill(store)
        with watched(store) as read:
            assert found(store, "no such text") == []
        assert read == []
        with SearchFile(store.search_filler._file.path).reading() as connection:
            assert connection is not None
    finally:
        speak_english()
    with SearchFile(store.search_filler._file.path).reading() as connection:
        assert connection is None
    assert found(store, "said") == [run.id]


def test_a_script_between_two_others_leaves_no_note(store: Store) -> None:
    run_with(store, "printed")
    assert store.search_filler._notes() == {}


def test_what_is_indexed_is_what_is_searched(store: Store) -> None:
    searched = {
        "backup_jobs": texts_of_run(),
        "script_executions": texts_of_execution(),
        "borg_calls": texts_of_borg_call(),
    }
    for table, (_, columns) in TEXTS.items():
        assert re.sub(r"\w+\.", "", ", ".join(str(column) for column in searched[table])) == columns
