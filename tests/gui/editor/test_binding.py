"""Parts of the script editor that need no window."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QColor, QPalette

from borgdesk.domain.findings import Severity
from borgdesk.gui.editor.binding import qt_copies, require_one_qt
from borgdesk.gui.editor.languages import LANGUAGES, Role, language_for, role_of
from borgdesk.gui.editor.scheme import MARK_CONTRAST, MATCH_ALPHA, TEXT_CONTRAST, contrast, scheme_for

PALETTES = {
    "white": ("#ffffff", "#000000", "#308cc6", "#ffffff"),
    "breeze dark": ("#1b1e20", "#fcfcfc", "#3daee9", "#fcfcfc"),
    "adwaita dark": ("#1e1e1e", "#ffffff", "#15539e", "#ffffff"),
    "solarized": ("#fdf6e3", "#657b83", "#268bd2", "#fdf6e3"),
    "black": ("#000000", "#ffffff", "#00ff00", "#ffffff"),
    "middling": ("#777777", "#8a8a8a", "#808080", "#909090"),
}


def palette_of(name: str) -> QPalette:
    base, text, highlight, highlighted = PALETTES[name]
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(base))
    palette.setColor(QPalette.ColorRole.Text, QColor(text))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(highlight))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor(highlighted))
    return palette


def lit(ground: str, match: str) -> QColor:
    """Return a background with a search match's colour painted over it."""
    below, above, share = QColor(ground), QColor(match), MATCH_ALPHA / 255
    parts = ((below.red(), above.red()), (below.green(), above.green()), (below.blue(), above.blue()))
    return QColor(*(round(under + (over - under) * share) for under, over in parts))


@pytest.mark.parametrize("name", [name for name in PALETTES if name != "middling"])
def test_every_text_can_be_read(name: str) -> None:
    scheme = scheme_for(palette_of(name))
    for colour in (*scheme.roles.values(), scheme.text):
        for ground in (scheme.base, scheme.current_line):
            assert contrast(QColor(colour), QColor(ground)) >= TEXT_CONTRAST, (colour, ground)
            assert contrast(QColor(colour), lit(ground, scheme.match)) >= TEXT_CONTRAST, (colour, ground, "lit")
    for text, ground in (
        (scheme.margin_text, scheme.margin),
        (scheme.selection_text, scheme.selection),
        (scheme.brace_text, scheme.brace),
    ):
        assert contrast(QColor(text), QColor(ground)) >= TEXT_CONTRAST, (text, ground)
    for mark in (*scheme.severities.values(), scheme.match):
        assert contrast(QColor(mark), QColor(scheme.base)) >= MARK_CONTRAST


def test_dark_is_told_from_light() -> None:
    assert scheme_for(palette_of("breeze dark")).dark
    assert not scheme_for(palette_of("white")).dark


def test_a_palette_without_contrast_still_gives_readable_text() -> None:
    scheme = scheme_for(palette_of("middling"))
    assert contrast(QColor(scheme.text), QColor(scheme.base)) > 3.9


def test_severities_differ() -> None:
    assert len(set(scheme_for(palette_of("white")).severities.values())) == len(Severity)


def test_one_qt_is_required() -> None:
    maps = [
        "7f00-7f01 r-xp 00000000 08:01 1 /venv/PySide6/Qt/lib/libQt6Core.so.6\n",
        "7f02-7f03 r--p 00000000 08:01 1 /venv/PySide6/Qt/lib/libQt6Core.so.6\n",
        "7f04-7f05 r-xp 00000000 08:01 2 /venv/PySide6/Qt/lib/libQt6Gui.so.6\n",
        "7f06-7f07 rw-p 00000000 00:00 0\n",
    ]
    assert qt_copies(maps) == {"/venv/PySide6/Qt/lib/libQt6Core.so.6"}
    two = qt_copies([*maps, "7f08-7f09 r-xp 0 08:01 3 /venv/PyQt6/Qt6/lib/libQt6Core.so.6\n"])
    with pytest.raises(ImportError, match="2 copies of Qt"):
        require_one_qt(two, "6.11.3", "6.11.0")
    with pytest.raises(ImportError, match="same minor version"):
        require_one_qt(qt_copies(maps), "6.11.3", "6.10.1")
    require_one_qt(qt_copies(maps), "6.11.3", "6.11.0")


def test_the_editor_loads_pyqt6_only_when_it_is_imported() -> None:
    program = (
        "import sys, borgdesk.gui.look.find_bar, borgdesk.gui.editor\n"
        "assert not any(name.startswith('PyQt6') for name in sys.modules)\n"
        "import borgdesk.gui.editor.editor\n"
        "assert 'PyQt6.Qsci' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_editor_is_imported_in_the_thread_that_loads_the_first_script() -> None:
    program = (
        "import sys, threading\n"
        "from borgdesk.gui.scripts.script_text import with_editor\n"
        "load = with_editor(lambda: print('borgdesk.gui.editor.editor' in sys.modules))\n"
        "assert 'borgdesk.gui.editor.editor' not in sys.modules\n"
        "thread = threading.Thread(target=load)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n"


def test_importing_pyqt6_first_is_refused_with_a_sentence() -> None:
    program = (
        "import ctypes, PyQt6\n"
        "from pathlib import Path\n"
        "core = Path(PyQt6.__file__).parent / 'Qt6/lib/libQt6Core.so.6'\n"
        "ctypes.CDLL(str(core))\n"
        "from borgdesk.gui.editor import editor\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "ImportError" in done.stderr


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("#!/bin/dash", "Shell"),
        ("#! /usr/bin/env FOO=1 zsh", "Shell"),
        ("#!/bin/busybox ash", "Shell"),
        ("#!/usr/bin/env node", "JavaScript"),
        ("#!/usr/bin/php8.2", "PHP"),
        ("#!", "Shell"),
        ("#!/usr/bin/env", "Plain text"),
    ],
)
def test_shebangs(first: str, name: str) -> None:
    assert language_for(first).name == name


def test_every_named_lexer_exists_and_gives_roles() -> None:
    from borgdesk.gui.editor.binding import Qsci

    for language in LANGUAGES:
        lexer = getattr(Qsci, language.lexer)()
        roles = {role_of(lexer.description(style)) for style in range(128) if lexer.description(style)}
        assert Role.TEXT in roles
        assert len(roles) > 1, language.name
