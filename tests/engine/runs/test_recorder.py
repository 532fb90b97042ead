"""Recorder: history that cannot be written now is written later and in order, without delaying pending scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recorder as module
from borgdesk.engine.runs.recorder import Recorder, patiently
from borgdesk.store.faults import StoreDamaged, StoreLocked
from tests.engine.desk import wait_until


class History:
    """Records what was written; while there is *trouble*, writing fails."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.trouble: StoreUnusable | None = None
        self.tries = 0

    def entry(self, name: str) -> Callable[[], None]:
        def write() -> None:
            self.tries += 1
            if self.trouble is not None:
                raise self.trouble
            self.entries.append(name)

        return write

    def mended_after(self, tries: int) -> threading.Thread:
        def mend() -> None:
            wait_until(lambda: self.tries > tries)
            self.trouble = None

        thread = threading.Thread(target=mend)
        thread.start()
        return thread


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def no_respite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESPITE", 0.0)
    monkeypatch.setattr(module, "_PAUSE", 0.01)


def test_what_can_be_written_is_written_at_once(history: History) -> None:
    recorder = Recorder()
    recorder.write(history.entry("one"))
    assert history.entries == ["one"]
    assert recorder.trouble is None
    assert recorder.flush(0)


@pytest.mark.usefixtures("no_respite")
def test_what_cannot_be_written_comes_first_as_soon_as_it_can(history: History) -> None:
    recorder = Recorder()
    history.trouble = StoreUnusable("full")
    recorder.write(history.entry("one"))
    recorder.write(history.entry("two"))
    assert recorder.trouble is history.trouble
    assert not recorder.flush(0)
    history.trouble = None
    recorder.write(history.entry("three"))
    assert history.entries == ["one", "two", "three"]
    assert recorder.trouble is None


def test_after_a_failed_try_a_run_does_not_wait_for_each_entry(history: History) -> None:
    recorder = Recorder()
    history.trouble = StoreLocked("locked")
    for name in ("one", "two", "three"):
        recorder.write(history.entry(name))
    recorder.hold(history.entry("four"), lambda: None)
    recorder.release()
    assert history.tries == 1
    history.trouble = None
    assert recorder.flush(0)
    assert history.entries == ["one", "two", "three", "four"]


def test_what_was_put_aside_is_not_tried_at_once(history: History) -> None:
    recorder = Recorder()
    recorder.put_aside(history.entry("claim"))
    recorder.write(history.entry("one"))
    assert history.entries == []
    assert recorder.flush(0)
    assert history.entries == ["claim", "one"]


def test_a_defect_loses_one_entry_and_no_more(history: History, caplog: pytest.LogCaptureFixture) -> None:
    def defect() -> None:
        raise ZeroDivisionError

    recorder = Recorder()
    recorder.write(defect)
    recorder.write(history.entry("one"))
    assert history.entries == ["one"]
    assert recorder.trouble is None
    assert "an entry of history was lost" in caplog.text


def test_what_is_held_is_written_and_told_with_the_next_entry(history: History) -> None:
    recorder = Recorder()
    recorder.hold(history.entry("one"), lambda: history.entries.append("told one"))
    assert history.entries == []
    recorder.write(history.entry("two"))
    assert history.entries == ["one", "two", "told one"]
    recorder.release()
    assert history.entries == ["one", "two", "told one"], "it is told once"
    recorder.hold(history.entry("three"), lambda: history.entries.append("told three"))
    recorder.release()
    assert history.entries[3:] == ["three", "told three"]


@pytest.mark.usefixtures("no_respite")
def test_what_is_held_is_told_though_it_cannot_be_written(history: History) -> None:
    recorder, told = Recorder(), list[str]()
    history.trouble = StoreUnusable("full")
    recorder.hold(history.entry("one"), lambda: told.append("one"))
    recorder.release()
    assert told == ["one"]


def test_what_is_held_can_be_written_before_there_is_time_to_tell(history: History) -> None:
    recorder = Recorder()
    recorder.hold(history.entry("one"), lambda: history.entries.append("told one"))
    recorder.write_held()
    assert history.entries == ["one"]
    recorder.release()
    assert history.entries == ["one", "told one"], "it is written once"


class Together:
    """Counts what was written in one transaction."""

    def __init__(self) -> None:
        self.times = 0
        self.error: Exception | None = None

    def __call__(self) -> AbstractContextManager[None]:
        return self._together()

    @contextmanager
    def _together(self) -> Iterator[None]:
        self.times += 1
        yield
        if self.error is not None:
            raise self.error


def test_entries_that_wait_together_are_written_together(history: History) -> None:
    together = Together()
    recorder = Recorder(together)
    recorder.write(history.entry("one"))
    assert together.times == 0, "there is only one of them"
    recorder.hold(history.entry("two"), lambda: None)
    recorder.write(history.entry("three"))
    assert (together.times, history.entries) == (1, ["one", "two", "three"])
    assert recorder.flush(0)
    assert history.entries == ["one", "two", "three"]


def test_where_they_cannot_be_written_together_each_is_tried(history: History) -> None:
    together = Together()
    together.error = StoreUnusable("full")
    recorder = Recorder(together)
    recorder.hold(history.entry("one"), lambda: None)
    history.entries.clear()
    recorder.write(history.entry("two"))
    # What was written before the transaction failed was rolled back.
    assert history.entries[2:] == ["one", "two"]
    assert recorder.trouble is None


@pytest.mark.usefixtures("no_respite")
def test_a_success_together_ends_the_trouble(history: History) -> None:
    recorder = Recorder(Together())
    history.trouble = StoreUnusable("full")
    recorder.write(history.entry("one"))
    recorder.write(history.entry("two"))
    history.trouble = None
    assert recorder.flush(0)
    assert recorder.trouble is None
    assert history.entries == ["one", "two"]


@pytest.mark.usefixtures("no_respite")
def test_last_words_are_tried_again_for_a_while(history: History) -> None:
    recorder = Recorder()
    history.trouble = StoreLocked("locked")
    recorder.write(history.entry("one"))
    locker = history.mended_after(3)
    assert recorder.flush()
    locker.join()
    assert history.entries == ["one"]


@pytest.mark.usefixtures("no_respite")
def test_a_damaged_database_is_not_waited_for(history: History) -> None:
    recorder = Recorder()
    history.trouble = StoreDamaged("no database")
    recorder.write(history.entry("one"))
    assert not recorder.flush(), "though there is time"
    assert history.tries == 2


@pytest.mark.usefixtures("no_respite")
def test_in_the_background_it_is_tried_for_ever(history: History) -> None:
    recorder = Recorder()
    history.trouble = StoreUnusable("full")
    recorder.write(history.entry("one"))
    recorder.flush_later()
    wait_until(lambda: history.tries > 3)
    history.trouble = None
    wait_until(lambda: history.entries == ["one"])


def test_before_anything_was_stopped_a_locked_database_is_waited_for(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    history.trouble = StoreLocked("locked")
    locker = history.mended_after(2)
    patiently(history.entry("one"), Cancel())
    locker.join()
    assert history.entries == ["one"]


def test_whoever_does_not_want_to_wait_need_not(history: History) -> None:
    history.trouble = StoreLocked("locked")
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(StoreLocked):
        patiently(history.entry("one"), cancel)
    assert history.tries == 1


def test_a_minute_is_enough(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_BEFORE", 0.0)
    history.trouble = StoreLocked("locked")
    with pytest.raises(StoreLocked):
        patiently(history.entry("one"), Cancel())
    assert history.tries == 1


def test_what_waiting_does_not_mend_is_told_at_once(history: History) -> None:
    history.trouble = StoreUnusable("full")
    with pytest.raises(StoreUnusable):
        patiently(history.entry("one"), Cancel())
    assert history.tries == 1
