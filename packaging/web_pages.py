#!/usr/bin/env python3
"""Make web pages of docs/, with a page for each chapter that F1 opens.

usage: web_pages.py FOLDER

What is in FOLDER is replaced. Anything that Sphinx warns of, such as a link to a heading that does not exist, is an
error, after which there is no FOLDER.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SETTINGS = ROOT / "packaging" / "documentation"
sys.path.insert(0, str(ROOT))

from borgdesk.gui.look.chapters import CHAPTERS  # noqa: E402

_NOT_SHIPPED = (".buildinfo", "objects.inv", "**/*.map", "_static/scripts/furo-extensions.js")
"""What only Sphinx and the developers of its theme read, and a file that is empty."""

_REDIRECT = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>BorgDesk: {title}</title>
<meta http-equiv="refresh" content="0; url={target}">
<p><a href="{target}">{title}</a></p>
</html>
"""
"""Programs that open a file in the browser drop what follows a #, so each chapter has a file."""


def main() -> int:
    if sys.argv[2:] or not sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 64
    build(Path(sys.argv[1]))
    return 0


def build(target: Path) -> None:
    """Write the pages.

    Raises:
        CalledProcessError: Sphinx has found something to complain about, which it printed.
    """
    with tempfile.TemporaryDirectory(prefix="borgdesk-docs-") as scratch:
        made = Path(scratch, "html")
        options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs=auto", f"--conf-dir={_SETTINGS}"]
        sphinx = [sys.executable, "-m", "sphinx", *options, f"--doctree-dir={scratch}/trees", ROOT / "docs", made]
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(sphinx, check=True)
        for pattern in _NOT_SHIPPED:
            for file in made.glob(pattern):
                file.unlink()
        for name, chapter in CHAPTERS.items():
            (made / f"chapter-{name}.html").write_text(redirect(chapter.page, chapter.heading))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, target)


def redirect(page: str, heading: str) -> str:
    """Return a page that leads to a heading of another one."""
    target = f"{page}.html"
    if heading:
        target += f"#{heading.lower().replace(' ', '-')}"
    return _REDIRECT.format(title=html.escape(heading or "User guide"), target=html.escape(target))


if __name__ == "__main__":
    sys.exit(main())
