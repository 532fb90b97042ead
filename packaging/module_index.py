#!/usr/bin/env python3
"""Write docs/modules.md: every module of the program with the first sentence of its docstring.

With --check nothing is written; the exit code is 1 when the page is not up to date.
"""

import ast
import re
import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "borgdesk"
PAGE = ROOT / "docs" / "modules.md"

HEAD = """# All modules

Every module of `borgdesk/` and what it is for, from its docstring; `make modules` writes this page. Where a subject is
spread over several modules, the [map of the code](code-map.md) says which of them to look at.
"""


def main() -> int:
    page = HEAD + "".join(map(section, folders()))
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page)
    elif page != PAGE.read_text():
        print("docs/modules.md is not up to date: make modules", file=sys.stderr)
        return 1
    return 0


def folders() -> list[list[Path]]:
    """The modules of each folder. What a package says of itself is in its ``__init__``."""
    found = sorted((path.parent, path.name) for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
    return [[folder / name for _, name in names] for folder, names in groupby(found, lambda each: each[0])]


def section(modules: list[Path]) -> str:
    title = modules[0].parent.relative_to(ROOT)
    lines = [f"| `{module.name}` | {sentence} |\n" for module in modules if (sentence := first_sentence(module))]
    if not lines:
        return ""
    return f"\n## {title}\n\n| module | what it is for |\n|---|---|\n{''.join(lines)}"


def first_sentence(module: Path) -> str:
    """That of its docstring, or nothing where it has none."""
    text = " ".join((ast.get_docstring(ast.parse(module.read_bytes())) or "").split("\n\n")[0].split())
    text = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`").replace("|", r"\|")
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
