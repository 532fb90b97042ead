"""QScintilla's Python binding (PyQt6's) loaded beside PySide6, on PySide6's copy of Qt.

This is the only module that imports PyQt6, because the order matters: PySide6 brings its Qt libraries first, and the
loader then gives the same ones to PyQt6. The other way round, or with two copies of Qt in one process, widgets of one
binding crash in the other. Both things are checked here, once, when the first editor opens.
"""

# ruff: noqa: I001 -- the order of the imports is the point of this module
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6 import QtCore, QtGui, QtPrintSupport, QtWidgets  # noqa: F401 -- loads the libraries QScintilla needs
import shiboken6

try:
    from PyQt6 import Qsci, QtCore as PyQtCore, QtGui as PyQtGui, QtWidgets as PyQtWidgets, sip
except ImportError as error:
    raise ImportError(
        "The script editor cannot be opened: PyQt6-QScintilla is missing or does not fit the installed PySide6 "
        f"{QtCore.qVersion()} ({error}). Install PyQt6 and PySide6 of the same minor version."
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PyQtCore", "PyQtGui", "PyQtWidgets", "Qsci", "as_widget"]

_MAPS = Path("/proc/self/maps")


def qt_copies(maps: Iterable[str]) -> set[str]:
    """The paths of the Qt core libraries among lines of ``/proc/<pid>/maps``: one for each copy of Qt loaded."""
    paths = (line.rstrip("\n").partition("/") for line in maps)
    return {"/" + path for _, slash, path in paths if slash and os.path.basename(path).startswith("libQt6Core.so")}  # noqa: PTH119


def require_one_qt(copies: set[str], pyside: str, pyqt: str) -> None:
    """Raise ImportError, with a sentence for people, unless both bindings share one Qt of one minor version.

    ``copies`` is what `qt_copies` found, empty where that cannot be asked; the versions are dotted, as in "6.11.3".
    """
    if len(copies) > 1:
        raise ImportError(
            f"The script editor cannot be opened: {len(copies)} copies of Qt are loaded ({', '.join(sorted(copies))}). "
            "PySide6 must be imported before PyQt6."
        )
    if pyside.split(".")[:2] != pyqt.split(".")[:2]:
        raise ImportError(
            f"The script editor cannot be opened: PySide6 is of Qt {pyside} but PyQt6 of Qt {pyqt}. "
            "Install both of the same minor version."
        )


def as_widget(scintilla: Qsci.QsciScintilla) -> QtWidgets.QWidget:
    """PySide6's view of a PyQt6 widget, the same C++ object; its C++ parent owns it from now on.

    The widget must be given a parent before its last reference goes. The parent's end is then its only end: Python's
    garbage collector never deletes it under a layout.
    """
    address = cast("int", sip.unwrapinstance(scintilla))
    sip.transferto(scintilla, None)  # type: ignore[arg-type] # sip's stubs forget that None means C++
    return cast("QtWidgets.QWidget", shiboken6.wrapInstance(address, QtWidgets.QWidget))


def _loaded_copies() -> set[str]:
    if not sys.platform.startswith("linux"):
        return set()
    try:
        with _MAPS.open(encoding="utf-8", errors="replace") as maps:
            return qt_copies(maps)
    except OSError:
        return set()


require_one_qt(_loaded_copies(), QtCore.qVersion(), PyQtCore.QT_VERSION_STR)
