"""Detects scripts that refer to files in their own folder.

What runs is the stored revision, which lies in a different folder: ``$(dirname "$0")`` is not the library there, and
the working directory is the user's home. Scripts find files of the library through ``BORGDESK_LIBRARY_DIR``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from borgdesk.domain.findings import Finding, Severity
from borgdesk.domain.script import shebang
from borgdesk.translation import N_, _

BESIDE = "folder"
"""The code of these findings."""

_VARIABLE = "BORGDESK_LIBRARY_DIR"

_SELF = r"""["']?\$(?:0|\{0\}|BASH_SOURCE(?![\w\[])|\{BASH_SOURCE(?:\[\d+\])?\}|\{\(%\):-%[xN]\})["']?"""
"""A regular expression for the script's own path in shell syntax."""
_SHELL = re.compile(
    rf"""
    \b(?:dirname|realpath|readlink)\b (?:\s+-{{1,2}}[\w-]+)* \s+ (?:--\s+)? {_SELF}   # $(dirname "$0")
    | \$\{{(?:0|BASH_SOURCE(?:\[\d+\])?)%{{1,2}}/[^}}]*\}}                            # ${{0%/*}}
    | (?:^|[;&|({{]|\bthen\b|\bdo\b|\belse\b) \s* (?:\.|source) \s+ ["']?\.{{1,2}}/[^\s;&|)]*   # source ./lib.sh
    """,
    re.VERBOSE,
)
_PYTHON = re.compile(r"\b__file__\b|\bsys\.path\[0\]|\bsys\.argv\[0\]\)?\.parent|dirname\(sys\.argv\[0\]\)")
_IMPORT = re.compile(r"^\s*(?:from\s+(\.?\w+)[\w.]*\s+import\b|import\s+(\w+(?:\s*,\s*\w+)*))")
_OTHER = re.compile(r"\brequire_relative\b[^#]*|\bFindBin\b|\b__dir(?:name|__)\b|\brequire\(\s*[\"']\.{1,2}/[^)]*\)?")
_HERE = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")

_SHELL_SENTENCE = N_(
    "BorgDesk runs a stored copy of the script, so files beside it are not found this way. "
    'For files of the library write "$BORGDESK_LIBRARY_DIR/name".'
)
_PYTHON_SENTENCE = N_(
    "BorgDesk runs a stored copy of the script, so modules and files next to it are not found this way. "
    'Before importing from the library: sys.path.insert(0, os.environ["BORGDESK_LIBRARY_DIR"]).'
)
_OTHER_SENTENCE = N_(
    "BorgDesk runs a stored copy of the script, so files next to it are not found this way. The environment variable "
    "BORGDESK_LIBRARY_DIR has the path of the library folder."
)


def files_beside(text: str, names: Collection[str] = ()) -> tuple[Finding, ...]:
    """Find places where a script uses files of its own folder, or takes the working directory for it.

    *names* are the files next to the script; Python scripts that import one of them are reported. Comments and lines
    that use ``BORGDESK_LIBRARY_DIR`` are not.
    """
    program = " ".join(shebang(text.encode("utf-8", "replace"))).rsplit("/", 1)[-1]
    if "python" in program:
        return tuple(_in_python(text, names))
    if re.search(r"\b(?:ba|da|k|z|a)?sh\b", program):
        return tuple(_found(_shell_lines(text), _SHELL, _SHELL_SENTENCE))
    return tuple(_found(_code_lines(text), _OTHER, _OTHER_SENTENCE))


def _found(lines: Iterator[tuple[int, str]], pattern: re.Pattern[str], sentence: str) -> Iterator[Finding]:
    for number, line in lines:
        match = pattern.search(line)
        if match is not None and _VARIABLE not in line:
            yield _finding(number, match, sentence)


def _finding(number: int, match: re.Match[str], sentence: str) -> Finding:
    start = match.end() - len(match[0].lstrip())
    return Finding(number, start + 1, number, match.end() + 1, Severity.WARNING, BESIDE, _(sentence))


def _in_python(text: str, names: Collection[str]) -> Iterator[Finding]:
    if _VARIABLE in text:
        return
    modules = {name.removesuffix(".py") for name in names if name.endswith(".py")}
    for number, line in _code_lines(text):
        match = _PYTHON.search(line)
        if match is None and (match := _IMPORT.match(line)) is not None:
            imported = re.findall(r"\w+", match[1] or match[2])
            relative = (match[1] or "").startswith(".")
            match = match if relative or modules.intersection(imported) else None
        if match is not None:
            yield _finding(number, match, _PYTHON_SENTENCE)


def _code_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers (from 1), without comment lines."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            yield number, line


def _shell_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines of commands, without comments and the contents of quoted here-documents."""
    until = ""
    for number, line in _code_lines(text):
        if until:
            until = "" if line.strip() == until else until
            continue
        yield number, re.sub(r"(?:^|\s)#.*$", "", line)
        here = _HERE.search(line)
        if here is not None and here[1]:
            until = here[2]
