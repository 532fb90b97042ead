"""Capture of output: lines, masking, log and history, with constant memory and on a full disk."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.events import Stream
from borgdesk.engine.runs import output_capture
from borgdesk.engine.runs.output_capture import KEPT, LONGEST_LINE, MASK, Capture, HeadTail, Lines, Masker
from borgdesk.engine.runs.output_files import OutputFiles, OutputReader
from borgdesk.engine.runs.run_log import RunLog, Section, stamp

TIMES = re.compile(rb"^\d\d:\d\d:\d\d\.\d\d\d ", re.MULTILINE)

# The mask contains none of these letters, so no mask can form a secret.
letters = "abxyzäß \n\r\t-+$^.*\\()"
secrets = st.lists(st.text(letters, min_size=1, max_size=12), max_size=4)
texts = st.lists(st.text(letters + "eccrst[]", max_size=20), max_size=10)


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def fed(lines: Lines, pieces: list[bytes]) -> list[bytes]:
    whole, last = b"".join(lines.feed(piece) for piece in pieces), lines.flush()
    assert not whole or whole.endswith(b"\n")
    return [*whole.split(b"\n")[:-1], *([last] if last else [])]


@given(secrets, texts, st.lists(st.integers(0, 10_000), max_size=20))
def test_chunks_make_no_difference(hidden: list[str], words: list[str], cuts: list[int]) -> None:
    data = "".join(word + secret for word, secret in zip(words, hidden + [""] * len(words), strict=False)).encode()
    masker = Masker(hidden)
    expected = [masker.mask(line) for line in data.split(b"\n")]
    if not expected[-1]:
        expected.pop()
    assert fed(Lines(masker), chunks(data, cuts)) == expected


@given(
    st.binary(min_size=1, max_size=9).filter(
        lambda secret: secret.isascii() and secret.strip() and b"\n" not in secret
    ),
    st.integers(LONGEST_LINE - 20, 3 * LONGEST_LINE + 20),
    st.lists(st.integers(0, 4 * LONGEST_LINE), max_size=5),
    st.integers(1, 3),
)
def test_chunks_make_no_difference_to_long_lines(secret: bytes, place: int, cuts: list[int], times: int) -> None:
    masker = Masker([secret.decode()])
    data = b"\xff" * place + secret * times + b"\xff" * (LONGEST_LINE // 2) + b"\nnext"
    whole = fed(Lines(masker), [data])
    assert fed(Lines(masker), chunks(data, cuts)) == whole
    assert b"".join(whole[:-1]) == masker.mask(data.split(b"\n")[0])
    assert whole[-1] == masker.mask(b"next")
    assert all(len(line) <= LONGEST_LINE + (times + 1) * len(MASK) for line in whole)


def test_a_secret_that_is_longer_than_the_longest_line() -> None:
    secret = "".join(chr(ord("a") + number % 23) for number in range(2 * LONGEST_LINE))
    data = ("#" * 50_000 + secret + "#" * 50_000).encode()
    for size in (1000, 65_536, len(data)):
        lines = fed(Lines(Masker([secret])), [data[at : at + size] for at in range(0, len(data), size)])
        assert b"".join(lines) == b"#" * 50_000 + MASK + b"#" * 50_000


@given(secrets.filter(lambda hidden: any(secret.strip() for secret in hidden)), texts)
def test_no_secret_is_left(hidden: list[str], words: list[str]) -> None:
    text = " ".join(words) + "".join(hidden) + "#" + "#".join(hidden)
    masked = Masker(hidden).mask_text(text)
    assert not [secret for secret in hidden if secret.strip() and secret in masked]


@pytest.mark.parametrize(
    ("hidden", "text", "masked"),
    [
        ([], "nothing to hide", "nothing to hide"),
        (["", "  ", "\n"], "a  b", "a  b"),
        (["hunter2"], "xhunter2y hunter2", "x[secret]y [secret]"),
        (["hunter2", "hunter2-and-more"], "hunter2-and-more hunter2", "[secret] [secret]"),
        (["secret", "e", "s"], "a secret seed", "a [secret] [secret][secret][secret]d"),
        (["ab\n"], "xaby", "x[secret]y"),
        (["  ab  \n"], "x  ab  y", "x[secret]y"),
        (["-----BEGIN-----\nline one\n}\n-----END-----\n"], "line one } -----END-----", "[secret] } [secret]"),
        (["one line\n    \nother line"], "    indented one line", "    indented [secret]"),
        (["pass.*"], "password pass.*", "password [secret]"),
        (["caf\udce9"], "a caf\udce9 b", "a [secret] b"),
        (["\ud800"], "lone", "lone"),
    ],
)
def test_masking(hidden: list[str], text: str, masked: str) -> None:
    assert Masker(hidden).mask_text(text) == masked


def test_half_a_character_is_no_trouble() -> None:
    assert "[secret]" in Masker(["hunter2"]).mask_text("\ud800 hunter2")


@given(st.lists(st.binary(max_size=60), max_size=30), st.integers(2, 100))
def test_head_and_tail(pieces: list[bytes], limit: int) -> None:
    kept = HeadTail(limit)
    for piece in pieces:
        kept.add(piece)
    data, half = b"".join(pieces), limit // 2
    if len(data) <= 2 * half:
        expected = data
        assert kept.cut == 0
    else:
        kept_bytes = 2 * half
        assert kept.cut == len(data) - kept_bytes
        expected = data[:half] + f"\n[… {kept.cut} bytes left out …]\n".encode() + data[len(data) - half :]
    assert kept.text() == expected.decode("utf-8", "replace").replace("\0", "\ufffd")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RunLog]:
    log = RunLog(tmp_path / "run" / "run.log")
    yield log
    log.close()
    assert log.error is None


def lines_of(count: int, width: int = 10) -> list[bytes]:
    return [b"%0*d\n" % (width - 1, number) for number in range(count)]


MARKED = 30
"""Length in bytes of a log line with ten bytes of text: preceded by a time and the name of its script."""


RECORD = 27
"""Length in bytes of such a line in the unchanged copy, where each has its own record."""


class Printing:
    """A script that prints: its lines are stored, and appear in its section of the log."""

    def __init__(self, log: RunLog, cap: int, name: str = "1") -> None:
        self._output = OutputFiles(log.path.parent, name, cap // 4)
        self._section = Section(log, cap, "Name", self._output)

    def write(self, stream: Stream, lines: bytes, count: int) -> None:
        at = stamp().encode()
        self._output.write(at, stream, lines, count)
        self._section.write(at, stream, lines, count)

    def close(self) -> None:
        self._section.close()
        self._output.close()


NAMED = re.compile(rb"^\d\d:\d\d:\d\d\.\d\d\d Name [|!] ", re.MULTILINE)


def written_to(log: RunLog) -> bytes:
    return NAMED.sub(b"", log.path.read_bytes())


@pytest.mark.parametrize("cap", [100, 400, 1000, 4000])
@pytest.mark.parametrize("count", [0, 1, 3, 10, 11, 99, 100, 101, 400])
@pytest.mark.parametrize("together", [1, 7, 10_000])
def test_a_capped_section_keeps_head_and_tail_in_order(log: RunLog, cap: int, count: int, together: int) -> None:
    section, lines = Printing(log, cap), lines_of(count)
    for turn, start in enumerate(range(0, count, together)):
        piece = lines[start : start + together]
        section.write(list(Stream)[turn % 2], b"".join(piece), len(piece))
    section.close()
    log.write(b"after\n")
    written = written_to(log)
    assert written.endswith(b"after\n")
    kept = written.removesuffix(b"after\n").splitlines(keepends=True)
    notices = [line for line in kept if b"left out" in line]
    kept = [line for line in kept if line not in notices]
    assert len(kept) * MARKED <= cap
    if count * MARKED <= cap // 2 + cap // 4:
        assert (kept, notices) == (lines, [])
    if notices:
        cut = sum(map(len, lines)) - sum(map(len, kept))
        assert TIMES.sub(b"", notices[0]) == (
            f"[… {cut} bytes left out: the log keeps {cap} bytes of a script …]\n".encode()
        )
        head = written.split(notices[0])[0].splitlines(keepends=True)
        tail = kept[len(head) :]
        assert head == lines[: len(head)]
        assert tail == lines[count - len(tail) :]
        assert len(head) == cap // 2 // MARKED
        assert min(cap // 2 // MARKED, cap // 4 // RECORD) <= len(tail) <= cap // 2 // MARKED
    else:
        assert kept == lines


def test_a_line_longer_than_the_cap(log: RunLog) -> None:
    section = Printing(log, 100)
    section.write(Stream.STDOUT, b"first\n" + b"x" * 10_000 + b"\nlast\n", 3)
    section.close()
    seam = "[… 10001 bytes left out: the log keeps 100 bytes of a script …]"
    assert TIMES.sub(b"", written_to(log)).decode() == f"first\n{seam}\nlast\n"


def test_two_sections_follow_each_other(log: RunLog) -> None:
    for name in (b"one", b"two"):
        section = Printing(log, 200, name.decode())
        for number in range(100):
            section.write(Stream.STDOUT, b"%s %d\n" % (name, number), 1)
        section.close()
    names = re.findall(rb"^(one|two) \d+$", written_to(log), re.MULTILINE)
    assert names == sorted(names)
    assert log.path.read_bytes().endswith(b"two 99\n")


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[Stream, tuple[str, ...]]] = []

    def __call__(self, stream: Stream, lines: bytes, count: int) -> None:
        assert lines.endswith(b"\n")
        assert lines.count(b"\n") == count
        self.told.append((stream, tuple(lines[:-1].decode("utf-8", "replace").split("\n"))))

    def text(self) -> str:
        return "".join(line for _, lines in self.told for line in lines)


def test_output_goes_to_the_log_the_listener_and_history(log: RunLog) -> None:
    listener = Listener()
    capture = Capture(log, "Dump", Masker(["hunter2"]), listener, OutputFiles(log.path.parent, "1"))
    capture.feed(Stream.STDOUT, b"one\ntwo hun")
    capture.feed(Stream.STDERR, b"bad \xff\n")
    capture.feed(Stream.STDOUT, b"ter2\n\nend")
    capture.close()
    assert TIMES.sub(b"", log.path.read_bytes()) == (
        b"Dump | one\nDump ! bad \xff\nDump | two [secret]\nDump | \nDump | end\n"
    )
    assert len(TIMES.findall(log.path.read_bytes())) == 5, "each line begins with its time"
    assert listener.told == [
        (Stream.STDOUT, ("one",)),
        (Stream.STDERR, ("bad \ufffd",)),
        (Stream.STDOUT, ("two [secret]", "")),
        (Stream.STDOUT, ("end",)),
    ]
    assert capture.kept(Stream.STDOUT) == "one\ntwo [secret]\n\nend"
    assert capture.kept(Stream.STDERR) == "bad \ufffd\n"
    assert not capture.truncated


SECRETS = ("correct horse battery", "first line of key\nsecond line of key\n", "ünïcode")


@given(st.lists(st.integers(0, 400_000), max_size=12), st.integers(0, LONGEST_LINE))
def test_a_secret_is_nowhere_however_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], offset: int
) -> None:
    log, listener = RunLog(tmp_path_factory.mktemp("secret") / "run.log"), Listener()
    capture = Capture(log, "Dump", Masker(SECRETS), listener, OutputFiles(log.path.parent, "1"))
    data = b"".join(
        b"." * (LONGEST_LINE - offset) + secret.encode() + b"." * offset + secret.encode() + b"\n" for secret in SECRETS
    )
    for chunk in chunks(data, cuts):
        capture.feed(Stream.STDOUT, chunk)
    capture.close()
    log.close()
    raw = b"".join(lines for _, lines, _ in OutputReader(log.path.parent, "1").read(10_000).chunks).decode()
    everywhere = (log.path.read_text(), listener.text(), capture.kept(Stream.STDOUT), raw)
    for secret in ("correct horse battery", "first line of key", "second line of key", "ünïcode"):
        assert [secret in place for place in everywhere] == [False, False, False, False]
    assert all("[secret]" in place for place in everywhere)
    log.path.unlink()


def test_history_keeps_head_and_tail_of_each_stream_and_says_so(log: RunLog) -> None:
    capture = Capture(log, "Dump", Masker([]), Listener(), OutputFiles(log.path.parent, "1"))
    for number in range(0, 60_000, 100):
        capture.feed(Stream.STDOUT, b"".join(b"line %06d\n" % line for line in range(number, number + 100)))
    capture.feed(Stream.STDERR, b"short\n")
    capture.close()
    assert capture.truncated
    kept = capture.kept(Stream.STDOUT)
    assert kept.startswith("line 000000\n")
    assert kept.endswith("line 059999\n")
    assert "bytes left out …]" in kept
    assert KEPT <= len(kept.encode()) <= KEPT + 100
    assert capture.kept(Stream.STDERR) == "short\n"
    assert log.path.read_bytes().count(b"\n") == 60_001, "the log keeps more"


def test_the_log_is_the_owners_and_grows_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run" / "run.log"
    for text in ("first", "second"):
        log = RunLog(path)
        log.line(text)
        log.close()
    assert TIMES.sub(b"", path.read_bytes()) == b"first\nsecond\n"
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_log_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "run.log").mkdir()
    log = RunLog(tmp_path / "run.log")
    log.line("lost")
    log.close()
    assert isinstance(log.error, IsADirectoryError)


def flood(log: RunLog) -> Capture:
    capture = Capture(log, "Dump", Masker([]), Listener(), OutputFiles(log.path.parent, "1"))
    for number in range(3000):
        capture.feed(Stream.STDOUT, b"line %06d %s\n" % (number, b"x" * 80))
    capture.close()
    log.line("== the end")
    log.close()
    return capture


def test_a_device_that_is_always_full(tmp_path: Path) -> None:
    (tmp_path / "run.log").symlink_to("/dev/full")
    log = RunLog(tmp_path / "run.log")
    capture = flood(log)
    assert log.error is not None
    assert log.error.strerror == "No space left on device"
    assert capture.kept(Stream.STDOUT).endswith("line 002999 " + "x" * 80 + "\n"), "history has it all the same"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=3", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_becomes_full(small_disk: Path) -> None:
    log = RunLog(small_disk / "run.log")
    flood(log)
    assert log.error is not None
    assert TIMES.sub(b"", log.path.read_bytes()).startswith(b"Dump | line 000000 ")


def test_a_disk_that_becomes_full_while_the_tail_is_kept(small_disk: Path) -> None:
    """The head fits, the tail does not: neither its bytes nor its number of files."""
    log = RunLog(small_disk / "run.log")
    section = Printing(log, 200_000)
    for line in lines_of(30_000):
        section.write(Stream.STDOUT, line, 1)
    section.close()
    log.close()
    assert b"000000000\n" in log.path.read_bytes()


def test_no_more_than_the_constants_say() -> None:
    assert (output_capture.KEPT, output_capture.LOG_CAP) == (256 * 1024, 64 * 1024 * 1024)


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (b"", ""),
        (b"one\ntwo\n\n  \n", "two"),
        (b"\x1b[31mCannot connect\x1b[0m\tto it\n", "Cannot connect to it"),
        (b"x" * 500, "x" * 199 + "…"),
    ],
)
def test_last_words(tmp_path: Path, printed: bytes, words: str) -> None:
    log = RunLog(tmp_path / "run.log")
    capture = Capture(log, "Stop", Masker(()), lambda *_: None, OutputFiles(tmp_path, "1"))
    capture.feed(Stream.STDOUT, b"all is well\n")
    capture.feed(Stream.STDERR, printed)
    capture.close()
    assert capture.last_words() == words
    log.close()
