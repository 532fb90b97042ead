"""Loads QScintilla's Python binding (PyQt6's) beside PySide6, on PySide6's copy of Qt.

Only this module imports PyQt6, because the order matters: PySide6 loads its Qt libraries first, and the loader then
uses the same ones for PyQt6. In the other order, or with two copies of Qt in one process, widgets of one binding crash
in the other. Both conditions are checked here, once, when the first editor opens.
"""

# ruff: noqa: I001 -- the order of the imports is the point of this module
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6 import QtCore, QtGui, QtPrintSupport, QtWidgets  # noqa: F401 -- loads the libraries QScintilla needs
import shiboken6

from borgdesk.translation import _

try:
    from PyQt6 import Qsci, QtCore as PyQtCore, QtGui as PyQtGui, QtWidgets as PyQtWidgets, sip
except ImportError as error:
    raise ImportError(
        _(
            "The script editor cannot be opened: PyQt6-QScintilla is missing or does not fit the installed PySide6 "
            "{version} ({error}). Install PyQt6 and PySide6 of the same minor version."
        ).format(version=QtCore.qVersion(), error=error)
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PyQtCore", "PyQtGui", "PyQtWidgets", "Qsci", "as_widget"]

_MAPS = Path("/proc/self/maps")


def qt_copies(maps: Iterable[str]) -> set[str]:
    """Return the paths of the Qt core libraries among lines of ``/proc/<pid>/maps``, one for each loaded copy of Qt."""
    paths = (line.rstrip("\n").partition("/") for line in maps)
    files = ("/" + path for _before, slash, path in paths if slash)
    return {file for file in files if os.path.basename(file).startswith("libQt6Core.so")}  # noqa: PTH119


def require_one_qt(copies: set[str], pyside: str, pyqt: str) -> None:
    """Raise ImportError, with a sentence for the user, unless both bindings share one Qt of the same minor version.

    ``copies`` is the result of `qt_copies`, empty where it is unavailable; the versions are dotted, as in "6.11.3".
    """
    if len(copies) > 1:
        raise ImportError(
            _(
                "The script editor cannot be opened: {count} copies of Qt are loaded ({files}). PySide6 must be "
                "imported "
                "before PyQt6."
            ).format(count=len(copies), files=", ".join(sorted(copies)))
        )
    if pyside.split(".")[:2] != pyqt.split(".")[:2]:
        raise ImportError(
            _(
                "The script editor cannot be opened: PySide6 is of Qt {pyside} but PyQt6 of Qt {pyqt}. Install both of "
                "the "
                "same minor version."
            ).format(pyside=pyside, pyqt=pyqt)
        )


def as_widget(scintilla: Qsci.QsciScintilla) -> QtWidgets.QWidget:
    """Return PySide6's wrapper of a PyQt6 widget, the same C++ object, which its C++ parent owns from now on.

    The widget must be given a parent before its last reference goes. Only the parent deletes it then: Python's garbage
    collector never does so while a layout uses it.
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
