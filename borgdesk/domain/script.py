"""A script of the library: what is known of it besides its text, and what its text must be like."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, RunOn

DEFAULT_TIMEOUT = 300
"""Seconds a script may run when nobody said otherwise."""

MAX_TIMEOUT = 7 * 24 * 3600
MAX_NAME = 120
"""Characters of a name: what still fits a card and, in UTF-8, a file name of 255 bytes."""

MAX_SCRIPT_BYTES = 4 * 1024 * 1024
DEFAULT_INTERPRETER = "/bin/bash"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a script is assigned."""

    repository: str
    hook: Hook


@dataclass(frozen=True, slots=True)
class Script:
    """The library's row for one script file."""

    id: int
    name: str
    file_path: str
    """Absolute path of the file in the library folder."""
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    """Seconds."""
    run_on: RunOn = ALWAYS
    usage_count: int = 0
    """How often runs have started it; tests do not count, they have a history of their own."""
    last_used_at: datetime | None = None
    """When a run started it last."""
    last_result: ExecutionStatus | None = None
    """How it ended then."""
    used_by: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One text a script had, kept once under its SHA-256."""

    sha256: str
    saved_at: datetime
    size: int
    """Bytes."""


def sha256_of(content: bytes) -> str:
    """The name under which a script's bytes are kept."""
    return hashlib.sha256(content).hexdigest()


def normalized(content: bytes, what: str = "The script") -> bytes:
    r"""A script's bytes as they are stored: LF line ends, no byte-order mark.

    A ``\\r`` before the newline of a shebang makes Linux look for an interpreter of that name ("required file not
    found", 127), and a byte-order mark hides the shebang.

    Raises:
        InvalidInput: the content is empty, too long, holds a NUL byte, or is not UTF-8.
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content.strip():
        raise InvalidInput(f"{what} is empty.")
    if len(content) > MAX_SCRIPT_BYTES:
        raise InvalidInput(f"{what} is larger than {MAX_SCRIPT_BYTES // 1024 // 1024} MiB; is it a program?")
    if b"\0" in content:
        raise InvalidInput(f"{what} contains NUL bytes: it is not a text file.")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidInput(f"{what} is not UTF-8 text (line {line}).") from error
    return content


def shebang(content: bytes) -> tuple[str, ...]:
    """The interpreter's argv as Linux reads it: the program and at most one argument; bash where there is none."""
    first = content.split(b"\n", 1)[0]
    if not first.startswith(b"#!"):
        return (DEFAULT_INTERPRETER,)
    # Only blanks and tabs separate: to Linux all else, such as a no-break space, is part of a name.
    words = re.split(r"[ \t]+", first[2:].decode("utf-8", "surrogateescape").strip(" \t"), maxsplit=1)
    return tuple(filter(None, words)) or (DEFAULT_INTERPRETER,)


def check_name(name: str, of: str = "script") -> str:
    """The name of a script, or of what else *of* says, without outer blanks.

    Raises:
        InvalidInput: it is empty, too long or has characters that no list can show.
    """
    name = name.strip()
    if not name:
        raise InvalidInput(f"The name of the {of} is empty.")
    if len(name) > MAX_NAME:
        raise InvalidInput(f"The name of the {of} is longer than {MAX_NAME} characters.")
    if not name.isprintable():
        raise InvalidInput(f"The name of the {of} contains line breaks or control characters.")
    return name


def check_timeout(seconds: int) -> int:
    """The timeout, if it is one.

    Raises:
        InvalidInput: it is below one second or above a week.
    """
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InvalidInput(f"A timeout of {seconds} s is not possible: it must be between 1 s and 7 days.")
    return seconds


def file_name_for(name: str, content: bytes) -> str:
    """A readable file name for a script: its name without what file systems dislike, and its language's ending."""
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
