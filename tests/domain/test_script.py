"""Text of a script and its derived properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import (
    MAX_SCRIPT_BYTES,
    NAMES_OF_FACTS,
    Details,
    Script,
    check_name,
    check_timeout,
    file_name_for,
    free_name,
    may_be_text,
    normalized,
    sha256_of,
    shebang,
)


@pytest.mark.parametrize(
    ("content", "stored"),
    [
        (b"#!/bin/sh\necho\n", b"#!/bin/sh\necho\n"),
        (b"#!/bin/sh\r\necho\r\n", b"#!/bin/sh\necho\n"),
        (b"echo 1\recho 2\r", b"echo 1\necho 2\n"),
        (b"\xef\xbb\xbf#!/bin/sh\n", b"#!/bin/sh\n"),
        (b"\xef\xbb\xbf#!/bin/sh\r\n", b"#!/bin/sh\n"),
        (b"echo no end", b"echo no end"),
        ("echo grüße\n".encode(), "echo grüße\n".encode()),
    ],
)
def test_how_a_script_is_stored(content: bytes, stored: bytes) -> None:
    assert normalized(content) == stored
    assert normalized(stored) == stored


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The script is empty."),
        (b" \r\n\t\n", "The script is empty."),
        (b"\xef\xbb\xbf", "The script is empty."),
        (b"echo\0\n", "The script contains NUL bytes: it is not a text file."),
        (b"#!/bin/sh\n\necho caf\xe9\n", "The script is not UTF-8 text (line 3)."),
        (b"#" * (MAX_SCRIPT_BYTES + 1), "The script is larger than 4 MiB; it may not be a script."),
    ],
    ids=["empty", "blank", "mark only", "NUL", "Latin-1", "large"],
)
def test_what_cannot_be_a_script(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalized(content)
    assert str(caught.value) == sentence


def test_the_sentence_names_what_it_is_about() -> None:
    with pytest.raises(InvalidInput, match=r"^The file /x is empty\.$"):
        normalized(b"", "The file /x")


def test_the_largest_script() -> None:
    assert len(normalized(b"#" * MAX_SCRIPT_BYTES)) == 4 * 1024 * 1024


@pytest.mark.parametrize(("beginning", "says"), [(b"", False), (b"echo", True), (b"\x7fELF\0", False), (b"\xff", True)])
def test_what_may_be_text(beginning: bytes, says: bool) -> None:
    assert may_be_text(beginning) is says


@pytest.mark.parametrize(("content", "line"), [(b"\xe9", 1), (b"a\xe9", 1), (b"a\nb\xe9\n", 2)])
def test_the_line_that_is_no_text_is_named(content: bytes, line: int) -> None:
    with pytest.raises(InvalidInput, match=rf"is not UTF-8 text \(line {line}\)\.$"):
        normalized(content)


@given(st.binary())
def test_any_bytes_are_stored_in_form_or_refused(content: bytes) -> None:
    try:
        stored = normalized(content)
    except InvalidInput:
        return
    assert b"\r" not in stored
    assert normalized(stored) == stored


@pytest.mark.parametrize(
    ("content", "argv"),
    [
        (b"echo\n", ("/bin/bash",)),
        (b"# comment\n#!/bin/sh\n", ("/bin/bash",)),
        (b" #!/bin/sh\n", ("/bin/bash",)),
        (b"#!/bin/sh\n", ("/bin/sh",)),
        (b"#!/bin/sh", ("/bin/sh",)),
        (b"#! /bin/sh \t\n", ("/bin/sh",)),
        (b"#!\t/bin/bash\t-e\n", ("/bin/bash", "-e")),
        (b"#!/bin/bash -e -u\n", ("/bin/bash", "-e -u")),
        (b"#!/usr/bin/env python3\n", ("/usr/bin/env", "python3")),
        (b"#!/usr/bin/env -S python3 -u\n", ("/usr/bin/env", "-S python3 -u")),
        (b"#!\n", ("/bin/bash",)),
        (b"#!   \n", ("/bin/bash",)),
        ("#!/opt/größe\u00a0x/sh\n".encode(), ("/opt/größe\u00a0x/sh",)),
    ],
)
def test_the_shebang_as_linux_reads_it(content: bytes, argv: tuple[str, ...]) -> None:
    assert shebang(content) == argv


@pytest.mark.parametrize(
    ("name", "content", "file_name"),
    [
        ("Stop containers", b"#!/bin/bash\n", "stop-containers.sh"),
        ("  Dump /var: now!  ", b"echo\n", "dump-var-now.sh"),
        ("Größe prüfen", b"#!/bin/sh\n", "größe-prüfen.sh"),
        ("report", b"#!/usr/bin/env python3\n", "report.py"),
        ("report.py", b"#!/usr/bin/python3\n", "report.py"),
        ("Tidy", b"#!/usr/bin/perl -w\n", "tidy.pl"),
        ("Tidy", b"#!/usr/bin/ruby\n", "tidy.rb"),
        ("Tidy", b"#!/usr/bin/env node\n", "tidy.js"),
        ("...", b"echo\n", "script.sh"),
        ("../../etc/passwd", b"echo\n", "etc-passwd.sh"),
        ("-rf", b"echo\n", "rf.sh"),
        ("Lamp", b"#!/usr/bin/lua\n", "lamp.lua"),
        ("x" * 120, b"echo\n", "x" * 120 + ".sh"),
        ("x" * 121, b"echo\n", "x" * 120 + ".sh"),
        ("ü" * 61, b"echo\n", "ü" * 60 + ".sh"),
    ],
)
def test_file_names_are_readable(name: str, content: bytes, file_name: str) -> None:
    assert file_name_for(name, content) == file_name


@given(st.text(max_size=200), st.sampled_from([b"echo\n", b"#!/usr/bin/python3\n"]))
def test_file_names_fit_every_file_system(name: str, content: bytes) -> None:
    file_name = file_name_for(name, content)
    assert "/" not in file_name
    assert "\0" not in file_name
    assert not file_name.startswith((".", "-"))
    assert len(file_name.encode()) <= 130
    assert file_name.endswith((".sh", ".py"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (" Stop ", "Stop"),
        ("x" * 120, "x" * 120),
        ("Größe", "Größe"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥"),
        ("نسخه\u200cهای پشتیبان", "نسخه\u200cهای پشتیبان"),
    ],
)
def test_names(name: str, kept: str) -> None:
    assert check_name(name) == kept


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "The name of the script is empty."),
        (" \t", "The name of the script is empty."),
        ("\u200d", "The name of the script is empty."),
        ("x" * 121, "The name of the script is longer than 120 characters."),
        ("a\nb", "The name of the script contains line breaks or control characters."),
        ("a\0b", "The name of the script contains line breaks or control characters."),
        ("a\u202eb", "The name of the script contains line breaks or control characters."),
        ("a\x1b[31mb", "The name of the script contains line breaks or control characters."),
    ],
)
def test_what_is_no_name(name: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("seconds", [1, 300, 7 * 24 * 3600])
def test_timeouts(seconds: int) -> None:
    assert check_timeout(seconds) == seconds


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_what_is_no_timeout(seconds: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_timeout(seconds)
    assert str(caught.value) == f"A timeout of {seconds} s is not possible. It must be between 1 s and 7 days."


def test_revisions_are_named_by_their_bytes() -> None:
    assert sha256_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_what_a_script_is_where_nobody_said_otherwise() -> None:
    plain = Script(ScriptId(1), "Stop", "/library/stop.sh")
    assert (plain.timeout, plain.usage_count, str(plain.run_on)) == (300, 0, "always")
    assert (plain.description, plain.last_result, plain.used_by) == ("", None, ())


def test_all_that_two_editors_can_change_is_marked_for_translation() -> None:
    assert Details._fields == NAMES_OF_FACTS


@pytest.mark.parametrize(
    ("wanted", "taken", "free"),
    [
        ("Stop", (), "Stop"),
        ("Stop", ("Stop",), "Stop 2"),
        ("Stop", ("Stop", "Stop 2", "Stop 4"), "Stop 3"),
        ("n" * 130, (), "n" * 120),
        ("n" * 120, ("n" * 120,), "n" * 118 + " 2"),
        ("n" * 120, ("n" * 120, *("n" * 118 + f" {number}" for number in range(2, 10))), "n" * 117 + " 10"),
    ],
)
def test_a_free_name(wanted: str, taken: tuple[str, ...], free: str) -> None:
    assert free_name(wanted, taken) == free
    assert check_name(free) == free
