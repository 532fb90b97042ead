"""A script of the library: its metadata, and the rules for its name and text."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import NamedTuple

from borgdesk.domain.characters import is_blank, is_readable
from borgdesk.domain.digests import sha256
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, RunOn
from borgdesk.translation import N_, _

DEFAULT_TIMEOUT = 300
"""Default timeout of a script in seconds."""

MAX_TIMEOUT = 7 * 24 * 3600
MAX_NAME = 120
"""Characters of a name: fits a card and, in UTF-8, a file name of 255 bytes."""

MAX_SCRIPT_BYTES = 4 * 1024 * 1024
DEFAULT_INTERPRETER = "/bin/bash"


@dataclass(frozen=True, slots=True)
class AssignmentPlace:
    """A repository and lane in which a script is assigned."""

    repository: str
    hook: Hook


class Details(NamedTuple):
    """The editable fields of a script other than its text."""

    name: str
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    """Seconds."""
    run_on: RunOn = ALWAYS


@dataclass(frozen=True, slots=True)
class NewScript:
    """A script that is not in the library yet."""

    name: str
    content: bytes = field(repr=False)
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    """Seconds."""
    run_on: RunOn = ALWAYS
    file_name: str | None = None
    """The name that its file should have; otherwise that follows from the script's name."""

    @classmethod
    def of(cls, details: Details, content: bytes, file_name: str | None = None) -> NewScript:
        """Return a script with these details."""
        return cls(details.name, content, details.description, details.timeout, details.run_on, file_name)

    @property
    def details(self) -> Details:
        """Its editable fields other than the text."""
        return Details(self.name, self.description, self.timeout, self.run_on)


NAMES_OF_FACTS = (N_("name"), N_("description"), N_("timeout"), N_("run_on"))
"""The fields that two editors can both have changed, with the words for them in the error message."""


@dataclass(frozen=True, slots=True)
class Script:
    """The library's record of one script file."""

    id: ScriptId
    name: str
    file_path: str
    """Absolute path of the file in the library folder."""
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    """Seconds."""
    run_on: RunOn = ALWAYS
    usage_count: int = 0
    """How often runs have started it; tests are not counted and have a history of their own."""
    last_used_at: datetime | None = None
    """When a run last started it."""
    last_result: ExecutionStatus | None = None
    """The result of that execution."""
    used_by: tuple[AssignmentPlace, ...] = ()

    @property
    def details(self) -> Details:
        """Its editable fields other than the text."""
        return Details(self.name, self.description, self.timeout, self.run_on)


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a script, stored once under its SHA-256."""

    sha256: str
    saved_at: datetime
    size: int
    """Bytes."""


def sha256_of(content: bytes) -> str:
    """Return the name under which a script's bytes are stored."""
    return sha256(content).hexdigest()


def normalized(content: bytes, what: str = N_("The script")) -> bytes:
    """Return a script's bytes as they are stored: LF line ends, no byte-order mark.

    A carriage return at the end of a shebang makes Linux look for an interpreter of that name ("required file not
    found", 127), and a byte-order mark hides the shebang.

    Raises:
        InvalidInput: the content is empty, too long, contains a NUL byte, or is not UTF-8.
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content.strip():
        raise InvalidInput(_("{what} is empty.").format(what=what))
    if len(content) > MAX_SCRIPT_BYTES:
        raise InvalidInput(
            _("{what} is larger than {limit} MiB; it may not be a script.").format(
                what=what, limit=MAX_SCRIPT_BYTES // 1024 // 1024
            )
        )
    if b"\0" in content:
        raise InvalidInput(_("{what} contains NUL bytes: it is not a text file.").format(what=what))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidInput(_("{what} is not UTF-8 text (line {line}).").format(what=what, line=line)) from error
    return content


def may_be_text(beginning: bytes) -> bool:
    """Return whether a file with this beginning may be a script; :func:`normalized` checks a whole file."""
    return bool(beginning) and b"\0" not in beginning


def shebang(content: bytes) -> tuple[str, ...]:
    """Return the interpreter's argv as Linux reads it: the program and at most one argument; bash without a shebang."""
    first = content.split(b"\n", 1)[0]
    if not first.startswith(b"#!"):
        return (DEFAULT_INTERPRETER,)
    # Only spaces and tabs separate: to Linux everything else, such as a no-break space, is part of the name.
    words = re.split(r"[ \t]+", first[2:].decode("utf-8", "surrogateescape").strip(" \t"), maxsplit=1)
    return tuple(filter(None, words)) or (DEFAULT_INTERPRETER,)


def check_name(name: str, of: str = "script") -> str:
    """Return the name of a script, or of what *of* says, without surrounding whitespace.

    Raises:
        InvalidInput: it is empty, too long or contains unreadable characters.
    """
    name = name.strip()
    if is_blank(name):
        raise InvalidInput(_("The name of the {of} is empty.").format(of=of))
    if len(name) > MAX_NAME:
        raise InvalidInput(
            _("The name of the {of} is longer than {max_name} characters.").format(of=of, max_name=MAX_NAME)
        )
    if not is_readable(name):
        raise InvalidInput(_("The name of the {of} contains line breaks or control characters.").format(of=of))
    return name


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return the first of *wanted*, "wanted 2", "wanted 3" and so on that is not taken, shortened if necessary."""
    name = wanted[:MAX_NAME]
    for number in count(2):
        if name not in taken:
            break
        behind = f" {number}"
        name = f"{wanted[: MAX_NAME - len(behind)]}{behind}"
    return name


def check_timeout(seconds: int) -> int:
    """Return the timeout if it is valid.

    Raises:
        InvalidInput: it is below one second or above a week.
    """
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InvalidInput(
            _("A timeout of {seconds} s is not possible. It must be between 1 s and 7 days.").format(seconds=seconds)
        )
    return seconds


def file_name_for(name: str, content: bytes) -> str:
    """Return a readable file name for a script: its name without problematic characters, plus an extension."""
    stem = re.sub(r"[^\w.+-]+", "-", name.strip().lower()).strip("-.") or "script"
    while len(stem.encode()) > 120:  # noqa: PLR2004 - leaves room for an ending, a number and ".partial"
        stem = stem[:-1]
    ending = _ending(shebang(content))
    return stem if stem.endswith(ending) else stem + ending


def _ending(interpreter: tuple[str, ...]) -> str:
    words = " ".join(interpreter)
    for language, ending in (("python", ".py"), ("perl", ".pl"), ("ruby", ".rb"), ("node", ".js"), ("lua", ".lua")):
        if language in words:
            return ending
    return ".sh"
