"""Rules and hints for new passphrases."""

from __future__ import annotations

import pytest

from borgdesk.borg.passphrase import LONGEST, Quality, check_new_passphrase, quality_of, remarks_on
from borgdesk.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "passphrase", ["x", " with spaces ", "Straße – 写真", "x" * LONGEST, '"$(echo)`\\', "--option"],
    ids=["short", "spaces", "not ASCII", "longest", "shell", "option"],
)  # fmt: skip
def test_accepted(passphrase: str) -> None:
    check_new_passphrase(passphrase)


@pytest.mark.parametrize(
    ("passphrase", "problem"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("one\ntwo", "contains a line break", id="line"),
        pytest.param("one\r", "contains a line break", id="carriage return"),
        pytest.param("one\0two", "contains a line break or another", id="NUL"),
        pytest.param("one\ttwo", "contains a line break or another", id="tab"),
        pytest.param("one\u2028two", "contains a line break", id="line separator"),
        pytest.param("\udcff", "another character that cannot be typed", id="not UTF-8"),
        pytest.param("x" * (LONGEST + 1), "has 1001 characters; 1000 are the most", id="long"),
    ],
)
def test_refused(passphrase: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        check_new_passphrase(passphrase)


@pytest.mark.parametrize(
    ("passphrase", "quality"),
    [
        ("", Quality.WEAK),
        ("password", Quality.WEAK),
        ("a" * 40, Quality.WEAK),
        ("abcdefghijklmnopqrstuvwxyz0123456789", Quality.WEAK),
        ("correct horse", Quality.WEAK),
        ("horse horse horse horse horse", Quality.WEAK),
        ("correct horse battery staple", Quality.FAIR),
        ("correct horse battery staple orange", Quality.GOOD),
        ("x7#Kq9!mWz2$Lp4&Rt", Quality.GOOD),
    ],
)
def test_quality(passphrase: str, quality: Quality) -> None:
    assert quality_of(passphrase) is quality


def test_remarks() -> None:
    assert remarks_on("correct horse") == []
    assert remarks_on(" x") == ["It begins or ends with a space, which is easily lost when it is written down."]
    assert remarks_on("é") == ["It has letters that other keyboards may lack."]
