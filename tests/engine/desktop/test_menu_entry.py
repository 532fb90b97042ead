"""The menu entry of one user."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.engine.desktop import menu_entry
from borgdesk.paths import resource


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def test_it_starts_this_borgdesk_from_anywhere(environment: dict[str, str], tmp_path: Path) -> None:
    entry = menu_entry.install(environment)
    assert entry == tmp_path / ".local/share/applications/org.borgdesk.BorgDesk.desktop"
    starts = [line for line in entry.read_text().splitlines() if line.startswith("Exec=")]
    assert all(line.startswith('Exec="/') for line in starts)
    assert [line.rpartition('"')[2] for line in starts] == [" %f", " --open backup:all", " --open history"]
    if validator := shutil.which("desktop-file-validate"):
        subprocess.run([validator, entry], check=True)


def test_the_icon_is_where_desktops_look_for_it(environment: dict[str, str], tmp_path: Path) -> None:
    menu_entry.install(environment)
    icon = tmp_path / ".local/share/icons/hicolor/scalable/apps/org.borgdesk.BorgDesk.svg"
    assert "<svg" in icon.read_text()


def test_script_packs_belong_to_it(environment: dict[str, str], tmp_path: Path) -> None:
    menu_entry.install(environment)
    assert "*.borgdesk-pack" in (tmp_path / ".local/share/mime/packages/org.borgdesk.BorgDesk.xml").read_text()
    if shutil.which("update-mime-database"):
        assert "borgdesk-pack" in (tmp_path / ".local/share/mime/globs2").read_text()


def test_other_kinds_of_files_stay(environment: dict[str, str], tmp_path: Path) -> None:
    menu_entry.install(environment)
    other = tmp_path / ".local/share/mime/packages/other.xml"
    other.write_text(resource("org.borgdesk.BorgDesk.xml").read_text().replace("borgdesk", "other"))
    menu_entry.remove(environment)
    assert other.exists()


def test_installed_twice_and_removed_nothing_is_left(environment: dict[str, str], tmp_path: Path) -> None:
    menu_entry.install(environment)
    menu_entry.install(environment)
    assert menu_entry.remove(environment)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not menu_entry.remove(environment)


def test_the_folder_of_the_user_may_be_elsewhere(environment: dict[str, str], tmp_path: Path) -> None:
    entry = menu_entry.install(environment | {"XDG_DATA_HOME": str(tmp_path / "data")})
    assert entry.is_relative_to(tmp_path / "data")


@pytest.mark.parametrize("given", ["data", " ", "./data", ""])
def test_a_folder_that_is_not_absolute_is_ignored_as_desktops_do(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    entry = menu_entry.install(environment | {"XDG_DATA_HOME": given})
    assert entry.is_relative_to(tmp_path / ".local" / "share")
    assert not [*Path().iterdir()]
    with pytest.raises(InvalidInput, match="HOME is no absolute path"):
        menu_entry.install({"HOME": "here"})


def test_a_failure_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".local/share/applications/org.borgdesk.BorgDesk.desktop").mkdir(parents=True)
    with pytest.raises(BorgDeskError, match=r"cannot be written: Is a directory\."):
        menu_entry.install(environment)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_what_cannot_be_written_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(BorgDeskError, match=r"org\.borgdesk\.BorgDesk\.desktop cannot be written: Not a directory\."):
        menu_entry.install(environment)
    assert not menu_entry.remove(environment)


def test_without_a_home_there_is_no_place_for_it() -> None:
    with pytest.raises(InvalidInput, match="HOME is not set"):
        menu_entry.install({})
