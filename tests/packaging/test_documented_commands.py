"""Commands in the documentation are those that the command line takes, and the examples of templates fit them."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from borgdesk.cli.parser import parse
from borgdesk.domain.parameters import Header, parse_header

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
TEMPLATES = sorted((ROOT / "resources/templates").glob("*.sh"))

_FENCE = re.compile(r"^( *)```.*?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^(?: {4,}).*\n|^\n)+", re.MULTILINE)
_CONTINUED = re.compile(r"\\\n\s*")
_PREFIX = re.compile(r"^(?:\$ |@reboot |[\d*/]+ [\d*]+ \* \* \* |\w+=\S+ |\S+/python -m )*")
_INLINE = re.compile(r"`(borgdesk [^`\n]+)`")
_UNFINISHED = "the following arguments are required"


def blocks(text: str) -> Iterator[str]:
    """Yield the blocks of code of a document, fenced ones and indented ones."""
    yield from (match.group(2) for match in _FENCE.finditer(text))
    yield from (match.group() for match in _INDENTED.finditer(_FENCE.sub("", text)))


def commands(text: str) -> Iterator[list[str]]:
    """Yield the commands of BorgDesk in the blocks of a document, without what the shell does with them."""
    for block in blocks(text):
        for line in _CONTINUED.sub(" ", block).splitlines():
            command = _PREFIX.sub("", line.strip())
            if command.startswith("borgdesk "):
                words = shlex.split(command, comments=True)
                ends = [place for place, word in enumerate(words) if word in {"|", ">", "&&", ";"}]
                yield words[1 : ends[0] if ends else None]


def complaint(words: list[str]) -> str:
    """Return what the command line says against a command, or nothing."""
    return _complaint(tuple(words))


@cache
def _complaint(words: tuple[str, ...]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parse(list(words))
        except SystemExit as end:
            return said.getvalue() if end.code else ""
        except argparse.ArgumentError as error:
            return str(error)
    return ""


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_commands_to_be_typed_are_taken(file: Path) -> None:
    wrong = [(shlex.join(words), said) for words in commands(file.read_text()) if (said := complaint(words))]
    assert wrong == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_commands_in_sentences_are_taken(file: Path) -> None:
    """They may lack arguments, and have words in capitals for what differs."""
    wrong = [
        (text, said)
        for text in _INLINE.findall(file.read_text())
        if (said := complaint(filled_in(text))) and _UNFINISHED not in said
    ]
    assert wrong == []


def filled_in(text: str) -> list[str]:
    """Return the words of a command with values for what it names in capitals; brackets mark what may be left out."""
    words = [word for word in shlex.split(re.sub(r"[\[\]…]|\.\.\.", "", text)) if word != "|"][1:]
    numbers = {"ID", "RUN", "DAYS", "N", "S"}
    values = {
        "HH:MM": "02:30",
        "AGE": "2d",
        "DAYS@HH:MM": "mon@02:30",
        "H": "post-run",
        "O": "success",
        "KEY": "window.autostart",
    }
    return ["12" if word in numbers else values.get(word, word) for word in words]


def test_enough_is_tested() -> None:
    found = [command for file in DOCUMENTS for command in commands(file.read_text())]
    assert len(found) > 60
    assert sum(len(_INLINE.findall(file.read_text())) for file in DOCUMENTS) > 100


@pytest.mark.parametrize(
    "words", [["repo", "lis"], ["run", "--qiet", "R"], ["assignment", "add", "R", "S", "--hook", "x"]]
)
def test_a_wrong_command_would_be_noticed(words: list[str]) -> None:
    assert complaint(words)


def header_of(template: Path) -> Header:
    return parse_header(template.read_text())


@cache
def examples() -> dict[str, list[argparse.Namespace]]:
    """Return the commands that assign a script, by its name, in the document about templates."""
    found: dict[str, list[argparse.Namespace]] = {}
    for words in commands((ROOT / "docs/templates.md").read_text()):
        if words[:2] == ["assignment", "add"]:
            taken = parse(words)
            found.setdefault(taken.script, []).append(taken)
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.stem)
def test_every_template_has_an_example_that_fits(template: Path) -> None:
    header = header_of(template)
    known = {one.name: one for one in header.parameters}
    own = examples()[header.name or ""]
    for example in own:
        assert example.hook == header.hook
        given = dict(example.param or [])
        secret = set(example.secret or [])
        assert {name for name, one in known.items() if one.required} <= given.keys() | secret
        assert secret <= {name for name, one in known.items() if one.secret}
        for name, value in given.items():
            assert not known[name].secret
            known[name].check(value)


def test_no_example_is_of_a_template_that_is_not_there() -> None:
    assert examples().keys() <= {header_of(template).name for template in TEMPLATES}


def test_every_template_that_is_assigned_on_another_page_is_there() -> None:
    names = {header_of(template).name for template in TEMPLATES}
    assigned = [
        words[3] for file in DOCUMENTS for words in commands(file.read_text()) if words[:2] == ["assignment", "add"]
    ]
    families = {name.split(":")[0] for name in names if name}
    assert [name for name in assigned if name.split(":")[0] in families and name not in names] == []
