"""Documentation: opened at the right chapter, in the browser or without one, and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import chapters, help_window
from borgdesk.gui.look.chapters import CHAPTERS, web_page
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.help_window import HelpWindow, open_help, show_help
from borgdesk.paths import document
from tests.gui.tour import PAGES


@pytest.fixture
def parent(qtbot: QtBot) -> Dialog:
    dialog = Dialog()
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_is_there(name: str, parent: Dialog) -> None:
    page, heading = CHAPTERS[name]
    window = show_help(parent, name)
    top = window.text.cursorForPosition(QPoint(4, 4)).block()
    near = [top.text(), top.next().text()]
    at_the_end = window.text.verticalScrollBar().value() == window.text.verticalScrollBar().maximum()
    assert not heading or heading in near or at_the_end
    lines = document(f"{page}.md").read_text().splitlines()
    assert not heading or heading in {line.lstrip("#").strip() for line in lines if line.startswith("#")}
    window.close()


def test_every_page_of_the_window_has_a_chapter() -> None:
    assert set(PAGES) <= set(CHAPTERS)


def test_every_dialog_that_names_a_chapter_names_one_that_is_there() -> None:
    named = {kind.help_page for kind in _dialogs(Dialog)}
    assert len(named) > 3
    assert named - {""} <= set(CHAPTERS)


def _dialogs(kind: type[Dialog]) -> Iterator[type[Dialog]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _dialogs(derived)


def test_f1_opens_it_from_a_dialog_too(parent: Dialog) -> None:
    parent.open()
    QTest.keyClick(parent, Qt.Key.Key_F1)
    (window,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, HelpWindow) and one.isVisible()]
    assert "User guide" in window.text.toPlainText()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert parent.isVisible()


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The web pages, as `make docs` would have built them."""
    folder = tmp_path / "html"
    folder.mkdir()
    for name in ("index", *(f"chapter-{name}" for name in CHAPTERS)):
        (folder / f"{name}.html").touch()

    def built(name: str) -> Path:
        if not (tmp_path / name).exists():
            raise FileNotFoundError
        return tmp_path / name

    monkeypatch.setattr(chapters, "document", built)
    return folder


class Browser:
    """What a browser is asked to open."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.works = True

    def open(self, url: QUrl) -> bool:
        self.opened.append(url.toLocalFile())
        return self.works


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = Browser()
    monkeypatch.setattr(help_window, "has_browser", lambda _: True)
    monkeypatch.setattr(QDesktopServices, "openUrl", made.open)
    return made


@pytest.mark.parametrize("name", [*PAGES, "servers"])
def test_the_browser_opens_the_chapter(name: str, parent: Dialog, pages: Path, browser: Browser) -> None:
    assert open_help(parent, name) is None
    assert browser.opened == [str(pages / f"chapter-{name}.html")]


def test_without_a_chapter_it_opens_the_first_page(parent: Dialog, pages: Path, browser: Browser) -> None:
    assert open_help(parent) is None
    assert browser.opened == [str(pages / "index.html")]


def test_a_link_is_followed_before_the_browser_gets_it(tmp_path: Path, pages: Path) -> None:
    elsewhere = tmp_path / "share"
    pages.rename(elsewhere)
    pages.symlink_to("share")
    assert web_page("overview") == elsewhere / "chapter-overview.html"


def test_without_a_browser_the_window_shows_it(parent: Dialog, pages: Path) -> None:
    window = open_help(parent, "servers")
    assert window is not None
    assert window.isVisible()
    window.close()


def test_a_browser_that_does_not_start_is_no_browser(parent: Dialog, pages: Path, browser: Browser) -> None:
    browser.works = False
    window = open_help(parent, "archives")
    assert window is not None
    window.close()


def test_pages_that_were_not_built_are_shown_by_the_window(
    parent: Dialog, pages: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in pages.iterdir():
        file.unlink()
    window = open_help(parent, "archives")
    assert window is not None
    assert browser.opened == []
    window.close()


def test_pictures_fit_into_the_window(parent: Dialog) -> None:
    window = show_help(parent)
    window.text.setSource(QUrl.fromLocalFile(str(document("scripts.md"))))
    picture = window.text.loadResource(QTextDocument.ResourceType.ImageResource, QUrl("pictures/script.webp"))
    assert isinstance(picture, QImage)
    assert 0 < picture.width() <= window.text.viewport().width()
    window.close()
