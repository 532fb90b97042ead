"""Compression, patterns and encryption that Borg accepts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.options import Encryption, check_compression, check_encryption, check_pattern
from borgdesk.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "spec",
    [
        *("none", "lz4", "zstd", "zstd,1", "zstd,22", "zlib,0", "zlib,9", "lzma,9", "auto,zstd,6", "auto,lz4"),
        *("obfuscate,1,none", "obfuscate,110,auto,zstd,3", "obfuscate,250,lz4"),
        *("lzma,0", "obfuscate,6,lz4", "obfuscate,123,lz4", "obfuscate,001,lz4"),
    ],
)
def test_compression(spec: str) -> None:
    assert check_compression(spec) == spec


@pytest.mark.parametrize(
    "spec",
    [
        *("", "zip", "zstd,", "zstd,0", "zstd,23", "zstd,x", "zstd,-1", "zstd,3,4", "zlib,10", "lz4,3", "none,1"),
        *("auto", "auto,", "auto,auto,lz4", "auto,obfuscate,1,lz4", "obfuscate", "obfuscate,7,lz4", "obfuscate,2"),
        *("lzma,10", "zlib,-1", *(f"obfuscate,{number},lz4" for number in (0, 109, 124, 249, 251))),
        *("obfuscate,²,lz4", "obfuscate,1,obfuscate,1,lz4", "LZ4", " lz4", "zstd,٣"),
    ],
)
def test_compression_refuses(spec: str) -> None:
    with pytest.raises(InvalidInput, match="is not a valid compression"):
        check_compression(spec)


@pytest.mark.parametrize(
    "pattern",
    [
        *("*.o", "/home/*/.cache", "fm:a", "sh:**/*.tmp", "sh:[a-z]?", "sh:[", "sh:[!a]", "sh:[^a]", "re:^home/.*"),
        *("pp:/tmp", "pf:/tmp/x", "[z-a]", "a:b", "abc:d", "-x", "sh:[]a]", r"sh:[\d]"),
    ],
)
def test_pattern(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("re:", "empty"),
        ("re:(", "not valid"),
        ("re:[z-a]", "not valid"),
        ("re:a{99999999999}", "not valid"),
        ("sh:x[z-a]", "not valid"),
        ("xy:a", "style"),
        ("12:a", "style"),
        ("a\nb", "characters that no path has"),
        ("a\0b", "characters that no path has"),
        ("a\ud800", "characters that no path has"),
    ],
)
def test_pattern_refuses(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        check_pattern(pattern)


@given(st.text(alphabet="[]!^-\\abz*?", max_size=20))
def test_any_shell_pattern_is_accepted_or_refused_with_a_sentence(text: str) -> None:
    # Borg's own handling of brackets: the result must compile or be refused with a message; nothing else may happen.
    with contextlib.suppress(InvalidInput):
        assert check_pattern("sh:" + text) == "sh:" + text


@pytest.mark.parametrize("mode", list(Encryption))
def test_encryption(mode: Encryption) -> None:
    assert check_encryption(mode.value) is mode
    assert mode.needs_passphrase == (mode.value != "none")


@pytest.mark.parametrize("mode", ["", "repokey-blake3", "aes256-ocb", "NONE"])
def test_encryption_refuses(mode: str) -> None:
    with pytest.raises(InvalidInput, match="repokey-blake2"):
        check_encryption(mode)
