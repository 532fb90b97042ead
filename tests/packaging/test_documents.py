"""Names in the developer documentation exist in the code, and the map of the code covers every package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
    # Generated from the code.
    if path.is_file() and path.name != "modules.md"
)
MAP = ROOT / "docs" / "code-map.md"
TOP = ("borgdesk", "tests", "resources", "packaging", "docs")
FILES = [path.relative_to(ROOT) for top in TOP for path in (ROOT / top).rglob("*") if "__pycache__" not in path.parts]
PACKAGES = sorted(path.parent for path in FILES if path.name == "__init__.py" and path.parts[0] == "borgdesk")
LAYERS = {path.parts[1] for path in PACKAGES if len(path.parts) > 1}

_CODE = re.compile(r"`([^`\n]+)`")
_EMPHASIS = re.compile(r"\*\*([^*]+)\*\*|(?<![*\w])\*([^*\s][^*]*?)\*")
_FILE = re.compile(r"[\w./-]+(?:\.py|/)")
_STRONG = re.compile(r"\*\*[^*]+\*\*")
_BLOCK = re.compile(r"^( *)```.*?\n.*?^\1```$|^ {4}[^\n]*$", re.MULTILINE | re.DOTALL)
_QUOTE = re.compile(r"^> .*$", re.MULTILINE)
_VALUE = re.compile(r"\{[^}]*\}")
_MODULE = re.compile(rf"(?:borgdesk\.)?(?:{'|'.join(sorted(LAYERS))})(?:\.\w+)+")


def named(document: str) -> list[str]:
    """Return the words in backticks of a document."""
    return _CODE.findall((ROOT / document).read_text())


def ending(path: str) -> list[Path]:
    """Return the files and folders whose path ends with *path*: documents omit the folder of a neighbouring file."""
    parts = PurePosixPath(path).parts
    return [file for file in FILES if file.parts[-len(parts) :] == parts]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_folder_that_is_named_exists(document: str) -> None:
    paths = [code for code in named(document) if _FILE.fullmatch(code) and not code.startswith(("/", "~", "."))]
    assert [path for path in paths if not ending(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_named_with_dots_exists(document: str) -> None:
    names = [code.partition("(")[0] for code in named(document) if _MODULE.fullmatch(code.partition("(")[0])]
    assert [name for name in names if not _is_there(name.removeprefix("borgdesk."))] == []


def _is_there(name: str) -> bool:
    """Return whether it is a module, or defined in one."""
    path = ROOT.joinpath("borgdesk", *name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent.with_suffix(".py")
    return module.is_file() and re.search(rf"\b{path.name}\b", module.read_text()) is not None


@cache
def sentences() -> tuple[str, ...]:
    """Return everything that the program says, without values."""
    with (ROOT / "borgdesk" / "locale" / "borgdesk.pot").open("rb") as template:
        return tuple(text for one in read_po(template) for text in ((one.id,) if isinstance(one.id, str) else one.id))


@pytest.mark.parametrize("name", ["guide.md", "troubleshooting.md", "without-borgdesk.md"])
def test_the_labels_in_a_document_are_those_of_the_window(name: str) -> None:
    prose = _CODE.sub("", _QUOTE.sub("", (ROOT / "docs" / name).read_text()))
    assert unknown_labels(prose) == []


@pytest.mark.parametrize("name", "best-practices getting-started headless restoring scripts security servers".split())
def test_so_are_those_in_italics_where_bold_words_are_headings(name: str) -> None:
    prose = _CODE.sub("", _BLOCK.sub("", (ROOT / "docs" / f"{name}.md").read_text()))
    assert unknown_labels(_STRONG.sub("", prose)) == []


def unknown_labels(prose: str) -> list[str]:
    """Return what is emphasised like a label, but is none."""
    labels = [_VALUE.sub("…", text.replace("&", "")) for text in sentences()]
    named_there = [" ".join(both.split()) for pair in _EMPHASIS.findall(prose) for both in pair if both]
    parts = {part.rstrip(":") for phrase in named_there for part in phrase.split(" → ")}
    keys = {part for part in parts if "+" in part}
    return [part for part in sorted(parts - keys) if not any(label.startswith(part) for label in labels)]


def test_what_the_troubleshooting_quotes_is_what_the_program_says() -> None:
    quoted = _QUOTE.findall((ROOT / "docs" / "troubleshooting.md").read_text())
    assert quoted
    assert [quote for quote in quoted if quote.removeprefix("> ") not in sentences()] == []


@pytest.mark.parametrize("advice", ["failed halfway", "runs twice", "sudo systemctl stop x &"])
def test_the_guide_says_how_to_write_scripts_that_put_things_back(advice: str) -> None:
    assert advice in " ".join((ROOT / "docs" / "scripts.md").read_text().split())


def test_a_bare_name_in_the_map_is_in_the_folder_before_it() -> None:
    rows = [line for line in MAP.read_text().splitlines() if line.startswith("| ")]
    assert [(row, name) for row in rows for name in _misplaced(row)] == []


def _misplaced(row: str) -> Iterator[str]:
    folder = PurePosixPath()
    for code in _CODE.findall(row):
        if "/" in code:
            folder = PurePosixPath(code) if code.endswith("/") else PurePosixPath(code).parent
        elif _FILE.fullmatch(code) and not ending(str(folder / code)):
            yield code


def test_the_map_covers_every_package() -> None:
    found = [path for code in named("docs/code-map.md") if _FILE.fullmatch(code) for path in ending(code)]
    covered = {path if path.is_dir() else path.parent for path in found}
    covered |= {package for package in PACKAGES if package.parent in covered and package.parent in found}
    covered |= {parent for path in covered for parent in path.parents}
    assert [str(package) for package in PACKAGES if package not in covered] == []
