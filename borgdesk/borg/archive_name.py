"""The template of archive names: what Borg accepts, what it will look like, and which archives it has made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter

from borgdesk.domain.errors import InvalidInput

TIME_PLACEHOLDERS = ("now", "utcnow")
IDENTITY_PLACEHOLDERS = ("hostname", "fqdn", "reverse-fqdn", "user")
"""Placeholders with the same value in every run of one user on one machine."""
OTHER_PLACEHOLDERS = ("pid", "uuid4", "borgversion", "borgmajor", "borgminor", "borgpatch")
PLACEHOLDERS = (*TIME_PLACEHOLDERS, *IDENTITY_PLACEHOLDERS, *OTHER_PLACEHOLDERS)
"""What Borg 1.2 and 1.4 both know (``{unixtime}`` came with 1.4)."""

_DEFAULT_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
_LONGEST = 200
"""Bytes. Borg uses the name for files of its cache, and fails with an internal error above 255 with suffixes."""
_CHECKPOINT = re.compile(r"\.checkpoint(\.\d+)?\Z")
_EARLY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""A time whose numbers have one digit, so that formats which pad with blanks show it."""

_DIGIT = "[0-9]"
_WIDTHS = {"Y": 4, "G": 4, "f": 6, "j": 3, "u": 1, "w": 1} | dict.fromkeys("mdHMSyIUWV", 2)
_DIRECTIVES = {directive: _DIGIT * width for directive, width in _WIDTHS.items()}
_DIRECTIVES["F"] = "{Y}-{m}-{d}".format_map(_DIRECTIVES)
_DIRECTIVES["T"] = "{H}:{M}:{S}".format_map(_DIRECTIVES)
_DIRECTIVES["R"] = "{H}:{M}".format_map(_DIRECTIVES)
_DIRECTIVES["%"] = "%"


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of literal text and the placeholder after it, if there is one."""

    literal: str
    name: str | None
    spec: str


class _Time:
    """Formats as Borg's own: without a specification it is ISO 8601 down to seconds."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __format__(self, spec: str) -> str:
        return format(self._moment, spec or _DEFAULT_TIME_FORMAT)


def check_archive_name(template: str) -> str:
    """The template, if every archive name it makes is one Borg and the other commands of Borg can live with.

    Borg itself takes almost any name, also ``..``, line breaks and blanks at the ends, which later commands, mounts
    and prune then trip over; those are refused here.

    Raises:
        InvalidInput: a sentence about what is wrong.
    """
    name = preview_archive_name(template, _EARLY)
    if not name.strip():
        raise InvalidInput("The archive name is empty.")
    if name != name.strip():
        raise InvalidInput(f"The archive name “{template}” begins or ends with a blank.")
    if not name.isprintable():
        raise InvalidInput(f"The archive name {template!r} contains a line break or another invisible character.")
    if "/" in name or "::" in name:
        raise InvalidInput(f"The archive name “{template}” must not contain “/” or “::”; it would become “{name}”.")
    if name in (".", ".."):
        raise InvalidInput(f"“{name}” cannot be an archive name, because it must also be the name of a folder.")
    if _CHECKPOINT.search(name):
        raise InvalidInput("An archive name must not end in “.checkpoint”: Borg hides such archives from its lists.")
    if len(name.encode()) > _LONGEST:
        raise InvalidInput(f"The archive name is too long: {_LONGEST} bytes at most.")
    return template


def preview_archive_name(template: str, now: datetime, *, hostname: str = "host", user: str = "user") -> str:
    """The name an archive made at *now* (aware; local time for ``{now}``) would get, as far as it can be foreseen.

    Raises:
        InvalidInput: there is a placeholder or a format in it that Borg would refuse.
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
        raise InvalidInput(f"“{template}” has a format that does not fit its placeholder: {error}.") from None


def check_placeholders(text: str) -> str:
    """Any text in which Borg replaces placeholders, such as a comment.

    Raises:
        InvalidInput: Borg would refuse it.
    """
    preview_archive_name(text, _EARLY)
    return text


def series_glob(template: str) -> str:
    """The ``--glob-archives`` pattern for exactly the archives that *template* has made: what prune may touch.

    Several series can share one repository, and pruning the neighbour's archives loses data, so the pattern is as
    narrow as the template allows:

    * literal text stands for itself; what is special in a pattern is put in brackets, braces are doubled;
    * ``{hostname}``, ``{fqdn}``, ``{reverse-fqdn}`` and ``{user}`` stay, because Borg replaces placeholders in
      patterns too, so that only this machine's and this user's archives match;
    * times become a digit class for every digit (``{now:%Y}`` is four of them) and only what has no fixed width, such
      as ``%A``, becomes ``*``. With a plain ``*``, ``{hostname}-{now}`` would also match the archives of
      ``{hostname}-photos-{now}``;
    * everything else that differs from run to run becomes ``*``.

    So after a change of the template, of the machine's name or of the user, archives made before do not match any
    more: they are kept. Checkpoints of the series are matched by Borg itself, which adds their suffix. Patterns are of
    Borg's ``sh:`` kind. The result is never empty.

    Raises:
        InvalidInput: the template is not one that :func:`check_archive_name` accepts.
    """
    pieces = []
    for part in _parts(check_archive_name(template)):
        pieces.append(_literal(part.literal))
        if part.name in TIME_PLACEHOLDERS:
            pieces.append(_time_glob(part.spec or _DEFAULT_TIME_FORMAT))
        elif part.name in IDENTITY_PLACEHOLDERS:
            pieces.append("{" + part.name + (f":{part.spec}" if part.spec else "") + "}")
        elif part.name is not None:
            pieces.append("*")
    return "".join(pieces)


def _parts(template: str) -> Iterator[_Part]:
    """The template taken apart as Borg does it, with Python's own format syntax."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        raise InvalidInput(f"A brace in “{template}” is not closed; write {{{{ or }}}} for a plain brace.") from None
    for literal, name, spec, conversion in fields:
        if name is not None and (name not in PLACEHOLDERS or conversion):
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise InvalidInput(f"“{{{name}}}” in “{template}” is not a placeholder. Borg knows {known}.")
        if spec and "{" in spec:
            raise InvalidInput(f"A placeholder within a placeholder, as in “{template}”, is not possible.")
        if spec and re.search(r"[0-9]{4}", spec):
            raise InvalidInput(f"The width of a placeholder in “{template}” is too large.")
        yield _Part(literal, name, spec or "")


def _literal(text: str) -> str:
    special = {"*": "[*]", "?": "[?]", "[": "[[]", "{": "{{", "}": "}}"}
    return "".join(special.get(character, character) for character in text)


def _time_glob(time_format: str) -> str:
    pieces = []
    end = 0
    for match in re.finditer(r"%([-_0^#]?)(.)", time_format, re.DOTALL):
        pieces.append(_literal(time_format[end : match.start()]))
        pieces.append("*" if match[1] else _DIRECTIVES.get(match[2], "*"))
        end = match.end()
    pieces.append(_literal(time_format[end:]))
    return "".join(pieces)
