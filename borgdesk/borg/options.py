"""Validates the values that users give for Borg's options.

Borg rejects most bad values itself, but with a usage message or, in 1.2.4, with a bare traceback and the exit code of a
warning. Checking them here allows a proper error message.
"""

from __future__ import annotations

import re
import warnings
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import is_encodable
from borgdesk.translation import _

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
    """Return the encryption mode of that name.

    Raises:
        InvalidInput: Borg 1.x has no such mode.
    """
    try:
        return Encryption(mode)
    except ValueError:
        raise InvalidInput(
            _("“{mode}” is not an encryption mode. Use one of {modes}.").format(mode=mode, modes=", ".join(Encryption))
        ) from None


def check_compression(spec: str) -> str:
    """Return the specification for ``--compression`` if Borg accepts it.

    Levels that Borg silently ignores (``lz4,3``) and ``auto`` within ``auto`` are rejected too. ``obfuscate,250`` needs
    Borg 1.4.

    Raises:
        InvalidInput: it is not a compression; the message names the invalid part.
    """
    first, _comma, rest = spec.partition(",")
    if first == "obfuscate":
        number, _comma, inner = rest.partition(",")
        if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) not in _OBFUSCATIONS:
            raise InvalidInput(
                _(
                    "“{spec}” is not a valid compression: obfuscate takes 1 to 6, 110 to 123 or 250, "
                    "followed by another compression."
                ).format(spec=spec)
            )
        if inner.partition(",")[0] == "obfuscate":
            raise InvalidInput(
                _("“{spec}” is not a valid compression: obfuscate cannot be given twice.").format(spec=spec)
            )
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
            _(
                "“{spec}” is not a valid compression. Use none, lz4, zstd, zlib or lzma, with a level as "
                "in “zstd,6”, or with “auto,” before it."
            ).format(spec=spec)
        )
    if not comma:
        return
    levels = _LEVELS[name]
    if levels is None:
        raise InvalidInput(_("“{spec}” is not a valid compression: {name} has no levels.").format(spec=spec, name=name))
    lowest, highest = levels
    if not re.fullmatch(r"[0-9]{1,2}", level) or not lowest <= int(level) <= highest:
        raise InvalidInput(
            _(
                "“{spec}” is not a valid compression: the level of {name} must be between {lowest} and {highest}."
            ).format(spec=spec, name=name, lowest=lowest, highest=highest)
        )


def check_pattern(pattern: str) -> str:
    """Return an exclude pattern if Borg accepts it.

    Styles are ``fm:`` (the default), ``sh:``, ``re:``, ``pp:`` and ``pf:``. A pattern that Borg has to compile is
    compiled here first, because Borg 1.2.4 answers a malformed one with a traceback and exit code 1.

    Raises:
        InvalidInput: it is empty, of an unknown style, or does not compile.
    """
    style, body = _split_style(pattern, "fm")
    if not body.strip():
        raise InvalidInput(_("An exclude pattern is empty."))
    if "\0" in pattern or "\n" in pattern or not is_encodable(pattern):
        raise InvalidInput(
            _("The exclude pattern {pattern!r} contains characters that no path has.").format(pattern=pattern)
        )
    if problem := _problem(style, body):
        raise InvalidInput(
            _("The exclude pattern “{pattern}” is not valid: {error}.").format(pattern=pattern, error=problem)
        )
    return pattern


def compile_pattern(pattern: str, default_style: str) -> None:
    """Check a pattern of a patterns file, which has *default_style* unless it names another.

    Raises:
        InvalidInput: it is of an unknown style, empty, or does not compile.
    """
    style, body = _split_style(pattern, default_style)
    if not body.strip():
        raise InvalidInput(_("The pattern “{pattern}” is empty.").format(pattern=pattern))
    if problem := _problem(style, body):
        raise InvalidInput(_("The pattern “{pattern}” is not valid: {error}.").format(pattern=pattern, error=problem))


def check_style(style: str, line: str) -> str:
    """Return the pattern style of that name, which *line* asks for.

    Raises:
        InvalidInput: Borg has no such style.
    """
    if style not in _PATTERN_STYLES:
        raise InvalidInput(
            _("“{line}” does not name a pattern style. After P, use one of {styles}.").format(
                line=line, styles=", ".join(_PATTERN_STYLES)
            )
        )
    return style


def _problem(style: str, body: str) -> Exception | None:
    """Return why a pattern does not compile; None if it does."""
    expressions = [body] if style == "re" else _bracket_expressions(body) if style == "sh" else []
    for expression in expressions:
        try:
            with warnings.catch_warnings():
                # Python warns that some bracket expressions may change their meaning; they are fine today.
                warnings.simplefilter("ignore", FutureWarning)
                re.compile(expression)
        except (re.error, OverflowError, RecursionError) as error:
            return error
    return None


def _split_style(pattern: str, default: str) -> tuple[str, str]:
    """Split off the style. Borg takes any two letters or digits and a colon for one, known or not."""
    if pattern[2:3] != ":" or not pattern[:2].isalnum():
        return default, pattern
    style = pattern[:2]
    if style not in _PATTERN_STYLES:
        raise InvalidInput(
            _(
                "“{style}:” in “{pattern}” is not a pattern style. Use {styles}, or "
                "“fm:{pattern}” to match it literally."
            ).format(style=style, pattern=pattern, styles=", ".join(s + ":" for s in _PATTERN_STYLES))
        )
    return style, pattern[3:]


def _bracket_expressions(pattern: str) -> list[str]:
    """Return the character classes of a ``sh:`` pattern as regular expressions: only they may fail to compile."""
    expressions = []
    for match in re.finditer(r"\[(!?\]?[^\]]*)\]", pattern):
        content = match[1].replace("\\", "\\\\")
        content = "^" + content[1:] if content.startswith("!") else re.sub(r"\A\^", r"\\^", content)
        expressions.append(f"[{content}]")
    return expressions
