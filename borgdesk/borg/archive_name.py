"""Templates of archive names: validation, preview, and the pattern that matches the archives made from one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter

from borgdesk.domain.characters import is_readable
from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

TIME_PLACEHOLDERS = ("now", "utcnow")
IDENTITY_PLACEHOLDERS = ("hostname", "fqdn", "reverse-fqdn", "user")
"""Placeholders with the same value in every run of one user on one machine."""
OTHER_PLACEHOLDERS = ("pid", "uuid4", "borgversion", "borgmajor", "borgminor", "borgpatch")
PLACEHOLDERS = (*TIME_PLACEHOLDERS, *IDENTITY_PLACEHOLDERS, *OTHER_PLACEHOLDERS)
"""The placeholders that both Borg 1.2 and 1.4 know (``{unixtime}`` is new in 1.4)."""

_DEFAULT_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
_LONGEST = 200
"""Bytes. Borg uses the name for files in its cache, and fails with an internal error above 255 with suffixes."""
_CHECKPOINT = re.compile(r"\.checkpoint(\.\d+)?\Z")
_EARLY = datetime.fromisoformat("2026-01-02T03:04:05Z")
"""A time with single-digit numbers, to detect formats that pad with spaces."""

_DIGIT = "[0-9]"
_HEXADECIMAL = "[0-9a-f]"
_WIDTHS = {"Y": 4, "G": 4, "f": 6, "j": 3, "u": 1, "w": 1, "s": 10} | dict.fromkeys("mdHMSyIUWVCg", 2)
_DIRECTIVES = {directive: _DIGIT * width for directive, width in _WIDTHS.items()}
_DIRECTIVES["F"] = "{Y}-{m}-{d}".format_map(_DIRECTIVES)
_DIRECTIVES["T"] = "{H}:{M}:{S}".format_map(_DIRECTIVES)
_DIRECTIVES["R"] = "{H}:{M}".format_map(_DIRECTIVES)
_DIRECTIVES["%"] = "%"
# Names of days and months are English: Borg is never started with another locale.
_DIRECTIVES |= dict.fromkeys("abh", "[A-Z][a-z][a-z]") | {"A": "[A-Z]*day", "B": "[A-Z]*", "p": "[AP]M"}
_DIRECTIVES |= dict.fromkeys("ekl", "[ 0-9][0-9]")

_GLOBS = {
    "uuid4": "-".join(_HEXADECIMAL * length for length in (8, 4, 4, 4, 12)),
    "pid": _DIGIT + "*",
    "borgversion": _DIGIT + "*",
    "borgmajor": _DIGIT,
    "borgminor": _DIGIT + ".*",
    "borgpatch": _DIGIT + ".*",
}
"""Patterns for placeholders that change from run to run and have no format of their own."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Literal text and the placeholder after it, if any."""

    literal: str
    name: str | None
    spec: str


class _Time:
    """A time with Borg's formatting: ISO 8601 down to seconds if there is no format."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __format__(self, spec: str) -> str:
        return format(self._moment, spec or _DEFAULT_TIME_FORMAT)


def check_archive_name(template: str) -> str:
    """Return the template if all archive names it produces work with every command of Borg.

    Borg itself accepts almost any name, including ``..``, line breaks and surrounding whitespace, which break later
    commands, mounts and prune; those are rejected here.

    Raises:
        InvalidInput: the sentence says what is wrong.
    """
    name = preview_archive_name(template, _EARLY)
    if not name.strip():
        raise InvalidInput(_("The archive name is empty."))
    if name != name.strip():
        raise InvalidInput(_("The archive name “{template}” begins or ends with a space.").format(template=template))
    if not is_readable(name):
        raise InvalidInput(
            _("The archive name {template!r} contains a line break or another invisible character.").format(
                template=template
            )
        )
    if "/" in name or "::" in name:
        if name == template:
            raise InvalidInput(_("The archive name “{name}” must not contain “/” or “::”.").format(name=name))
        raise InvalidInput(
            _("The archive name “{template}” must not contain “/” or “::”, but it would become “{name}”.").format(
                template=template, name=name
            )
        )
    if name in (".", ".."):
        raise InvalidInput(
            _("“{name}” cannot be an archive name, because Borg also uses it as a folder name.").format(name=name)
        )
    if _CHECKPOINT.search(name):
        raise InvalidInput(_("An archive name must not end in “.checkpoint”, because Borg hides such archives."))
    if len(name.encode()) > _LONGEST:
        raise InvalidInput(_("The archive name is too long. The limit is {limit} bytes.").format(limit=_LONGEST))
    return template


def preview_archive_name(template: str, now: datetime, *, hostname: str = "host", user: str = "user") -> str:
    """Return the predicted name of an archive made at *now* (aware; in local time for ``{now}``).

    Raises:
        InvalidInput: it contains a placeholder or format that Borg would reject.
    """
    tuple(_parts(template))
    values = {
        "now": _Time(now),
        "utcnow": _Time(now.astimezone(UTC)),
        "hostname": hostname,
        "fqdn": hostname,
        "reverse-fqdn": ".".join(reversed(hostname.split("."))),
        "user": user,
        "pid": 1,
        "uuid4": "00000000-0000-4000-8000-000000000000",
        "borgversion": "1.4.0",
        "borgmajor": "1",
        "borgminor": "1.4",
        "borgpatch": "1.4.0",
    }
    try:
        return template.format_map(values)
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            _("“{template}” uses a format that its placeholder does not support: {error}.").format(
                template=template, error=error
            )
        ) from None


def check_placeholders(text: str) -> str:
    """Validate the placeholders in any text in which Borg replaces them, such as a comment.

    Raises:
        InvalidInput: Borg would reject it.
    """
    preview_archive_name(text, _EARLY)
    return text


def series_glob(template: str) -> str:
    """Return the ``--glob-archives`` pattern that matches the archives made from *template*, for prune.

    Several series can share one repository, and pruning the archives of another one loses data, so the pattern is as
    narrow as the template allows:

    * literal text stands for itself; special characters of patterns are put in brackets, braces are doubled;
    * ``{hostname}``, ``{fqdn}``, ``{reverse-fqdn}`` and ``{user}`` are kept, because Borg replaces placeholders in
      patterns too, so that only this machine's and this user's archives match;
    * times become a digit class for every digit (``{now:%Y}`` is four of them), and only what has no fixed width
      becomes ``*``, such as ``%Z``. With a plain ``*``, ``{hostname}-{now}`` would also match the archives of
      ``{hostname}-photos-{now}``;
    * everything else that changes from run to run becomes the narrowest possible pattern, or else ``*``.

    No pattern can be exact, and users and other programs choose names too: see :mod:`borgdesk.borg.series` for two
    templates that overlap, and :func:`borgdesk.engine.runs.retention.apply_retention` for which of the matches are
    pruned.

    After a change of the template, the machine's name or the user, older archives do not match any more and are kept.
    Checkpoints of the series are matched by Borg itself, which adds their suffix. Patterns are of Borg's ``sh:`` kind.
    The result is never empty.

    Raises:
        InvalidInput: :func:`check_archive_name` rejects the template.
    """
    pieces = []
    for part in _parts(check_archive_name(template)):
        pieces.append(literal_glob(part.literal))
        if part.name in TIME_PLACEHOLDERS:
            pieces.append(_time_glob(part.spec or _DEFAULT_TIME_FORMAT))
        elif part.name in IDENTITY_PLACEHOLDERS:
            pieces.append("{" + part.name + (f":{part.spec}" if part.spec else "") + "}")
        elif part.name is not None:
            pieces.append("*" if part.spec else _GLOBS[part.name])
    return "".join(pieces)


def _parts(template: str) -> Iterator[_Part]:
    """Split the template as Borg does, with Python's format syntax."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        raise InvalidInput(
            _("A brace in “{template}” is not closed. To use a literal brace, double it: {{{{ or }}}}.").format(
                template=template
            )
        ) from None
    for literal, name, spec, conversion in fields:
        if name is not None and (name not in PLACEHOLDERS or conversion):
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise InvalidInput(
                _("“{{{name}}}” in “{template}” is not a placeholder. The placeholders are {known}.").format(
                    name=name, template=template, known=known
                )
            )
        if spec and "{" in spec:
            raise InvalidInput(
                _("A placeholder cannot contain another one, as in “{template}”.").format(template=template)
            )
        if spec and re.search(r"[0-9]{4}", spec):
            raise InvalidInput(_("The width of a placeholder in “{template}” is too large.").format(template=template))
        yield _Part(literal, name, spec or "")


def literal_glob(text: str) -> str:
    """Return the ``--glob-archives`` pattern that matches only the archive of that name."""
    special = {"*": "[*]", "?": "[?]", "[": "[[]", "{": "{{", "}": "}}"}
    return "".join(special.get(character, character) for character in text)


def _time_glob(time_format: str) -> str:
    pieces = []
    end = 0
    for match in re.finditer(r"%([-_0^#]?)(.)", time_format, re.DOTALL):
        pieces.append(literal_glob(time_format[end : match.start()]))
        pieces.append("*" if match[1] else _DIRECTIVES.get(match[2], "*"))
        end = match.end()
    pieces.append(literal_glob(time_format[end:]))
    return "".join(pieces)
