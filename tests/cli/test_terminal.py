"""Output on a real terminal: a progress line that is overwritten and removed, and lists that fit."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import Screen, display_width, shortened
from borgdesk.domain.run import Hook, RunOn
from tests.cli.lab import BorgDesk, created, progress
from tests.cli.screen import COLOURS, Terminal

CANCELLED = (
    "Backup of A was cancelled. “start” ran afterwards. Borg saved nothing of this backup. "
    "Earlier archives are unchanged."
)
STOPPING = "Stopping… Owed scripts still run. Press again to give each 30 seconds."
_LONG = "a/very/long/path/that/no/terminal/of/sixty/columns/has/room/for/写真/file.jpg"


def reading(desk: BorgDesk, *steps: dict[str, Any]) -> dict[str, str]:
    """Return a Borg that reports progress twice, waits for ``more`` in between, and then does *steps*."""
    first, second = progress(1234, _LONG), progress(5678, "end")
    # Twice, because progress that follows too soon is not shown.
    later = [second, {"sleep": 0.3}, second]
    return desk.play({"steps": [first, {"wait_for": str(desk.folder / "more")}, *later, *steps]})


def test_one_line_is_written_over_and_nothing_is_left(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    desk.add_held_script("before")
    desk.assign("A", "before", Hook.PRE_BACKUP)
    variables = reading(desk, {"wait_for": str(desk.folder / "most")}, created())
    with Terminal(desk, "run", "A", columns=60, environment=variables) as terminal:
        terminal.wait_for("▸ before")
        (desk.folder / "before.go").touch()
        terminal.wait_for("1,234 files, 1.2 MB")
        assert terminal.lines[-1].endswith("…"), "cut to the width"
        assert len(terminal.lines[-1]) < 60
        assert [line for line in terminal.lines if "▸" in line] == []
        (desk.folder / "more").touch()
        terminal.wait_for("5,678 files, 5.7 MB")
        assert sum("files" in line for line in terminal.lines) == 1, "it was written over"
        (desk.folder / "most").touch()
        code, lines = terminal.end()
    assert code == 0
    assert lines[0].startswith("✓ before  ")
    assert lines[1:] == [
        "… backing up",
        "✓ host-2026-11-23T18:33:10.649382  2 files, 25 B, 111 B new",
        "Backup of A finished.",
    ]


@pytest.mark.parametrize("how", ["^C", "SIGTERM"])
def test_the_message_of_a_stop_stands_alone(desk: BorgDesk, how: str) -> None:
    desk.add_pretended_repository("A")
    desk.add_script("start")
    desk.assign("A", "start", Hook.POST_BACKUP)
    with Terminal(desk, "run", "A", environment=reading(desk)) as terminal:
        terminal.wait_for("1,234 files")
        if how == "^C":
            terminal.press("\x03")
        else:
            os.kill(terminal.pid, signal.SIGTERM)
        code, lines = terminal.end()
    assert code == 130
    assert lines[:3] == ["… backing up", STOPPING, "■ no backup: cancelled"]
    assert lines[3].startswith("✓ start  ")
    assert "".join(lines[4:]) == CANCELLED


def test_ctrl_c_twice(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    desk.add_held_script("start")
    desk.assign("A", "start", Hook.POST_BACKUP)
    with Terminal(desk, "run", "A", environment=reading(desk)) as terminal:
        terminal.wait_for("1,234 files")
        terminal.press("\x03")
        terminal.wait_for("▸ start")
        terminal.press("\x03")
        terminal.wait_for("Stopping now: each script that is owed has 30 seconds.")
        terminal.wait_for("▸ start")
        (desk.folder / "start.go").touch()
        code, lines = terminal.end()
    assert code == 130
    assert lines[:4] == [
        "… backing up",
        STOPPING,
        "■ no backup: cancelled",
        "Stopping now: each script that is owed has 30 seconds.",
    ]
    assert lines[4].startswith("✓ start  ")
    assert "".join(lines[5:]) == CANCELLED


def test_two_side_by_side_share_the_line(desk: BorgDesk) -> None:
    for name in ("A", "B"):
        desk.add_pretended_repository(name)
        desk.add_held_script(f"hold{name}")
        desk.assign(name, f"hold{name}", Hook.PRE_BACKUP)
    with Terminal(desk, "run", "A", "B", environment=desk.play({"steps": [created()]})) as terminal:
        desk.wait_for("holdA.began")
        desk.wait_for("holdB.began")
        (desk.folder / "holdA.go").touch()
        terminal.wait_for("A: ✓ success")
        terminal.wait_for("B: ▸ holdB")
        assert terminal.lines[-1] == "B: ▸ holdB", "what still runs is seen again"
        (desk.folder / "holdB.go").touch()
        code, lines = terminal.end()
    assert code == 0
    assert sorted(line.split("  ")[0] for line in lines) == sorted(
        [f"{name}: {what}" for name in "AB" for what in
         (f"✓ hold{name}", "… backing up", "✓ host-2026-11-23T18:33:10.649382", "✓ success")]
        + ["Backup of A finished.", "Backup of B finished."]
    )  # fmt: skip


def test_a_test_is_stopped_on_the_terminal(desk: BorgDesk) -> None:
    desk.add_held_script("held")
    with Terminal(desk, "script", "test", "held") as terminal:
        desk.wait_for("held.began")
        terminal.press("\x03")
        code, lines = terminal.end()
    assert code == 130
    assert lines[0].endswith("Stopping the script…")


def test_what_borg_complains_of_is_shown_and_its_defects_are_not(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    steps = ["photo.jpg: file changed while we backed it up", "Traceback (most recent call last)", "  deep inside"]
    answer = desk("run", "A", **desk.play({"steps": steps, "exit_code": 2}))
    assert answer.code == 2
    assert answer.said == ["… backing up", f"    {steps[0]}", "✗ no backup"]
    verbose = desk("run", "A", "--verbose", **desk.play({"steps": steps, "exit_code": 2}))
    assert [line.strip() for line in verbose.said[1:4]] == [line.strip() for line in steps]


@pytest.mark.parametrize(
    ("variables", "colours", "moves"),
    [({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)],
)
def test_colours_and_movement(desk: BorgDesk, variables: dict[str, str], colours: bool, moves: bool) -> None:
    desk.add_pretended_repository("A")
    with Terminal(desk, "run", "A", environment=reading(desk, created()) | variables) as terminal:
        terminal.wait_for("1,234 files" if moves else "backing up")
        (desk.folder / "more").touch()
        code, _ = terminal.end()
    assert code == 0
    assert ("\x1b[3" in terminal.text) == colours
    assert ("\x1b[K" in terminal.text) == moves
    assert ("1,234" in terminal.text) == moves


@pytest.fixture(scope="module")
def ugly(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Provide long names, wide characters, forty scripts and a long error."""
    desk = BorgDesk(tmp_path_factory.mktemp("ugly") / "desk")
    name = "A repository with a name that is much longer than anybody would like " * 2
    desk.add_pretended_repository("Long", sources=("/no/such/source/at/all/with/a/very/long/name",))
    desk.here("repo", "edit", "Long", "--name", name.strip())
    for number in range(40):
        desk.add_script(f"{number} 写真サーバー stop all of it", run_on=RunOn.parse("success,warning,failure"),
                        description="Says at length what it does. " * 20)  # fmt: skip
        hook = (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN)[number % 3]
        desk.assign("1", str(number + 1), hook, parameters={"WORDS": "many words " * 9})
    desk.back_up("1")
    yield desk
    desk.close()


_LISTS = ("repo list", "script list", "assignment list 1", "plan 1", "plan 1 --outcome skipped", "history")


@pytest.mark.parametrize(("columns", "commands"), [(80, _LISTS), (200, ("plan 1", "history"))])
def test_lists_fit_the_terminal(ugly: BorgDesk, columns: int, commands: tuple[str, ...]) -> None:
    for command in commands:
        with Terminal(ugly, *command.split(), columns=columns) as terminal:
            code, _ = terminal.end()
        assert code == 0
        written = COLOURS.sub("", terminal.text).replace("\r", "").split("\n")
        assert len(written) > 2
        assert max(map(display_width, written)) <= columns, command


def test_nothing_is_cut_where_nobody_sees_it(ugly: BorgDesk) -> None:
    out = ugly.here("script", "list").out
    assert out.count("Says at length what it does. " * 19) == 40
    assert "…" not in out


def test_titles_of_lanes_are_never_cut(ugly: BorgDesk) -> None:
    with Terminal(ugly, "plan", "1", columns=72) as terminal:
        _, lines = terminal.end()
    assert [line for line in lines if line in ("Before the backup", "Borg", "After the backup", "At the end")] == [
        "Before the backup", "Borg", "After the backup", "At the end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("letter", 6, "letter"), ("letter", 5, "lett…"), ("letter", 4, "let…"), ("letter", 1, "…"), ("letter", 0, ""),
        ("", 0, ""), ("日本", 4, "日本"), ("日本", 3, "日…"), ("日本", 2, "…"), ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
        ("نسخه\u200cها", 6, "نسخه\u200cها"), ("❤\ufe0f", 1, "❤\ufe0f"),
    ],
)  # fmt: skip
def test_what_is_shortened_fits(text: str, width: int, short: str) -> None:
    assert shortened(text, width) == short


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((123, 45)))
    with Path(os.devnull).open("w") as stream:
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
        assert Screen(stream, {}).width == (123 if is_terminal else None)


def test_what_scripts_print_cannot_move_the_cursor(desk: BorgDesk) -> None:
    desk.add_repository("A")
    desk.add_script("evil", r"printf 'one\033[2Jtwo\007\033]0;title\007\rthree\n'; exit 1")
    desk.assign("A", "1", Hook.POST_RUN)
    answer = desk.here("run", "A")
    assert (answer.code, answer.said[-1]) == (1, "    three")
    shown = desk.here("history", "show", "1").out
    assert not set(shown) & {"\x1b", "\x07", "\r"}
    assert "onetwo" in shown


def test_a_table_keeps_the_blanks_in_names() -> None:
    written = io.StringIO()
    table(
        Screen(written, {}), [Column(""), Column("")], [("two  blanks   here", "one"), ("of two\n  lines", "and\ttabs")]
    )
    assert written.getvalue() == "two  blanks   here  one\nof two lines        and tabs\n"
