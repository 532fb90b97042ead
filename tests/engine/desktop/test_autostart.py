"""The two files in the autostart folder: one that recovery needs, one that the user asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.settings import AUTOSTART
from borgdesk.engine.desktop import autostart
from borgdesk.engine.settings.changing import change, follow_autostart
from tests.engine.desk import Desk


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def test_only_the_recovery_is_installed_unasked(environment: dict[str, str], tmp_path: Path) -> None:
    autostart.install(environment)
    assert [file.name for file in (tmp_path / ".config" / "autostart").iterdir()] == [autostart.NAME]
    assert autostart.recovery_file(environment) == tmp_path / ".config" / "autostart" / autostart.NAME


def test_the_window_is_written_and_removed(environment: dict[str, str]) -> None:
    file = autostart.start_window_at_login(environment)
    assert file.name == "org.borgdesk.BorgDesk.desktop"
    assert file.read_text().count(" --hidden\n") == 1
    autostart.forget_window(environment)
    autostart.forget_window(environment)
    assert not file.exists()


def test_it_names_the_place_where_borgdesk_is_now(environment: dict[str, str]) -> None:
    file = autostart.start_window_at_login(environment)
    text = file.read_text()
    file.write_text(text.replace("Exec=", "Exec=/old/place "))
    assert autostart.refresh_window(environment)
    assert file.read_text() == text


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_was_switched_off_in_the_desktop_stays_off(environment: dict[str, str], line: str) -> None:
    file = autostart.start_window_at_login(environment)
    file.write_text(f"[Desktop Entry]\nExec=/old/place\n{line}\n")
    assert not autostart.refresh_window(environment)
    assert "/old/place" in file.read_text()


def test_a_trial_never_starts_at_login(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "BORGDESK_HOME": str(tmp_path / "trial")}
    with pytest.raises(InvalidInput, match="Nothing was changed"):
        autostart.start_window_at_login(environment)
    autostart.forget_window(environment)
    assert autostart.refresh_window(environment)
    assert not (tmp_path / ".config").exists()


def test_a_folder_that_is_a_file_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("")
    with pytest.raises(BorgDeskError, match="cannot be written: "):
        autostart.start_window_at_login(environment)
    autostart.forget_window(environment)


def test_the_setting_follows_a_file_that_was_removed_elsewhere(desk: Desk, tmp_path: Path) -> None:
    from dataclasses import replace

    home = {"HOME": str(tmp_path / "person")}
    workspace = replace(desk.workspace, environment=home)
    change(workspace, AUTOSTART, True)
    follow_autostart(workspace)
    assert workspace.store.settings.read()[AUTOSTART]
    (tmp_path / "person" / ".config" / "autostart" / autostart.WINDOW_NAME).unlink()
    follow_autostart(workspace)
    assert not workspace.store.settings.read()[AUTOSTART]
