"""Every test below here runs with Qt and, unless a display was chosen, without a screen."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from borgdesk.gui.garbage import GarbageCollection

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Without a screen every window says what it cannot do; nothing is wrong.
    harmless = pytest.mark.qt_log_ignore("This plugin does not support ", extend=True)
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(harmless)


@pytest.fixture(autouse=True, scope="module")
def _garbage(qapp: QApplication) -> Iterator[None]:
    """As in the program: a thread of a test must not destroy the widgets of the one before."""
    garbage = GarbageCollection()
    yield
    gc.collect()
    garbage.stop()


@pytest.fixture(autouse=True)
def _no_key_held(qapp: QApplication) -> Iterator[None]:
    """Qt takes Shift and Ctrl of the last key that a test pressed for held, and views select differently then."""
    yield
    if qapp.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyRelease(QWidget(), Qt.Key.Key_Control)
    assert qapp.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
