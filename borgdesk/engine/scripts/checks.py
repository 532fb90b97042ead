"""Checks a script's text with the checker for its language, without executing any of it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.beside import files_beside
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.findings import Finding, Severity
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.script import shebang
from borgdesk.engine.processes import process
from borgdesk.engine.scripts import shellcheck
from borgdesk.translation import N_, _

PARAMETERS = "parameters"
"""The code of findings about the parameter block."""

_TIMEOUT = 20.0
_SHELLS = ("bash", "sh", "dash", "ksh", "ash")
_SHELL_LINE = re.compile(
    r"^[^\n]*?(?:line )?(\d+): (.*(?:error|unexpected|unterminated|unmatched|bad).*)$", re.MULTILINE | re.IGNORECASE
)
_HEADER_LINE = re.compile(r"\bline (\d+)", re.IGNORECASE)
_BLOCK = re.compile(r"^#\s*///\s*borgdesk\s*$", re.MULTILINE)
_END = re.compile(r"^#\s*///\s*$", re.MULTILINE)

_TOO_LONG = N_("The script is too long for ShellCheck, so only its syntax was checked.")

_PYTHON_CHECK = """\
import sys, warnings
warnings.simplefilter("ignore")
try:
    compile(sys.stdin.buffer.read(), "script", "exec", dont_inherit=True)
except SyntaxError as error:
    start = error.lineno or 1, error.offset or 1
    end = getattr(error, "end_lineno", None) or start[0], getattr(error, "end_offset", None) or start[1]
    print(*start, *end, error.msg)
except (ValueError, RecursionError, MemoryError) as error:
    print(1, 1, 1, 1, str(error) or type(error).__name__)
"""
"""As ``python -m py_compile``, but without writing a file. It runs isolated: no module of the user is imported."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of all checks of one text."""

    findings: tuple[Finding, ...] = ()
    """By line and column."""
    checker: str = ""
    """Display name of the checker; empty if there is none for the language."""
    note: str = ""
    """Why some checks were not made, as a sentence; empty if all were."""
    header: Header | None = None
    """The parsed parameter block; None if it is malformed."""


def check(
    text: str, environment: Mapping[str, str], *, with_shellcheck: bool = True, folder: Path | None = None
) -> Report:
    """Check a script's text: its parameter block, its syntax with the best checker available, and its dependencies.

    With *with_shellcheck* False, the shell's own ``-n`` is used, as on machines without ShellCheck. *folder* is the
    folder of the script, whose files it may use.
    """
    content = text.encode("utf-8", "replace")
    header, problems = read_header(text)
    try:
        report = _check_language(content, environment, with_shellcheck=with_shellcheck)
    except process.StartFailed as error:
        report = Report(note=str(error))
    beside = files_beside(text, names_in(folder))
    findings = sorted((*problems, *report.findings, *beside), key=lambda one: (one.line, one.column))
    return Report(tuple(findings), report.checker, report.note, header)


def names_in(folder: Path | None) -> tuple[str, ...]:
    """Return the names of the files in a folder; none if it cannot be read."""
    try:
        return () if folder is None else tuple(one.name for one in folder.iterdir())
    except OSError:
        return ()


def read_header(text: str) -> tuple[Header | None, tuple[Finding, ...]]:
    """Parse the parameter block, or return the problem, at the line that it names or at the block's first line."""
    try:
        return parse_header(text), ()
    except InvalidInput as error:
        sentence = str(error)
        begin = _BLOCK.search(text)
        block = text[: begin.start()].count("\n") + 1 if begin else 1
        line = _line_of(sentence, block, text)
        length = len(text.split("\n")[line - 1])
        return None, (Finding(line, 1, line, length + 1, Severity.ERROR, PARAMETERS, sentence),)


def _line_of(sentence: str, block: int, text: str) -> int:
    """Return the line that a message refers to: by its number, by a parameter's name, or the last one."""
    if found := _HEADER_LINE.search(sentence):
        return min(int(found[1]), text.count("\n") + 1)
    end = next((match for match in _END.finditer(text) if text[: match.start()].count("\n") >= block), None)
    if "end of document" in sentence and end is not None:
        return text[: end.start()].count("\n")
    return _named_line(sentence, block, text)


def _named_line(sentence: str, block: int, text: str) -> int:
    """Return the line of the table of the parameter that a message names, else the block's first line."""
    for number, line in enumerate(text.split("\n"), 1):
        table = re.match(r"#\s*\[parameters\.\W?(\w+)\W?\]", line) if number > block else None
        if table is not None and re.search(rf"\b{table[1]}\b", sentence):
            return number
    return block


def _check_language(content: bytes, environment: Mapping[str, str], *, with_shellcheck: bool) -> Report:
    interpreter = shebang(content)
    name = shellcheck.program_name(interpreter)
    path = environment.get("PATH")
    if re.fullmatch(r"python[\d.]*", name):
        return _check_python(content, environment, shutil.which(name, path=path) or sys.executable)
    dialect = shellcheck.dialect(interpreter)
    if dialect is None:
        return Report()
    program = shellcheck.find_program(path) if with_shellcheck else None
    if program is None:
        return _check_shell(content, environment, shutil.which(name if name in _SHELLS else "sh", path=path))
    if shellcheck.is_too_long(content):
        report = _check_shell(content, environment, shutil.which(name, path=path))
        return Report(report.findings, report.checker, _(_TOO_LONG))
    return Report(shellcheck.check(program, content, dialect, environment), "ShellCheck")


def _check_shell(content: bytes, environment: Mapping[str, str], program: str | None) -> Report:
    """Check only the syntax: with ``-n`` the shell reads commands without executing them."""
    if program is None:
        return Report()
    _, _, complaint = process.capture([program, "-n"], {**environment, "LC_ALL": "C"}, _TIMEOUT, content)
    findings = []
    for match in _SHELL_LINE.finditer(complaint.decode(errors="replace")):
        line = max(1, min(int(match[1]), content.count(b"\n") + 1))
        length = len(content.split(b"\n")[line - 1].decode(errors="replace"))
        message = match[2].strip()
        findings.append(Finding(line, 1, line, length + 1, Severity.ERROR, "", message[:1].upper() + message[1:]))
    return Report(tuple(findings), f"{program} -n")


def _check_python(content: bytes, environment: Mapping[str, str], program: str) -> Report:
    _, answer, _ = process.capture([program, "-I", "-c", _PYTHON_CHECK], environment, _TIMEOUT, content)
    findings = []
    for said in answer.decode(errors="replace").splitlines():
        *numbers, message = said.split(" ", 4)
        line, column, end_line, end_column = (max(1, int(number)) for number in numbers)
        end_line, end_column = max((end_line, end_column), (line, column))
        sentence = message[:1].upper() + message[1:]
        findings.append(Finding(line, column, end_line, end_column, Severity.ERROR, "", sentence))
    return Report(tuple(findings), "Python")
