"""What a program prints: lines, with secrets masked, to the log, to whoever listens and, in part, to history.

Memory stays flat whatever is printed: a line, a head and a tail a stream are all that is held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
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
            pieces.add(secret)
            pieces.update(line for line in secret.splitlines() if len(line) >= _TELLING)
        self._secrets = sorted((piece.encode() for piece in pieces), key=len, reverse=True)
        self.overlap = max(map(len, self._secrets), default=1) - 1
        """How many bytes at the end of an unfinished line may be the beginning of a secret."""

    def mask(self, text: bytes) -> bytes:
        """*text* without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def mask_text(self, text: str) -> str:
        """*text* without the secrets."""
        return self.mask(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


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
    """Cuts one stream into lines, holding back what is not finished."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that *chunk* completes, without their ends."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            # What may be the beginning of a secret stays behind until its end is here too.
            masked = self._masker.mask(self._rest)
            cut = len(masked) - self._masker.overlap
            lines.append(masked[:cut])
            self._rest = masked[cut:]
        return [self._masker.mask(line) for line in lines]

    def flush(self) -> list[bytes]:
        """The last line, if it had no end."""
        rest, self._rest = self._rest, b""
        return [self._masker.mask(rest)] if rest else []


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

    def __init__(self, log: RunLog, cap: int = LOG_CAP) -> None:
        self._log = log
        self._half = cap // 2
        self._head = 0
        self._spill = _Spill(log.path.with_name(log.path.name + ".tail"), self._half)

    def write(self, data: bytes) -> None:
        """Append finished lines."""
        if self._head < self._half:
            self._head += len(data)
            self._log.write(data)
        else:
            self._spill.write(data)

    def close(self) -> None:
        """Append the tail, and say how much was left out before it."""
        cut = self._spill.cut
        if cut:
            self._log.line(f"[… {cut} bytes left out: the log keeps {2 * self._half} bytes of a script …]")
        self._spill.move_to(self._log)


class _Spill:
    """The last *size* bytes written, or up to twice as many, in two files that take turns."""

    def __init__(self, path: Path, size: int) -> None:
        self._paths = (path.with_suffix(".older"), path.with_suffix(".newer"))
        self._size = size
        self._older = self._newer = 0
        self._file: IO[bytes] | None = None
        self._lost = 0

    @property
    def cut(self) -> int:
        """Bytes that are gone."""
        return self._lost

    def write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._paths[1].open("wb")
            if self._newer >= self._size:
                self._rotate()
            self._file.write(data)
            self._newer += len(data)
        except OSError:
            self._lost += len(data)

    def _rotate(self) -> None:
        assert self._file is not None
        self._file.close()
        self._lost += self._older
        self._paths[1].replace(self._paths[0])
        self._older, self._newer = self._newer, 0
        self._file = self._paths[1].open("wb")

    def move_to(self, log: RunLog) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
            for path in self._paths:
                if path.exists():
                    with path.open("rb") as kept:
                        while chunk := kept.read(1 << 20):
                            log.write(chunk)
                    path.unlink()
        except OSError as error:
            log.error = log.error or error


class Capture:
    """Everything that becomes of one program's output: log, listeners, and head and tail for history."""

    def __init__(self, log: RunLog, name: str, masker: Masker, tell: Callable[[Stream, tuple[str, ...]], None]) -> None:
        self._section = CappedSection(log)
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
