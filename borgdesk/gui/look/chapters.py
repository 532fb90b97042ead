"""Chapters of the documentation that F1 opens, by page of the window and by subject of dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from borgdesk.paths import document


class Chapter(NamedTuple):
    """Where something is described."""

    page: str
    """Name of the page, without its ending."""

    heading: str = ""
    """The heading on it, or nothing for its beginning."""


CHAPTERS = {
    "overview": Chapter("guide", "Overview"),
    "repositories": Chapter("guide", "Repositories"),
    "archives": Chapter("guide", "Archives and restoring"),
    "scripts": Chapter("guide", "Scripts"),
    "history": Chapter("guide", "History"),
    "settings": Chapter("guide", "Settings"),
    "lanes": Chapter("guide", "Lanes"),
    "library-in-git": Chapter("library-in-git"),
    "moving": Chapter("moving"),
    "servers": Chapter("servers"),
    "templates": Chapter("templates"),
    "packs": Chapter("packs"),
}
"""By name; the first ones are those of the window's pages."""

START = Chapter("guide")


def chapter(name: str) -> Chapter:
    """Return a chapter by its name, otherwise the beginning of the guide."""
    return CHAPTERS.get(name, START)


def web_page(name: str) -> Path | None:
    """Return the file to open in a browser for a chapter; None where the web pages were not built.

    Links are followed: a browser in a sandbox may see only where the file really is.
    """
    try:
        return document(f"html/chapter-{name}.html" if name in CHAPTERS else "html/index.html").resolve()
    except FileNotFoundError:
        return None
