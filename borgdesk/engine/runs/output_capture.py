"""Processes the output of programs: splits lines, masks secrets, and passes them to log, listeners and history.

Memory use is bounded, whatever is printed: only the current line and, per stream, a head and a tail are held. Work is
done per chunk of many lines, and none for lines that nobody will see: programs print gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from borgdesk import logs
from borgdesk.domain.characters import readable
from borgdesk.domain.events import Stream
from borgdesk.engine.runs.output_files import OutputFiles
from borgdesk.engine.runs.run_log import RunLog, Section, stamp

KEPT = 256 * 1024
"""Bytes of a stream kept in the history, half of them its head and half its tail."""

_LAST_WORDS = 2000
"""Characters at the end of a stream in which the last words are searched."""

_LONGEST_WORDS = 200
"""Characters of the last words that fit into a sentence."""

_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

LOG_CAP = 64 * 1024 * 1024
"""Bytes of a script's output kept in the log, half of them its head and half its tail."""

LONGEST_LINE = 64 * 1024
"""Bytes after which an unfinished line is passed on in pieces."""

MASK = b"[secret]"

_TELLING = 4
"""Minimum length of a line of a multi-line secret to be masked on its own; shorter ones would hide every "}" of a
key."""


class Masker:
    """Replaces known secrets, and every line of multi-line ones, anywhere in a line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        pieces: set[str] = set()
        secrets = [secret for secret in secrets if secret.strip()]
        logs.hide(secrets)
        for secret in secrets:
            lines = [line for line in secret.splitlines() if line.strip()]
            pieces.add(secret)
            pieces.update(line for line in lines if len(line) >= _TELLING or len(lines) == 1)
        encoded = sorted(map(_encoded, pieces), key=len, reverse=True)
        self._secret = _any_of(encoded)
        in_a_line = [piece for piece in encoded if b"\n" not in piece]
        self._in_a_line = [(_rarest(piece), piece) for piece in in_a_line]
        self._secret_in_a_line = _any_of(in_a_line)
        self.overlap = max(map(len, encoded), default=1) - 1
        """Number of bytes at the end of an unfinished line that may be the beginning of a secret."""

    def mask(self, text: bytes | bytearray) -> bytes:
        """Return *text* with secrets masked."""
        return bytes(text) if self._secret is None else self._secret.sub(MASK, text)

    def mask_lines(self, lines: bytes) -> bytes:
        """Return complete lines, each masked on its own."""
        # A substring search for a few words is ten times as fast as a regular expression, and a search for one
        # character is ten times as fast again; it suffices where output has few different ones, such as progress dots.
        if self._secret_in_a_line is None or not any(rare in lines and word in lines for rare, word in self._in_a_line):
            return lines
        return self._secret_in_a_line.sub(MASK, lines)

    def mask_text(self, text: str) -> str:
        """Return *text* with secrets masked."""
        return self.mask(_encoded(text)).decode("utf-8", "surrogateescape")

    def cut(self, text: bytes | bytearray, at: int) -> int:
        """Return where to cut *text*: at *at*, or later if that would split a secret.

        The result is reliable if at least :attr:`overlap` bytes follow *at*, whatever comes after them.
        """
        for match in self._secret.finditer(text) if self._secret else ():
            if match.end() > at:
                return match.end() if match.start() < at else at
        return at


def _any_of(pieces: Sequence[bytes]) -> re.Pattern[bytes] | None:
    """Match all at once, the longest first: one after the other, a short one would be found in the masks of others."""
    return re.compile(b"|".join(map(re.escape, pieces))) if pieces else None


_FREQUENT = {character: place for place, character in enumerate(b" etaoinsrhldcumfpgwy.-0125:/bvk")}
"""The most frequent characters of output, in descending order."""


def _rarest(piece: bytes) -> int:
    """Return the character of a secret that output is least likely to contain."""
    return max(piece, key=lambda character: _FREQUENT.get(character, len(_FREQUENT)))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate, which no program can print; it only must not raise an error.
        return text.encode("utf-8", "surrogatepass")


class HeadTail:
    """Keeps the head and the tail of a stream, and counts the bytes dropped between them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._went_through = 0

    def add(self, data: bytes) -> None:
        """Add data."""
        self._went_through += len(data)
        room = self._limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if len(data) >= self._limit:
            self._tail[:] = data[len(data) - self._limit :]
        else:
            self._tail += data
            # Only now and then, since deleting from the front takes time.
            if len(self._tail) > 2 * self._limit:
                del self._tail[: len(self._tail) - self._limit]

    @property
    def cut(self) -> int:
        """Number of bytes dropped."""
        return max(0, self._went_through - len(self._head) - self._limit)

    def text(self) -> str:
        """Return head and tail as text, with a line between them that says how much was dropped."""
        tail = bytes(self._tail[max(0, len(self._tail) - self._limit) :])
        seam = f"\n[… {self.cut} bytes left out …]\n".encode() if self.cut else b""
        return (bytes(self._head) + seam + tail).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


class Lines:
    """Splits one stream into lines, independent of its chunks, and holds back the unfinished one."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """Return the lines completed by *chunk*, masked, with their line ends.

        An overlong line is returned in several pieces with a line end each.
        """
        if len(chunk) <= LONGEST_LINE:
            return self._feed(chunk)
        return b"".join(self._feed(chunk[at : at + LONGEST_LINE]) for at in range(0, len(chunk), LONGEST_LINE))

    def _feed(self, chunk: bytes) -> bytes:
        first, last = chunk.find(b"\n") + 1, chunk.rfind(b"\n") + 1
        if not first:
            return self._begin(chunk)
        if not self._rest:
            # No line in it is too long, since the whole is not longer than a line may be.
            whole = self._masker.mask_lines(chunk[:last])
        else:
            begun = self._begin(chunk[: first - 1])
            whole = begun + self._end() + b"\n" + self._masker.mask_lines(chunk[first:last])
        return whole + self._begin(chunk[last:])

    def _begin(self, text: bytes) -> bytes:
        """Continue an unfinished line; return the pieces that are passed on because it is too long.

        The bytes that may be the beginning of a secret are held back.
        """
        self._rest += text
        pieces: list[bytes] = []
        while len(self._rest) > LONGEST_LINE + self._masker.overlap:
            cut = self._masker.cut(self._rest, LONGEST_LINE)
            pieces += (self._masker.mask(self._rest[:cut]), b"\n")
            del self._rest[:cut]
        return b"".join(pieces)

    def flush(self) -> bytes:
        """Return the last line, without a line end since it had none."""
        return self._end() if self._rest else b""

    def _end(self) -> bytes:
        rest, self._rest = self._rest, bytearray()
        return self._masker.mask(rest)


TakeLines = Callable[[Stream, bytes, int], None]
"""Called with a stream, complete lines, and their number."""


class Capture:
    """Distributes one program's output: to the log, to listeners, and as head and tail to the history."""

    def __init__(self, log: RunLog, name: str, masker: Masker, tell: TakeLines, output: OutputFiles) -> None:
        self._output = output
        self._section = Section(log, LOG_CAP, name, output)
        self._tell = tell
        self._lines = {stream: Lines(masker) for stream in Stream}
        self._kept = {stream: HeadTail(KEPT) for stream in Stream}

    def feed(self, stream: Stream, chunk: bytes) -> None:
        """Process output of the program."""
        lines = self._lines[stream].feed(chunk)
        if lines:
            self._kept[stream].add(lines)
            self._hand_on(stream, lines)

    def recall(self, stream: Stream, lines: bytes) -> None:
        """Add lines that are already in the log, for the history only."""
        self._kept[stream].add(lines)

    def close(self) -> None:
        """Process unfinished lines after the program has ended, and finish its part of the log."""
        for stream in Stream:
            last = self._lines[stream].flush()
            if last:
                self._kept[stream].add(last)
                self._hand_on(stream, last + b"\n")
        self._section.close()
        self._output.close()

    def _hand_on(self, stream: Stream, lines: bytes) -> None:
        count = lines.count(b"\n")
        at = stamp().encode()
        self._output.write(at, stream, lines, count)
        self._section.write(at, stream, lines, count)
        self._tell(stream, lines, count)

    def kept(self, stream: Stream) -> str:
        """Return what the history keeps of *stream*."""
        return self._kept[stream].text()

    def last_words(self) -> str:
        """Return the last meaningful line of its error output, usually the reason of a failure; may be empty."""
        for line in reversed(_COLOURS.sub("", self.kept(Stream.STDERR)[-_LAST_WORDS:]).splitlines()):
            if words := " ".join(readable(line, " ").split()):
                return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"
        return ""

    @property
    def truncated(self) -> bool:
        """Whether the history keeps less than was printed."""
        return any(kept.cut for kept in self._kept.values())
