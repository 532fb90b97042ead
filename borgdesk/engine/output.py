"""What a program prints: lines, with secrets masked, to the log, to whoever listens and, in part, to history.

Memory stays flat whatever is printed: a line, a head and a tail a stream are all that is held.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import IO

from borgdesk.domain.events import Stream

KEPT = 256 * 1024
"""Bytes of a stream that history keeps, half of them its head and half its tail."""

LOG_CAP = 64 * 1024 * 1024
"""Bytes of a script's output that the log keeps, half of them its head and half its tail."""

LONGEST_LINE = 64 * 1024
"""Bytes after which a line without an end is handed on in pieces."""

MASK = b"[secret]"

_TELLING = 4
"""Characters from which on a single line of a longer secret is masked too; below, it would hide every "}" of a key."""


class Masker:
    """Replaces known secrets, and every line of those that have several, wherever they stand in a line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        pieces: set[str] = set()
        for secret in filter(str.strip, secrets):
            lines = [line for line in secret.splitlines() if line.strip()]
            pieces.add(secret)
            pieces.update(line for line in lines if len(line) >= _TELLING or len(lines) == 1)
        encoded = sorted(map(_encoded, pieces), key=len, reverse=True)
        # All at once, the longest first: one after the other, a short one would be found in the masks of the others.
        self._secret = re.compile(b"|".join(map(re.escape, encoded))) if encoded else None
        self.overlap = max(map(len, encoded), default=1) - 1
        """How many bytes at the end of an unfinished line may be the beginning of a secret."""

    def mask(self, text: bytes | bytearray) -> bytes:
        """*text* without the secrets."""
        return bytes(text) if self._secret is None else self._secret.sub(MASK, text)

    def mask_text(self, text: str) -> str:
        """*text* without the secrets."""
        return self.mask(_encoded(text)).decode("utf-8", "surrogateescape")

    def cut(self, text: bytes | bytearray, at: int) -> int:
        """Where to cut *text*, at *at* or so far behind it that no secret is cut through.

        It is certain where at least :attr:`overlap` bytes follow *at*, whatever comes after them.
        """
        for match in self._secret.finditer(text) if self._secret else ():
            if match.end() > at:
                return match.end() if match.start() < at else at
        return at


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a character, which no program can print: all that matters is that nothing fails.
        return text.encode("utf-8", "surrogatepass")


class HeadTail:
    """The head and the tail of what went through, and how much fell out between them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.cut = 0
        """Bytes left out."""

    def add(self, data: bytes) -> None:
        """Take in more."""
        room = self._limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= self._limit:
            self._drop(len(self._tail[0]))
            self._tail.popleft()
        if (excess := self._tail_size - self._limit) > 0:
            self._drop(excess)
            self._tail[0] = self._tail[0][excess:]

    def _drop(self, size: int) -> None:
        self._tail_size -= size
        self.cut += size

    def text(self) -> str:
        """Head and tail as text, with a line between them that says what was cut."""
        tail = b"".join(self._tail)
        seam = f"\n[… {self.cut} bytes left out …]\n".encode() if self.cut else b""
        return (bytes(self._head) + seam + tail).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


class Lines:
    """Cuts one stream into lines, holding back what is not finished. How it comes in chunks makes no difference."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that *chunk* completes, without their ends."""
        first, *others = chunk.split(b"\n")
        lines = self._begin(first)
        if others:
            lines.append(self._end())
            *whole, last = others
            for line in whole:
                if len(line) > LONGEST_LINE:
                    lines += [*self._begin(line), self._end()]
                else:
                    lines.append(self._masker.mask(line))
            lines += self._begin(last)
        return lines

    def _begin(self, text: bytes) -> list[bytes]:
        """Go on with a line; what is handed on of it already, because it is too long.

        As much as may be the beginning of a secret stays behind.
        """
        self._rest += text
        pieces: list[bytes] = []
        while len(self._rest) > LONGEST_LINE + self._masker.overlap:
            cut = self._masker.cut(self._rest, LONGEST_LINE)
            pieces.append(self._masker.mask(self._rest[:cut]))
            del self._rest[:cut]
        return pieces

    def flush(self) -> list[bytes]:
        """The last line, if it had no end."""
        return [self._end()] if self._rest else []

    def _end(self) -> bytes:
        rest, self._rest = self._rest, bytearray()
        return self._masker.mask(rest)


class RunLog:
    """The log file of a run, one line after the other, each with its time and who said it.

    A log that cannot be written (the disk is full) never stops a run: :attr:`error` keeps the first reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: OSError | None = None
        self._file: IO[bytes] | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as error:
            self.error = error

    def write(self, data: bytes) -> None:
        """Append finished lines."""
        if self._file is None:
            return
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self.error = self.error or error

    def line(self, text: str) -> None:
        """Append a line of our own, with its time."""
        self.write(f"{stamp()} {text}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file; nothing is lost, every line was flushed."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.error = self.error or error


def stamp() -> str:
    """The local time of day as log lines begin with it."""
    return datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]


class CappedSection:
    """One script's part of the log: its head goes there at once, its tail when the script has ended."""

    def __init__(self, log: RunLog, cap: int) -> None:
        self._log = log
        self._cap = cap
        self._room = cap // 2
        self._spill = _Spill(log.path, cap // 4)

    def write(self, data: bytes) -> None:
        """Append finished lines."""
        head = _whole_lines(data, self._room)
        if head:
            self._room -= len(head)
            self._log.write(head)
        if len(head) < len(data):
            self._room = 0
            self._spill.write(data[len(head) :])

    def close(self) -> None:
        """Append the tail, and say how much was left out before it."""
        if self._spill.cut:
            self._log.line(f"[… {self._spill.cut} bytes left out: the log keeps {self._cap} bytes of a script …]")
        self._spill.move_to(self._log)


def _whole_lines(data: bytes, room: int) -> bytes:
    """As many of the lines in *data* as *room* bytes hold."""
    return data if len(data) <= room else data[: data.rfind(b"\n", 0, max(room, 0)) + 1]


class _Spill:
    """The last lines written, between *size* bytes and twice as many, in two files that take turns."""

    def __init__(self, log: Path, size: int) -> None:
        self._older, self._newer = (log.with_name(f"{log.name}.{age}") for age in ("older", "newer"))
        self._size = max(size, 1)
        self._older_size = self._newer_size = 0
        self._file: FileIO | None = None
        self.cut = 0
        """Bytes that are gone."""

    def write(self, data: bytes) -> None:
        """Take in lines. What a full disk does not take counts as cut."""
        while data:
            piece = _whole_lines(data, self._size - self._newer_size)
            if not piece and self._newer_size > 0:
                self._rotate()
                continue
            piece = piece or data[: self._size]
            self.cut += len(piece) - self._append(piece)
            data = data[len(piece) :]

    def _append(self, piece: bytes) -> int:
        try:
            if self._file is None:
                self._file = FileIO(self._newer, "w")
            written = self._file.write(piece)
        except OSError:
            return 0
        self._newer_size += written
        return written

    def _rotate(self) -> None:
        self._close()
        self.cut += self._older_size
        self._older_size, self._newer_size = self._newer_size, 0
        try:
            self._newer.replace(self._older)
        except OSError:
            self.cut += self._older_size
            self._older_size = 0

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()

    def move_to(self, log: RunLog) -> None:
        """Append what is kept to the log, and be empty again. A dead process may have left files of these names."""
        self._close()
        try:
            for path, size in ((self._older, self._older_size), (self._newer, self._newer_size)):
                if size:
                    with path.open("rb") as kept:
                        while chunk := kept.read(1 << 20):
                            log.write(chunk)
                path.unlink(missing_ok=True)
        except OSError as error:
            log.error = log.error or error


class Capture:
    """Everything that becomes of one program's output: log, listeners, and head and tail for history."""

    def __init__(self, log: RunLog, name: str, masker: Masker, tell: Callable[[Stream, tuple[str, ...]], None]) -> None:
        self._section = CappedSection(log, LOG_CAP)
        self._tell = tell
        self._lines = {stream: Lines(masker) for stream in Stream}
        self._kept = {stream: HeadTail(KEPT) for stream in Stream}
        self._prefix = {
            Stream.STDOUT: f" {name} | ".encode(),
            Stream.STDERR: f" {name} ! ".encode(),
        }

    def feed(self, stream: Stream, chunk: bytes) -> None:
        """Take in what the program printed."""
        self._take(stream, self._lines[stream].feed(chunk), b"\n")

    def close(self) -> None:
        """The program has ended: take in lines without an end, and finish its part of the log."""
        for stream in Stream:
            self._take(stream, self._lines[stream].flush(), b"")
        self._section.close()

    def _take(self, stream: Stream, lines: list[bytes], end: bytes) -> None:
        if not lines:
            return
        prefix = stamp().encode() + self._prefix[stream]
        self._section.write(b"".join(prefix + line + b"\n" for line in lines))
        self._kept[stream].add(b"\n".join(lines) + end)
        self._tell(stream, tuple(line.decode("utf-8", "replace") for line in lines))

    def kept(self, stream: Stream) -> str:
        """What history keeps of *stream*."""
        return self._kept[stream].text()

    @property
    def truncated(self) -> bool:
        """Whether history keeps less than was printed."""
        return any(kept.cut for kept in self._kept.values())
