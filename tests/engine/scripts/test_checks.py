"""Checks of a script's text, with the real ShellCheck, bash and Python."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.domain.beside import BESIDE
from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.engine.scripts import shellcheck
from borgdesk.engine.scripts.checks import PARAMETERS, Report, check


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def mended(text: str, edits: tuple[Edit, ...]) -> str:
    lines = text.split("\n")
    for edit in reversed(edits):
        assert edit.line == edit.end_line
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.column - 1] + edit.replacement + line[edit.end_column - 1 :]
    return "\n".join(lines)


def test_a_clean_script_has_no_findings() -> None:
    report = check('#!/bin/bash\nset -euo pipefail\nprintf "%s\\n" "$HOME"\n', os.environ)
    assert report.findings == ()
    assert report.checker == "ShellCheck"


def test_findings_have_place_severity_and_sentence() -> None:
    report = check("#!/bin/sh\n\tls $1\n", os.environ)
    assert [(f.line, f.column, f.end_column, f.severity, f.code) for f in report.findings] == [
        (2, 5, 7, Severity.INFO, "SC2086")
    ]
    assert "Double quote" in report.findings[0].message


@pytest.mark.parametrize(
    ("line", "code", "result"),
    [
        ("ls $1", "SC2086", 'ls "$1"'),
        ('a=`date`; echo "$a"', "SC2006", 'a=$(date); echo "$a"'),
        ("[ $1 == x ] && ls", "SC2086", '[ "$1" == x ] && ls'),
        ("echo $1$2", "SC2086", 'echo "$1"$2'),
    ],
)
def test_a_fix_mends_its_finding(line: str, code: str, result: str) -> None:
    text = f"#!/bin/bash\n{line}"
    finding = next(f for f in check(text, os.environ).findings if f.code == code and f.fix)
    assert mended(text, finding.fix) == f"#!/bin/bash\n{result}"


def test_of_two_insertions_at_one_place_what_closes_comes_first() -> None:
    """``$a$b``: the end of one quotation is the beginning of the next, in whatever order ShellCheck reports them."""
    opens = {"line": 1, "endLine": 1, "column": 3, "endColumn": 3, "insertionPoint": "afterEnd"}
    closes = {**opens, "insertionPoint": "beforeStart"}
    found = shellcheck._edits(
        [
            {**opens, "precedence": 9, "replacement": "inner("},
            {**opens, "precedence": 2, "replacement": "outer("},
            {**closes, "precedence": 2, "replacement": ")outer"},
            {**closes, "precedence": 9, "replacement": ")inner"},
        ]
    )
    assert [edit.replacement for edit in found] == [")inner", ")outer", "outer(", "inner("]


def test_a_user_s_shellcheckrc_does_not_change_what_is_found(tmp_path: Path) -> None:
    (tmp_path / ".shellcheckrc").write_text("disable=SC2086\n")
    assert codes(check("#!/bin/sh\nls $1\n", {**os.environ, "HOME": str(tmp_path)})) == ["SC2086"]


def test_a_block_in_the_first_line_is_no_broken_shebang() -> None:
    assert check("# /// borgdesk\n# ///\nls\n", os.environ).findings == ()


@pytest.mark.parametrize(("program", "line"), [("#!/bin/bash", 3), ("#!/bin/sh", 3), ("#!/usr/bin/env bash", 3)])
def test_without_shellcheck_the_shell_says_what_it_cannot_read(program: str, line: int) -> None:
    report = check(f"{program}\nif true\nfi\n", os.environ, with_shellcheck=False)
    assert [(f.line, f.severity) for f in report.findings] == [(line, Severity.ERROR)]
    assert report.checker.endswith(" -n")
    assert check(f"{program}\ntrue\n", os.environ, with_shellcheck=False).findings == ()


def test_checking_executes_nothing(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    for text in (f"#!/bin/bash\ntouch {proof}\n", f"#!/usr/bin/env python3\nopen({str(proof)!r}, 'w')\n"):
        check(text, os.environ)
        check(text, os.environ, with_shellcheck=False)
    assert not proof.exists()


def test_python_is_compiled() -> None:
    report = check("#!/usr/bin/env python3\nimport os\nprint(\n", os.environ)
    assert [(f.line, f.severity) for f in report.findings] == [(3, Severity.ERROR)]
    assert report.checker == "Python"
    assert check("#!/usr/bin/python3\nprint('é')\n", os.environ).findings == ()


def test_python_with_a_nul_or_too_deep_is_a_finding_not_a_crash() -> None:
    assert len(check("#!/usr/bin/python3\nx = '\0'\n", os.environ).findings) == 1
    assert len(check("#!/usr/bin/python3\n" + "(" * 5000 + "\n", os.environ).findings) == 1


def test_other_languages_have_no_checker() -> None:
    assert check("#!/usr/bin/perl\nprint 1 +;\n", os.environ) == Report(header=check("", os.environ).header)


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ("[parameters.PATH]\n", 3),
        ("[parameters.A]\nsecret = true\ndefault = 'x'\n", 3),
        ("[parameters.A]\n[parameters.B]\ntype = 'odd'\n", 4),
        ("[parameters.A]\ndefault = \n", 4),
        ("nonsense = 1\n", 2),
    ],
)
def test_a_malformed_block_is_found_where_it_is(block: str, line: int) -> None:
    inside = "".join(f"# {one}\n" for one in block.splitlines())
    report = check(f"#!/bin/sh\n# /// borgdesk\n{inside}# ///\n", os.environ)
    assert [(f.code, f.line, f.severity) for f in report.findings] == [(PARAMETERS, line, Severity.ERROR)]
    assert report.header is None


def test_the_report_brings_the_block() -> None:
    report = check("#!/bin/sh\n# /// borgdesk\n# [parameters.A]\n# ///\n", os.environ)
    assert report.header is not None
    assert [parameter.name for parameter in report.header.parameters] == ["A"]


def test_a_very_long_script_is_checked_for_syntax_only() -> None:
    report = check("#!/bin/sh\nls $1\n" + "# nothing\n" * 100_000, os.environ)
    assert report.findings == ()
    assert report.note


def test_a_checker_that_cannot_answer_is_a_note(tmp_path: Path) -> None:
    broken = tmp_path / "bash"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    report = check("#!/usr/bin/env bash\ntrue\n", {"PATH": str(tmp_path)}, with_shellcheck=False)
    assert report.findings == ()
    assert "bash" in report.note


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("/bin/bash",), "bash"),
        (("/usr/bin/env", "python3"), "python3"),
        (("/usr/bin/env", "-S bash -eu"), "bash"),
        (("/usr/bin/env", "LANG=C sh"), "sh"),
        (("/usr/bin/env",), ""),
    ],
)
def test_the_program_of_a_shebang(words: tuple[str, ...], name: str) -> None:
    assert shellcheck.program_name(words) == name


def test_findings_are_in_the_order_of_the_text() -> None:
    report = check("#!/bin/sh\n# /// borgdesk\n# odd = 1\n# ///\nls $1\nls $2\n", os.environ)
    places = [(f.line, f.column) for f in report.findings]
    assert places == sorted(places)
    assert len(places) == 3
    assert isinstance(report.findings[0], Finding)


def test_what_is_expected_beside_the_script_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").touch()
    report = check("#!/usr/bin/env python3\nimport helpers\n", os.environ, folder=tmp_path)
    assert [(one.line, one.code) for one in report.findings] == [(2, BESIDE)]
    assert check("#!/usr/bin/env python3\nimport helpers\n", os.environ, folder=tmp_path / "gone").findings == ()
    shell = check('#!/bin/bash\n# shellcheck disable=SC1091\n. "$(dirname "$0")/lib.sh"\n', os.environ)
    assert BESIDE in [one.code for one in shell.findings]
