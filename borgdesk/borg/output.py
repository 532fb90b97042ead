"""Parser for what Borg writes to stderr with ``--log-json``.

Most lines are one JSON object each. Others are not: usage messages, tracebacks, output of ssh and Python, and a
passphrase prompt directly in front of the next object. :class:`OutputReader` takes the bytes as they arrive and drops
none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

LONGEST_LINE = 1 << 20
"""Bytes kept of one line; Borg's longest lines have a few thousand."""

_GLUE_ATTEMPTS = 8
_LARGEST_NUMBER = (1 << 63) - 1
_OUTPUT_LOGGERS = "borg.output."
_PROGRESS_LOGGER = "borg.output.progress"


class Level(StrEnum):
    """Severity of a log message, by Borg's names. A WARNING does not imply that the result is a warning."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def is_error(self) -> bool:
        """Whether the message may explain a failure."""
        return self in (Level.ERROR, Level.CRITICAL)


class PromptKind(StrEnum):
    """The stages of a question, by Borg's message types."""

    QUESTION = "question_prompt"
    RETRY = "question_prompt_retry"
    INVALID_ANSWER = "question_invalid_answer"
    ACCEPTED_DEFAULT = "question_accepted_default"
    ACCEPTED_TRUE = "question_accepted_true"
    ACCEPTED_FALSE = "question_accepted_false"
    ANSWERED_BY_ENVIRONMENT = "question_env_answer"


@dataclass(frozen=True, slots=True)
class ArchiveProgress:
    """Progress of ``borg create``, at most one every 0.2 s. Sizes in bytes."""

    original_size: int
    compressed_size: int
    deduplicated_size: int
    files: int
    path: str
    """The file being read, without the leading slash."""


@dataclass(frozen=True, slots=True)
class ArchiveFinished:
    """All files have been read; the commit follows."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A line of ``borg create --list``: A, M, U, C (changed while being read), E (error) and other statuses of Borg."""

    status: str
    path: str
    """With the leading slash."""


@dataclass(frozen=True, slots=True)
class ProgressMessage:
    """A step of an operation that reports no percentage."""

    message: str
    msgid: str | None = None
    operation: int | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class ProgressPercent:
    """Progress of an operation: *current* of *total*, in units of that operation."""

    message: str
    msgid: str | None = None
    operation: int | None = None
    current: int = 0
    total: int = 0
    finished: bool = False

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None if the total is unknown."""
        if self.finished:
            return 1.0
        return min(max(self.current / self.total, 0.0), 1.0) if self.total > 0 else None


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A log message of Borg."""

    level: Level
    message: str
    name: str = ""
    """Name of the logger. ``root`` carries the output of ssh."""
    msgid: str | None = None
    """Class name of an error; Borg 1.2 has none for warnings."""
    time: float | None = None
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line of output that Borg sends as a log message, e.g. of a list or of statistics."""

    topic: str
    """``list``, ``stats``, ``show-rc``: Borg's logger without ``borg.output.``."""
    message: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question of Borg, or its answer. With ``/dev/null`` as stdin the answer is no."""

    kind: PromptKind
    message: str
    msgid: str
    """Name of the environment variable that answers it: a :class:`borgdesk.borg.environment.Consent`, or another."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A line, or text in front of a JSON object, that is not JSON of Borg."""

    text: str
    cut: bool = False
    """Whether the line was longer than :data:`LONGEST_LINE` and its rest is lost."""


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A JSON object of an unknown type, or without the fields of its type."""

    type: str
    text: str
    """The object as Borg wrote it."""


OutputEvent = (
    ArchiveProgress
    | ArchiveFinished
    | FileStatus
    | ProgressMessage
    | ProgressPercent
    | LogMessage
    | OutputLine
    | Prompt
    | PlainText
    | UnknownMessage
)


class LineSplitter:
    """Splits chunks of any size into lines, with bounded memory. Lines end with LF or CR LF."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._pending: list[bytes] = []
        self._size = 0
        self._cut = False

    def feed(self, chunk: bytes) -> list[tuple[bytes, bool]]:
        """Return the lines completed by *chunk*, without their ends, each with whether it was cut."""
        first, *others = chunk.split(b"\n")
        self._append(first)
        lines = []
        for piece in others:
            lines.append(self._take())
            self._append(piece)
        return lines

    def finish(self) -> list[tuple[bytes, bool]]:
        """Return the last line if it had no end."""
        return [self._take()] if self._size or self._cut else []

    def _append(self, piece: bytes) -> None:
        room = self._longest - self._size
        if len(piece) > room:
            piece = piece[:room]
            self._cut = True
        if piece:
            self._pending.append(piece)
            self._size += len(piece)

    def _take(self) -> tuple[bytes, bool]:
        line, cut = b"".join(self._pending), self._cut
        self._pending, self._size, self._cut = [], 0, False
        return line.removesuffix(b"\r"), cut


class OutputReader:
    """Parses Borg's stderr, in chunks as they are read, into events, in order. Never raises, whatever the bytes."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()

    def feed(self, chunk: bytes) -> list[OutputEvent]:
        """Return the events of the lines completed by *chunk*."""
        return [event for line, cut in self._splitter.feed(chunk) for event in parse_line(line, cut=cut)]

    def finish(self) -> list[OutputEvent]:
        """Return the events of an unfinished last line; call it once at the end of the stream."""
        return [event for line, cut in self._splitter.finish() for event in parse_line(line, cut=cut)]


def parse_line(line: bytes, *, cut: bool = False) -> Iterator[OutputEvent]:
    """Yield the events of one line: none if it is empty, two if an object follows plain text, else one."""
    if not line.strip():
        return
    found = None if cut else _find_object(line)
    if found is None:
        yield PlainText(line.decode("utf-8", "replace"), cut)
        return
    start, content = found
    if start:
        yield PlainText(line[:start].decode("utf-8", "replace"))
    yield _event(content, line, start)


def _find_object(line: bytes) -> tuple[int, dict[str, Any]] | None:
    """Return the position and content of Borg's JSON object, which has a type and ends the line."""
    if not line.endswith(b"}"):
        return None
    for beginning in islice(re.finditer(rb'\{"', line), _GLUE_ATTEMPTS):
        content = _object(line[beginning.start() :])
        if content is not None:
            return beginning.start(), content
    return None


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        return None
    if b"\\ud" in text or b"\\uD" in text:
        return {key: _storable(value) if isinstance(value, str) else value for key, value in content.items()}
    return content


def _storable(text: str) -> str:
    """Replace lone surrogates, which Borg may write for undecodable bytes and which can be neither stored nor shown."""
    return text.encode("utf-8", "replace").decode()


def _event(content: dict[str, Any], line: bytes, start: int) -> OutputEvent:
    kind: str = content["type"]
    try:
        return _READERS[kind](content)
    except (KeyError, TypeError, ValueError, OverflowError):
        return UnknownMessage(_storable(kind), line[start:].decode("utf-8", "replace"))


def _text(content: dict[str, Any], key: str) -> str:
    value = content[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _optional_text(content: dict[str, Any], key: str) -> str | None:
    return None if content.get(key) is None else _text(content, key)


def _number(content: dict[str, Any], key: str) -> int:
    value = content[key]
    if not isinstance(value, int) or abs(value) > _LARGEST_NUMBER:
        raise TypeError(key)
    return value


def _archive_progress(content: dict[str, Any]) -> OutputEvent:
    if content.get("finished"):
        return ArchiveFinished()
    return ArchiveProgress(
        _number(content, "original_size"),
        _number(content, "compressed_size"),
        _number(content, "deduplicated_size"),
        _number(content, "nfiles"),
        _text(content, "path"),
    )


def _file_status(content: dict[str, Any]) -> OutputEvent:
    return FileStatus(_text(content, "status"), _text(content, "path"))


def _progress_message(content: dict[str, Any]) -> OutputEvent:
    finished = bool(content["finished"])
    message = _text(content, "message") if "message" in content or not finished else ""
    return ProgressMessage(message, _optional_text(content, "msgid"), _number(content, "operation"), finished)


def _progress_percent(content: dict[str, Any]) -> OutputEvent:
    msgid, operation = _optional_text(content, "msgid"), _number(content, "operation")
    if content["finished"]:
        return ProgressPercent("", msgid, operation, finished=True)
    return ProgressPercent(
        _text(content, "message"), msgid, operation, _number(content, "current"), _number(content, "total")
    )


def _log_message(content: dict[str, Any]) -> OutputEvent:
    message, name = _text(content, "message"), _text(content, "name")
    if name == _PROGRESS_LOGGER:
        # Borg reports the progress of a nested operation as a log message.
        return ProgressMessage(message)
    if name.startswith(_OUTPUT_LOGGERS):
        return OutputLine(name.removeprefix(_OUTPUT_LOGGERS), message)
    time = content.get("time")
    return LogMessage(
        Level(_text(content, "levelname")),
        message,
        name,
        _optional_text(content, "msgid"),
        float(time) if isinstance(time, int | float) else None,
    )


def _prompt(content: dict[str, Any]) -> OutputEvent:
    return Prompt(PromptKind(content["type"]), _text(content, "message"), _text(content, "msgid"))


_READERS: dict[str, Callable[[dict[str, Any]], OutputEvent]] = {
    "archive_progress": _archive_progress,
    "file_status": _file_status,
    "progress_message": _progress_message,
    "progress_percent": _progress_percent,
    "log_message": _log_message,
    **{kind.value: _prompt for kind in PromptKind},
}
