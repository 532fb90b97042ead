"""Stores the raw output of scripts and Borg in files, for viewers in other processes and for later.

Only the newest output is kept, in numbered files of limited size. Each file starts with the number of lines before it,
followed by records: a time, a stream, a number of bytes, and the lines with their line ends.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from borgdesk import private
from borgdesk.domain.events import Stream

SIZE = 16 * 1024 * 1024
"""Bytes after which a new file begins; between one and two of these are kept while output continues."""

STAMP = 12
"""Bytes of "18:44:36.123"."""

_ENOUGH = 4 * 1024 * 1024
"""Bytes kept of the output after the end."""

_HEAD = struct.Struct("<Q")
"""Number of lines before the first one of a file."""

_RECORD = struct.Struct(f"<{STAMP}sBI")
"""Time, stream, and number of bytes."""

_STREAMS = tuple(Stream)
_NUMBER = {stream: number for number, stream in enumerate(_STREAMS)}

Record = tuple[bytes, Stream, bytes, int]
"""Time of day, stream, lines with their line ends, and their number."""

Chunk = tuple[Stream, bytes, int]
"""Stream, lines with their line ends, and their number."""


def outputs_in(folder: Path) -> Path:
    """Return the folder for all output within the folder of a run or test."""
    return folder / "output"


def free_name(folder: Path, wanted: str) -> str:
    """Return an unused name: a repeated execution does not append to its earlier output."""
    name, tries = wanted, 1
    while _numbers(outputs_in(folder), name):
        tries += 1
        name = f"{wanted}-{tries}"
    return name


class OutputFiles:
    """Stores the output of one script. The first file is created with the first output.

    A full disk never stops a run: what cannot be stored is missing here, and :attr:`error` keeps the first error.
    """

    def __init__(self, folder: Path, name: str, size: int = SIZE) -> None:
        self.error: OSError | None = None
        self.count = 0
        """Number of lines so far."""
        self._folder, self._name, self._limit = outputs_in(folder), name, size
        self._number = -1
        self._file: FileIO | None = None
        self._size = size
        """Bytes of the newest file; before there is one, its limit, so that the first write creates it."""

    def resume(self) -> None:
        """Continue the output that another process left under that name."""
        if numbers := _numbers(self._folder, self._name):
            self._number = numbers[-1]
            for first, records in _files(self._folder, self._name, numbers[-1:]):
                self.count = first + sum(count for _, _, _, count in records)

    def write(self, at: bytes, stream: Stream, lines: bytes, count: int) -> None:
        """Store *count* lines printed *at* a time of day, with their line ends."""
        try:
            file = self._file if self._file is not None and self._size < self._limit else self._begin()
            size = _RECORD.size + len(lines)
            if os.writev(file.fileno(), (_RECORD.pack(at, _NUMBER[stream], len(lines)), lines)) != size:
                # Nothing after an incomplete record is readable, so a new file is begun.
                size = self._limit
            self._size += size
        except OSError as error:
            self.error = self.error or error
        self.count += count

    def _begin(self) -> FileIO:
        self._close_file()
        if self._number < 0:
            private.make_folder(self._folder)
        self._number += 1
        self._file = private.anew(_path(self._folder, self._name, self._number))
        self._file.write(_HEAD.pack(self.count))
        self._size = 0
        self._remove(self._number - 2)
        return self._file

    def records(self, line: int) -> Iterator[Record]:
        """Yield what is stored after the first *line* lines."""
        numbers = range(max(0, self._number - 1), self._number + 1)
        for first, records in _files(self._folder, self._name, numbers):
            place = first
            for at, stream, lines, count in records:
                skipped = min(max(0, line - place), count)
                place += count
                if skipped < count:
                    rest = lines.split(b"\n", skipped)[skipped] if skipped else lines
                    yield at, stream, rest, count - skipped

    def close(self) -> None:
        """Finish: there is no more output."""
        if self._file is not None and self._size >= _ENOUGH:
            self._remove(self._number - 1)
        self._close_file()

    def _remove(self, number: int) -> None:
        if number >= 0:
            with contextlib.suppress(OSError):
                _path(self._folder, self._name, number).unlink(missing_ok=True)

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


@dataclass(frozen=True, slots=True)
class Printed:
    """The output since the last read, as far as it is stored."""

    chunks: tuple[Chunk, ...] = ()
    left_out: int = 0
    """Number of lines before these that are lost."""


class OutputReader:
    """Reads the output under one name incrementally from its beginning, while it is written or later."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = outputs_in(folder), name
        self._number = 0
        """Number of the file read last."""
        self._offset = 0
        """Bytes of it that were read."""
        self._seen = 0
        """Number of lines that were read or lost."""

    def read(self, most: int) -> Printed:
        """Return the output since the last read, at most its last *most* lines."""
        before, kept = self._seen, 0
        found: deque[Chunk] = deque()
        for number in _numbers(self._folder, self._name):
            if number >= self._number:
                for chunk in self._read_file(number):
                    found.append(chunk)
                    kept += chunk[2]
                    while kept - found[0][2] >= most:
                        kept -= found.popleft()[2]
        if (excess := kept - most) > 0:
            stream, lines, count = found.popleft()
            found.appendleft((stream, lines.split(b"\n", excess)[excess], count - excess))
            kept = most
        return Printed(tuple(found), self._seen - before - kept)

    def _read_file(self, number: int) -> Iterator[Chunk]:
        # A file removed meanwhile counts as empty.
        with contextlib.suppress(OSError), _path(self._folder, self._name, number).open("rb") as file:
            first = _lines_before(file)
            if first is None:
                return
            if number != self._number or self._offset == 0:
                self._seen, self._number, self._offset = max(first, self._seen), number, _HEAD.size
            file.seek(self._offset)
            for _, stream, lines, count in _records(file):
                self._offset += _RECORD.size + len(lines)
                self._seen += count
                yield stream, lines, count


def _files(folder: Path, name: str, numbers: Iterable[int]) -> Iterator[tuple[int, Iterator[Record]]]:
    """Yield the existing files: the number of lines before each, and its records."""
    for number in numbers:
        with contextlib.suppress(OSError), _path(folder, name, number).open("rb") as file:
            first = _lines_before(file)
            if first is not None:
                yield first, _records(file)


def _lines_before(file: BinaryIO) -> int | None:
    head = file.read(_HEAD.size)
    return int(_HEAD.unpack(head)[0]) if len(head) == _HEAD.size else None


def _records(file: BinaryIO) -> Iterator[Record]:
    """Yield complete records; one that is still being written is left out."""
    while len(head := file.read(_RECORD.size)) == _RECORD.size:
        at, stream, size = _RECORD.unpack(head)
        lines = file.read(size)
        if len(lines) < size or stream >= len(_STREAMS):
            return
        yield at, _STREAMS[stream], lines, lines.count(b"\n")


def _numbers(folder: Path, name: str) -> list[int]:
    """Return the numbers of the files of a name, oldest first."""
    endings = (path.name.removeprefix(f"{name}.") for path in folder.glob(f"{name}.*"))
    return sorted(int(ending) for ending in endings if ending.isdecimal())


def _path(folder: Path, name: str, number: int) -> Path:
    return folder / f"{name}.{number}"
