from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.events import Stream
from borgdesk.engine.runs.output_files import Chunk, OutputFiles, OutputReader, free_name, outputs_in

OUT, ERR = Stream.STDOUT, Stream.STDERR
MANY = 1_000_000
AT = b"12:00:00.000"


def text(chunks: tuple[Chunk, ...]) -> list[tuple[Stream, bytes]]:
    return [(stream, line) for stream, lines, _ in chunks for line in lines.splitlines()]


def test_both_streams_in_their_order_while_they_are_printed(tmp_path: Path) -> None:
    output, reader = OutputFiles(tmp_path, "7"), OutputReader(tmp_path, "7")
    assert reader.read(MANY).chunks == ()
    output.write(AT, OUT, b"one\ntwo\n", 2)
    output.write(AT, ERR, b"three\n", 1)
    assert reader.read(MANY).chunks == ((OUT, b"one\ntwo\n", 2), (ERR, b"three\n", 1))
    output.write(AT, OUT, b"four\n", 1)
    assert reader.read(MANY).chunks == ((OUT, b"four\n", 1),)
    assert reader.read(MANY).chunks == ()
    output.close()
    assert len(OutputReader(tmp_path, "7").read(MANY).chunks) == 3


chunks_ = st.lists(st.tuples(st.sampled_from(Stream), st.integers(1, 4), st.booleans()), max_size=40)


@given(chunks_, st.integers(1, 120), st.integers(1, 30))
def test_no_line_is_read_twice_and_those_that_are_gone_are_counted(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[Stream, int, bool]], size: int, most: int
) -> None:
    folder = tmp_path_factory.mktemp("output")
    output, reader = OutputFiles(folder, "7", size), OutputReader(folder, "7")
    printed = seen = 0
    for stream, count, is_looked_at in (*written, (OUT, 1, True)):
        lines = b"".join(b"%d\n" % number for number in range(printed, printed + count))
        output.write(AT, stream, lines, count)
        printed += count
        if is_looked_at:
            found = reader.read(most)
            numbers = [int(line) for _, line in text(found.chunks)]
            assert numbers == list(range(seen + found.left_out, printed))
            seen = printed
    output.close()


def test_only_the_newest_files_are_kept(tmp_path: Path) -> None:
    output = OutputFiles(tmp_path, "7", size=1000)
    for number in range(1000):
        output.write(AT, OUT, b"line %04d\n" % number, 1)
    output.close()
    files = sorted(outputs_in(tmp_path).iterdir())
    assert len(files) == 2
    assert 1000 < sum(file.stat().st_size for file in files) < 2100
    printed = OutputReader(tmp_path, "7").read(MANY)
    lines = [line for _, line in text(printed.chunks)]
    assert lines[-1] == b"line 0999"
    assert lines == [b"line %04d" % number for number in range(printed.left_out, 1000)]


def test_only_the_last_lines_are_read(tmp_path: Path) -> None:
    output = OutputFiles(tmp_path, "7")
    for number in range(100):
        output.write(AT, OUT, b"line %d\n" % number, 1)
    printed = OutputReader(tmp_path, "7").read(10)
    assert [line for _, line in text(printed.chunks)] == [b"line %d" % number for number in range(90, 100)]
    assert printed.left_out == 90
    output.write(AT, ERR, b"".join(b"line %d\n" % number for number in range(100)), 100)
    printed = OutputReader(tmp_path, "7").read(3)
    assert printed.chunks == ((ERR, b"line 97\nline 98\nline 99\n", 3),), "also of many that came at once"
    assert printed.left_out == 197
    output.close()


def test_half_a_record_is_not_there_yet(tmp_path: Path) -> None:
    output, reader = OutputFiles(tmp_path, "7"), OutputReader(tmp_path, "7")
    output.write(AT, OUT, b"one\n", 1)
    output.write(AT, OUT, b"two\n", 1)
    output.close()
    (file,) = outputs_in(tmp_path).iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-3])
    assert [line for _, line in text(reader.read(MANY).chunks)] == [b"one"]
    # As after a kill: the next writer appends.
    output = OutputFiles(tmp_path, "7")
    output.resume()
    output.write(AT, ERR, b"three\n", 1)
    output.close()
    assert text(reader.read(MANY).chunks) == [(ERR, b"three")]
    assert text(OutputReader(tmp_path, "7").read(MANY).chunks) == [(OUT, b"one"), (ERR, b"three")]


def test_another_try_has_a_name_of_its_own(tmp_path: Path) -> None:
    assert free_name(tmp_path, "7") == "7"
    for name in ("7", "7-2", "77"):
        output = OutputFiles(tmp_path, name)
        output.write(AT, OUT, b"x\n", 1)
        output.close()
    assert free_name(tmp_path, "7") == "7-3"


def test_output_that_an_older_version_stored_can_be_read(tmp_path: Path) -> None:
    output = OutputFiles(tmp_path, "7")
    output.write(AT, ERR, b"three\n", 1)
    output.close()
    (file,) = outputs_in(tmp_path).iterdir()
    assert file.read_bytes() == bytes(8) + AT + b"\1" + b"\6\0\0\0" + b"three\n"
    assert list(output.records(0)) == [(AT, ERR, b"three\n", 1)]


def test_what_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    outputs_in(tmp_path).write_text("in the way")
    output = OutputFiles(tmp_path, "7")
    output.write(AT, OUT, b"lost\n", 1)
    assert isinstance(output.error, OSError)
    output.close()
    assert OutputReader(tmp_path, "7").read(MANY).chunks == ()
