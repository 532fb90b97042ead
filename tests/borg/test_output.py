"""Parser for Borg's stderr: every type of message, malformed ones, and any chunking."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.output import (
    LONGEST_LINE,
    ArchiveFinished,
    ArchiveProgress,
    FileStatus,
    Level,
    LineSplitter,
    LogMessage,
    OutputEvent,
    OutputLine,
    OutputReader,
    PlainText,
    ProgressMessage,
    ProgressPercent,
    Prompt,
    PromptKind,
    UnknownMessage,
)


def read(content: bytes, size: int | None = None) -> list[OutputEvent]:
    reader = OutputReader()
    step = size or max(len(content), 1)
    chunks = [content[start : start + step] for start in range(0, len(content), step)]
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.finish()


def log(message: str, name: str = "borg.archiver", level: str = "WARNING", **others: object) -> dict[str, object]:
    return {"type": "log_message", "time": 1.5, "message": message, "levelname": level, "name": name, **others}


SIZES = {"original_size": 3, "compressed_size": 2, "deduplicated_size": 1, "nfiles": 4, "path": "tmp/x", "time": 1.5}
PERCENT = {
    "message": "50%",
    "current": 1,
    "total": 2,
    "info": None,
    "operation": 1,
    "msgid": "prune",
    "finished": False,
}
EVENTS: list[tuple[dict[str, object], OutputEvent]] = [
    ({**SIZES, "type": "archive_progress", "finished": False}, ArchiveProgress(3, 2, 1, 4, "tmp/x")),
    ({"time": 1.5, "type": "archive_progress", "finished": True}, ArchiveFinished()),
    ({"type": "file_status", "status": "A", "path": "/tmp/ü"}, FileStatus("A", "/tmp/ü")),
    (
        {"message": "Saving", "operation": 2, "msgid": "cache.commit", "type": "progress_message", "finished": False},
        ProgressMessage("Saving", "cache.commit", 2),
    ),
    (
        {"operation": 2, "msgid": "cache.commit", "type": "progress_message", "finished": True},
        ProgressMessage("", "cache.commit", 2, finished=True),
    ),
    ({**PERCENT, "type": "progress_percent"}, ProgressPercent("50%", "prune", 1, 1, 2)),
    (
        {"operation": 1, "msgid": "prune", "type": "progress_percent", "finished": True},
        ProgressPercent("", "prune", 1, finished=True),
    ),
    (log("x", msgid="Error", level="ERROR"), LogMessage(Level.ERROR, "x", "borg.archiver", "Error", 1.5)),
    (log("x"), LogMessage(Level.WARNING, "x", "borg.archiver", None, 1.5)),
    (log("Saving", "borg.output.progress", "INFO"), ProgressMessage("Saving")),
    (log("", "borg.output.progress", "INFO"), ProgressMessage("")),
    (log("Would prune", "borg.output.list", "INFO"), OutputLine("list", "Would prune")),
    (log("rc 0", "borg.output.show-rc", "INFO"), OutputLine("show-rc", "rc 0")),
]
EVENTS += [
    ({"type": kind.value, "msgid": "BORG_X", "message": "?"}, Prompt(kind, "?", "BORG_X")) for kind in PromptKind
]


@pytest.mark.parametrize(("content", "event"), EVENTS, ids=lambda value: type(value).__name__)
def test_every_type(content: dict[str, object], event: OutputEvent) -> None:
    assert read(json.dumps(content).encode() + b"\n") == [event]


@pytest.mark.parametrize(
    "content",
    [
        {"type": "new_type", "x": 1},
        {"type": "file_status", "status": "A"},
        {"type": "file_status", "status": "A", "path": None},
        {"type": "archive_progress", "finished": False},
        {**PERCENT, "type": "progress_percent", "current": "many"},
        {**PERCENT, "type": "progress_percent", "current": 1 << 70},
        log("x", level="NOTICE"),
        {"type": "progress_message"},
    ],
)
def test_what_is_not_understood_survives(content: dict[str, object]) -> None:
    text = json.dumps(content)
    assert read(text.encode() + b"\n") == [UnknownMessage(str(content["type"]), text)]


@pytest.mark.parametrize(
    "line",
    [
        "plain",
        "{",
        "[1]",
        '{"no": "type"}',
        '{"type": 1}',
        '"text"',
        '{"type": "x"',
        "{" * 3000 + "}",
        '{"a":' * 9000 + "}",
    ],
)
def test_plain_text(line: str) -> None:
    assert read(line.encode() + b"\n") == [PlainText(line)]


def test_empty_lines_are_no_events() -> None:
    assert read(b"\n\r\n  \n\n") == []


def test_carriage_returns_are_not_kept() -> None:
    assert read(b"one\r\ntwo\n") == [PlainText("one"), PlainText("two")]


def test_a_prompt_glued_to_an_object() -> None:
    glued = b"Enter passphrase for key /r: " + json.dumps(log("no", msgid="NoPassphraseFailure")).encode()
    assert read(glued) == [
        PlainText("Enter passphrase for key /r: "),
        LogMessage(Level.WARNING, "no", "borg.archiver", "NoPassphraseFailure", 1.5),
    ]


def test_a_progress_line_glued_to_an_object_whose_type_is_last() -> None:
    glued = b'0 B O 0 B C a{"b/c ' + json.dumps({**SIZES, "type": "archive_progress", "finished": False}).encode()
    assert read(glued) == [PlainText('0 B O 0 B C a{"b/c '), ArchiveProgress(3, 2, 1, 4, "tmp/x")]


@pytest.mark.parametrize(("braces", "understood"), [(0, True), (7, True), (8, False)])
def test_an_object_is_looked_for_behind_a_few_braces_only(braces: int, understood: bool) -> None:
    text, glued = 'a{"' * braces + " ", json.dumps({"type": "file_status", "status": "A", "path": "/b"})
    events: list[OutputEvent] = [PlainText(text), FileStatus("A", "/b")] if understood else [PlainText(text + glued)]
    assert read((text + glued).encode()) == events


@pytest.mark.parametrize(
    ("number", "understood"), [(0, True), (2**63 - 1, True), (1 - 2**63, True), (2**63, False), (-(2**63), False)]
)
def test_numbers_that_fit_into_the_database(number: int, understood: bool) -> None:
    line = json.dumps({**SIZES, "type": "archive_progress", "original_size": number}).encode()
    (event,) = read(line)
    assert isinstance(event, ArchiveProgress) == understood


@pytest.mark.parametrize(
    ("level", "is_error"),
    [
        (Level.DEBUG, False),
        (Level.INFO, False),
        (Level.WARNING, False),
        (Level.ERROR, True),
        (Level.CRITICAL, True),
    ],
)
def test_levels_of_errors(level: Level, is_error: bool) -> None:
    assert level.is_error is is_error


@pytest.mark.parametrize(("time", "kept"), [(2, 2.0), (1.5, 1.5), ("yesterday", None), (None, None)])
def test_a_message_keeps_its_time(time: object, kept: float | None) -> None:
    (event,) = read(json.dumps(log("x", time=time)).encode())
    assert isinstance(event, LogMessage)
    assert event.time == kept


def test_a_line_of_one_mebibyte_is_whole() -> None:
    assert read(b"x" * 1_048_576 + b"\n") == [PlainText("x" * 1_048_576)]


def test_what_a_carriage_return_ends_within_a_line_stays() -> None:
    assert read(b"one\rtwo\r\n") == [PlainText("one\rtwo")]


def test_invalid_utf8_is_shown_as_replacement_characters() -> None:
    assert read(b"caf\xe9\n") == [PlainText("caf\ufffd")]


def test_lone_surrogates_do_not_leave_the_reader() -> None:
    line = json.dumps({"type": "file_status", "status": "A", "path": "/bad\udcff and \U0001f600"}).encode()
    assert read(line) == [FileStatus("A", "/bad? and \U0001f600")]


def test_an_endless_line_is_cut_and_the_next_one_is_read() -> None:
    content = b"x" * (LONGEST_LINE + 5) + b"\nnext\n"
    assert read(content, 65536) == [PlainText("x" * LONGEST_LINE, cut=True), PlainText("next")]


def test_memory_is_bounded_by_the_longest_line() -> None:
    splitter = LineSplitter(longest=10)
    for _ in range(1000):
        assert splitter.feed(b"abc") == []
    assert splitter.finish() == [(b"abcabcabca", True)]
    assert splitter.finish() == []


@pytest.mark.parametrize(
    ("event", "fraction"),
    [
        (ProgressPercent("", current=1, total=4), 0.25),
        (ProgressPercent("", current=9, total=4), 1.0),
        (ProgressPercent("", current=-1, total=4), 0.0),
        (ProgressPercent("", current=3, total=1), 1.0),
        (ProgressPercent("", current=1, total=1), 1.0),
        (ProgressPercent("", total=1), 0.0),
        (ProgressPercent("", current=0, total=0), None),
        (ProgressPercent("", current=1, total=-1), None),
        (ProgressPercent("", current=1), None),
        (ProgressPercent("", finished=True), 1.0),
    ],
)
def test_fraction(event: ProgressPercent, fraction: float | None) -> None:
    assert event.fraction == fraction


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([json.dumps(content).encode() for content, _ in EVENTS]),
        st.sampled_from([b'{"type"', b'Enter: {"type": "x"}', b'{"', b"\r", b'"}', b'\xff{"type": "\\ud800"}']),
    ),
    max_size=12,
)


@given(LINES, st.lists(st.integers(0, 400), max_size=20))
def test_any_chunking_gives_the_same_events(lines: list[bytes], cuts: list[int]) -> None:
    content = b"\n".join(lines)
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    reader = OutputReader()
    events = [event for start, end in itertools.pairwise(edges) for event in reader.feed(content[start:end])]
    assert events + reader.finish() == read(content)


@given(st.lists(st.binary(max_size=30)), st.integers(1, 8))
def test_the_splitter_agrees_with_splitting_the_whole(chunks: list[bytes], longest: int) -> None:
    splitter = LineSplitter(longest)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.finish()
    expected = b"".join(chunks).split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert lines == [(line[:longest].removesuffix(b"\r"), len(line) > longest) for line in expected]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3))
def test_any_value_in_any_field_is_an_event(value: object) -> None:
    for content, _ in EVENTS:
        for key in content:
            line = json.dumps({**content, key: value}).encode()
            events = read(line)
            assert len(events) == 1
            assert repr(events[0]).encode()
