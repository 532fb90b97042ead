"""What the window knows before the store is open, and what older versions kept in the same file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.paths import Paths


@pytest.fixture
def paths(tmp_path: Path, qtbot: QtBot) -> Paths:
    return Paths.from_environment({"BORGDESK_HOME": str(tmp_path)})


def written(paths: Paths, text: str) -> WindowSettings:
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "window.ini").write_text(text)
    return WindowSettings(paths)


def test_what_is_used_where_nothing_was_kept(paths: Paths) -> None:
    settings = WindowSettings(paths)
    assert settings.scheme == "system"
    assert settings.geometry.isEmpty()
    assert settings.take_old() == {}


def test_what_was_kept_is_known_at_the_next_start(paths: Paths) -> None:
    settings = WindowSettings(paths)
    settings.keep_scheme("dark")
    settings.keep_geometry(QByteArray(b"here"))
    del settings
    again = WindowSettings(paths)
    assert again.scheme == "dark"
    assert again.geometry == QByteArray(b"here")


def test_only_a_change_is_told(paths: Paths, qtbot: QtBot) -> None:
    settings = WindowSettings(paths)
    with qtbot.waitSignal(settings.scheme_changed):
        settings.keep_scheme("light")
    with qtbot.assertNotEmitted(settings.scheme_changed):
        settings.keep_scheme("light")


def test_the_settings_of_an_older_version_are_taken_once(paths: Paths) -> None:
    old = written(paths, "[wishes]\nscheme=dark\nnotify_success=TRUE\nclose_to_tray=perhaps\nkeep_checkpoint=false\n")
    assert old.scheme == "dark"
    assert old.take_old() == {
        "window.colours": "dark",
        "notifications.success": True,
        "window.close-to-tray": False,
        "backup.keep-checkpoint": False,
    }
    del old
    again = WindowSettings(paths)
    assert again.take_old() == {}
    assert again.scheme == "dark", "it is still needed for the first frame"


def test_nonsense_counts_as_nothing(paths: Paths) -> None:
    assert written(paths, "[wishes]\nscheme=purple\n[window]\ngeometry=12\n").scheme == "system"
    assert written(paths, "[window]\nscheme=pink\ngeometry=12\n").geometry.isEmpty()
