"""F1 on every page of the window opens the chapter about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

from borgdesk.gui.look import help_window
from tests.gui.tour import PAGES, Tour


def test_f1_opens_the_chapter_of_each_page(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def remember(url: QUrl) -> bool:
        opened.append(url.fileName())
        return True

    monkeypatch.setattr(help_window, "has_browser", lambda _: True)
    monkeypatch.setattr(help_window, "web_page", lambda name: Path(f"/html/chapter-{name}.html"))
    monkeypatch.setattr(QDesktopServices, "openUrl", remember)
    for name in PAGES:
        tour.page(name)
        QTest.keyClick(tour.window, Qt.Key.Key_F1)
    assert opened == [f"chapter-{name}.html" for name in PAGES]
