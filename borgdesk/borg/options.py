"""Values that people give to Borg: which ones it accepts.

Borg refuses most bad values itself, but with its usage text or, in 1.2.4, with a bare traceback and the exit code of a
warning. So they are checked here, where a sentence can be said about them.
"""

from __future__ import annotations

import re
import warnings
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput

_PATTERN_STYLES = ("fm", "sh", "re", "pp", "pf")
_LEVELS = {"none": None, "lz4": None, "zstd": (1, 22), "zlib": (0, 9), "lzma": (0, 9)}
_OBFUSCATIONS = frozenset({*range(1, 7), *range(110, 124), 250})


class Encryption(StrEnum):
    """The modes of ``borg init --encryption`` in Borg 1.x."""

    REPOKEY_BLAKE2 = "repokey-blake2"
    REPOKEY = "repokey"
    KEYFILE_BLAKE2 = "keyfile-blake2"
    KEYFILE = "keyfile"
    AUTHENTICATED_BLAKE2 = "authenticated-blake2"
    AUTHENTICATED = "authenticated"
    NONE = "none"

    @property
    def needs_passphrase(self) -> bool:
        """Whether Borg asks for a passphrase when it opens such a repository."""
        return self is not Encryption.NONE


def check_encryption(mode: str) -> Encryption:
    """The mode of that name.

    Raises:
        InvalidInput: Borg 1.x has no such mode.
    """
    try:
        return Encryption(mode)
    except ValueError:
        raise InvalidInput(f"“{mode}” is not an encryption mode: use one of {', '.join(Encryption)}.") from None


def check_compression(spec: str) -> str:
    """The specification of ``--compression``, if Borg accepts it.

    Levels that Borg silently ignores (``lz4,3``) and ``auto`` within ``auto`` are refused too. ``obfuscate,250`` needs
    Borg 1.4.

    Raises:
        InvalidInput: it is not a compression; the message names the part that is wrong.
    """
    first, _, rest = spec.partition(",")
    if first == "obfuscate":
        number, _, inner = rest.partition(",")
        if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) not in _OBFUSCATIONS:
            raise InvalidInput(
                f"“{spec}” is not a compression: obfuscate takes 1 to 6, 110 to 123 or 250, then another."
            )
        if inner.partition(",")[0] == "obfuscate":
            raise InvalidInput(f"“{spec}” is not a compression: obfuscate cannot be given twice.")
        check_compression(inner)
    elif first == "auto":
        _check_algorithm(spec, rest)
    else:
        _check_algorithm(spec, spec)
    return spec


def _check_algorithm(spec: str, algorithm: str) -> None:
    name, comma, level = algorithm.partition(",")
    if name not in _LEVELS:
        raise InvalidInput(
            f"“{spec}” is not a compression: use none, lz4, zstd, zlib or lzma, with a level as in “zstd,6”, "
            "or “auto,” before it."
        )
    if not comma:
        return
    levels = _LEVELS[name]
    if levels is None:
        raise InvalidInput(f"“{spec}” is not a compression: {name} has no levels.")
    lowest, highest = levels
    if not re.fullmatch(r"[0-9]{1,2}", level) or not lowest <= int(level) <= highest:
        raise InvalidInput(f"“{spec}” is not a compression: the level of {name} is {lowest} to {highest}.")


def check_pattern(pattern: str) -> str:
    """An exclude pattern, if Borg accepts it.

    Styles are ``fm:`` (the default), ``sh:``, ``re:``, ``pp:`` and ``pf:``. A pattern that Borg would have to compile
    is compiled here first, because Borg 1.2.4 answers a malformed one with a traceback and exit code 1.

    Raises:
        InvalidInput: it is empty, of an unknown style, or does not compile.
    """
    style, body = _split_style(pattern)
    if not body.strip():
        raise InvalidInput("An exclude pattern is empty.")
    if "\0" in pattern or "\n" in pattern:
        raise InvalidInput(f"The exclude pattern “{pattern!r}” contains a line break or a NUL.")
    expressions = [body] if style == "re" else _bracket_expressions(body) if style == "sh" else []
    for expression in expressions:
        try:
            with warnings.catch_warnings():
                # Python announces that some brackets may mean something else one day; today they are fine.
                warnings.simplefilter("ignore", FutureWarning)
                re.compile(expression)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidInput(f"The exclude pattern “{pattern}” is malformed: {error}.") from None
    return pattern


def _split_style(pattern: str) -> tuple[str, str]:
    """Borg takes any two letters or digits and a colon at the start for a style, known or not."""
    if pattern[2:3] != ":" or not pattern[:2].isalnum():
        return "fm", pattern
    style = pattern[:2]
    if style not in _PATTERN_STYLES:
        raise InvalidInput(
            f"“{style}:” in “{pattern}” is not a pattern style: use {', '.join(s + ':' for s in _PATTERN_STYLES)}, "
            f"or “fm:{pattern}” to mean it literally."
        )
    return style, pattern[3:]


def _bracket_expressions(pattern: str) -> list[str]:
    """The character classes of a ``sh:`` pattern as regular expressions: the only parts that may fail to compile."""
    expressions = []
    for match in re.finditer(r"\[(!?\]?[^\]]*)\]", pattern):
        content = match[1].replace("\\", "\\\\")
        content = "^" + content[1:] if content.startswith("!") else re.sub(r"\A\^", r"\\^", content)
        expressions.append(f"[{content}]")
    return expressions
