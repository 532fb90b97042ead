"""The documentation as web pages: built without a warning, complete, and readable without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from borgdesk.gui.look.chapters import CHAPTERS

ROOT = Path(__file__).parents[2]

# Building takes seconds: once is enough.
pytestmark = pytest.mark.xdist_group("web pages")


class Page(HTMLParser):
    """What a page refers to, and what in it can be referred to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        """Everything that is shown with the page, such as pictures."""
        self.ids: set[str] = set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name == "href":
                (self.links if tag == "a" else self.loaded).append(value or "")
            elif name == "src":
                self.loaded.append(value or "")


class Site:
    """The built pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pages(self) -> dict[str, Page]:
        return {file.name: Page(file) for file in sorted(self.folder.glob("*.html"))}

    def leads_nowhere(self, link: str, start: str) -> bool:
        """Return whether a link on a page leads to nothing here; web addresses are not asked."""
        parts = urlsplit(link)
        if parts.scheme:
            return False
        name = unquote(parts.path) or start
        if not (self.folder / name).exists():
            return True
        return bool(parts.fragment) and unquote(parts.fragment) not in self.pages[name].ids


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("web") / "html"
    build = [sys.executable, str(ROOT / "packaging" / "web_pages.py"), str(folder)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Site(folder)


def test_every_document_is_a_page(site: Site) -> None:
    assert {f"{file.stem}.html" for file in (ROOT / "docs").glob("*.md")} <= set(site.pages)


def test_no_link_leads_nowhere(site: Site) -> None:
    dead = [(name, link) for name, page in site.pages.items() for link in page.links if site.leads_nowhere(link, name)]
    assert dead == []


def test_everything_that_is_shown_is_inside(site: Site) -> None:
    loaded = [(name, what) for name, page in site.pages.items() for what in page.loaded]
    assert any(what.endswith(".css") or ".css?" in what for _name, what in loaded)
    assert [
        (name, what)
        for name, what in loaded
        if not what.startswith("data:") and (urlsplit(what).netloc or site.leads_nowhere(what, name))
    ] == []


def test_links_to_pages_have_their_titles(site: Site) -> None:
    # In code, files are meant.
    shown = {
        name: re.findall(r"<(?!span class=\"pre\")[^<>]+>([\w-]+\.md)<", (site.folder / name).read_text())
        for name in site.pages
    }
    assert {name: names for name, names in shown.items() if names} == {}


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_that_f1_opens_leads_to_its_heading(name: str, site: Site) -> None:
    (link,) = site.pages[f"chapter-{name}.html"].links
    assert link.partition("#")[0] == f"{CHAPTERS[name].page}.html"
    assert bool(CHAPTERS[name].heading) == ("#" in link)


def test_the_pages_are_small(site: Site) -> None:
    assert sum(file.stat().st_size for file in site.folder.rglob("*") if file.is_file()) < 5_000_000


def test_a_link_that_leads_nowhere_would_be_noticed(site: Site) -> None:
    assert site.leads_nowhere("guide.html#no-such-heading", "index.html")
    assert site.leads_nowhere("no-such-page.html", "index.html")
    assert not site.leads_nowhere("#overview", "guide.html")


def test_the_pages_have_the_pictures_of_their_sources(site: Site) -> None:
    """Packages have them once, in the pages; README shows one that no page does."""
    shown = {file.name for file in (site.folder / "_images").iterdir()}
    assert {file.name for file in (ROOT / "docs/pictures").iterdir()} - shown == {"board-dark.webp"}
