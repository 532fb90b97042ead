"""The settings on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.settings import ALL
from tests.cli.lab import BorgDesk


def test_settings_are_listed_shown_and_changed(desk: BorgDesk) -> None:
    listed = desk.ok("settings", "list", "--json").json
    assert [one["key"] for one in listed] == [one.key for one in ALL]
    assert set(listed[0]) == {"key", "value", "default", "type", "description"}
    assert "editor.tab-width" in desk.ok("settings", "list").out
    assert desk.ok("settings", "set", "editor.tab-width", "8").out == ""
    assert desk.ok("settings", "get", "editor.tab-width").out == "8\n"
    assert desk.ok("settings", "set", "notifications.success", "yes", "--json").json["value"] is True
    desk.ok("settings", "reset", "editor.tab-width")
    assert desk.ok("settings", "get", "editor.tab-width", "--json").json["value"] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("get", "nothing"), 64, "There is no setting “nothing”. Use window.colours, "),
        (("set", "editor.tab-width", "-1"), 2, "-1 is not possible. It must be at least 1."),
        (("set", "editor.tab-width", "wide"), 2, "“wide” is not a whole number."),
        (("set", "window.colours", "pink"), 2, "“pink” is not possible. Use system, light or dark."),
        (("set", "window.close-to-tray", "maybe"), 2, "“maybe” is not possible."),
        (("set", "notifications.quiet-hours", "noon"), 2, "“noon” is not a part of the day"),
        (("set", "borg.program", "borg"), 2, "“borg” is not an absolute path"),
        (("set", "borg.program", "/nowhere/borg"), 2, "Borg is not installed (looked for “/nowhere/borg”)"),
        (("set", "borg.program", "/bin/true"), 2, "This program does not identify itself as Borg."),
        (("set", "window.autostart", "true"), 2, "does not start at login. Nothing was changed."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_possible_changes_nothing(
    desk: BorgDesk, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    before = desk.here("settings", "list").out
    answer = desk("settings", *arguments)
    assert answer.code == code
    assert sentence in answer.err
    assert desk.here("settings", "list").out == before


def test_the_chosen_borg_is_used_unless_the_environment_names_another(desk: BorgDesk, tmp_path: Path) -> None:
    desk.environment.pop("BORGDESK_BORG", None)
    desk.add_pretended_repository("Docs")
    stub = desk.stub('#!/bin/sh\n[ "$1" = --version ] && echo borg 1.2.4 || { echo broken >&2; exit 2; }\n')
    answer = desk.ok("settings", "set", "borg.program", stub)
    assert "Borg 1.2.4 works, but Borg 1.4 says more exactly what went wrong." in answer.err
    assert "broken" in desk("info", "Docs").err
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho no borg at all\n")
    other.chmod(0o700)
    assert "does not identify itself as Borg" in desk("info", "Docs", BORGDESK_BORG=str(other)).err


def test_the_window_starts_at_login_only_if_that_was_asked_for(desk: BorgDesk) -> None:
    del desk.environment["BORGDESK_HOME"]
    desk.environment |= {f"XDG_{name}_HOME": str(desk.folder / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    file = desk.folder / "CONFIG" / "autostart" / "org.borgdesk.BorgDesk.desktop"
    desk.ok("settings", "list")
    assert not file.exists()
    desk.ok("settings", "set", "window.autostart", "true")
    (line,) = [line for line in file.read_text().splitlines() if line.startswith("Exec=")]
    assert line.startswith('Exec="/')
    assert line.endswith(" --hidden")
    desk.ok("settings", "set", "window.autostart", "false")
    assert not file.exists()
    file.parent.chmod(0o500)
    try:
        answer = desk("settings", "set", "window.autostart", "true")
    finally:
        file.parent.chmod(0o700)
    if answer.code:  # not as root, whom permissions do not stop
        assert "cannot be written: Permission denied. Nothing was changed." in answer.err
        assert desk.ok("settings", "get", "window.autostart").out == "false\n"


@pytest.mark.parametrize("words", [["--open", "run:1", "settings", "list"], ["--open", "run:x"], ["--open", ""]])
def test_what_the_window_is_to_show_is_no_option_of_commands_and_must_exist(desk: BorgDesk, words: list[str]) -> None:
    answer = desk(*words)
    assert answer.code == 64
    assert "--open" in answer.err


def test_the_menu_entry_comes_and_goes(desk: BorgDesk) -> None:
    desk.environment["XDG_DATA_HOME"] = str(desk.folder / "DATA")
    entry = desk.folder / "DATA" / "applications" / "org.borgdesk.BorgDesk.desktop"
    assert f"in the menu of applications now: {entry}" in desk.ok("--install-desktop").err
    assert entry.exists()
    assert desk("--install-desktop", "repo", "list").code == 64
    assert desk.ok("--json", "--remove-desktop").json == {"removed": True}
    assert not entry.exists()
    assert "There is no menu entry to remove." in desk.ok("--remove-desktop").err


def test_hidden_is_no_option_of_commands(desk: BorgDesk) -> None:
    answer = desk("--hidden", "settings", "list")
    assert answer.code == 64
    assert "--hidden is for the window only" in answer.err
