"""Every option of every command with nonsense of every kind: a prompt answer with a documented exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.cli import parser
from borgdesk.domain.run import Hook
from tests.cli.lab import BorgDesk

CODES = {0, 1, 2, 64, 75, 124, 130}
"""From docs/cli.md."""

AT_ONCE = 20

NONSENSE = {
    "huge": str(2**64), "larger than any id": "9" * 5000, "negative": "-1", "NaN": "NaN", "infinite": "-inf",
    "fraction": "1.5", "empty": "", "blank": "   ", "NUL": "a\0b", "not UTF-8": "\udcff\udcfe", "line": "a\nb",
    "long": "x" * 200_000, "option": "--", "equals": "=", "digits": "٣", "wide": "写真\u202e", "percent": "%s{now:%Q}{",
}  # fmt: skip

PLACES = {place: f"places/{place}" for place in ("fifo", "folder", "missing", "unreadable", "file/below", "loop")}
PLACES |= {device: device for device in ("/dev/zero", "/dev/tty")}


def _made(folder: Path) -> BorgDesk:
    """Return a BorgDesk whose Borg fails at once."""
    desk = BorgDesk(folder)
    desk.environment["BORGDESK_BORG"] = "/bin/false"
    desk.add_pretended_repository("Docs")
    desk.add_script("stop")
    desk.assign("Docs", "stop", Hook.PRE_BACKUP)
    places = desk.folder / "places"
    places.mkdir()
    os.mkfifo(places / "fifo")
    (places / "folder").mkdir()
    (places / "file").write_text("#!/bin/sh\n")
    (places / "unreadable").touch(mode=0o000)
    (places / "loop").symlink_to("loop")
    return desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BorgDesk]:
    """Provide a BorgDesk for all the nonsense, some of which has effects."""
    desk = _made(tmp_path_factory.mktemp("nonsense") / "desk")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BorgDesk]:
    desk = _made(tmp_path_factory.mktemp("untouched") / "desk")
    yield desk
    desk.close()


Words = tuple[str, ...]


def commands(within: argparse.ArgumentParser, path: Words = ()) -> Iterator[tuple[Words, argparse.ArgumentParser]]:
    """Yield all commands with their parsers."""
    groups = [action for action in within._actions if isinstance(action, argparse._SubParsersAction)]
    for name, command in (item for group in groups for item in group.choices.items()):
        yield from commands(command, (*path, name))
    if path and not any(group.required for group in groups):
        yield path, within


def options(command: argparse.ArgumentParser) -> list[argparse.Action]:
    actions = command._actions
    return [one for one in actions if one.nargs != 0 and not isinstance(one, argparse._SubParsersAction)]


VALID = {
    "repository": "1", "repositories": "1", "script": "1", "assignment": "1", "run": "1", "name": "New",
    "location": "nowhere", "source": ".", "hook": "post-run", "order": "1", "file": "places/file",
    "archive": "latest", "text": "letters", "path": "letters", "paths": "letters", "restore": "12345678",
    "a": "older", "b": "latest", "archives": "latest", "folder": "places/folder", "files": "places/file",
    "database": "places/file", "scripts": "places/folder", "key": "history.keep-days", "value": "30",
    "message": "Change",
}  # fmt: skip

COMMANDS = dict(commands(parser.build()))

CASES = [
    pytest.param(path, action, id=f"{' '.join(path)} {(action.option_strings or [str(action.metavar)])[-1]}")
    for path, command in COMMANDS.items()
    for action in options(command)
]


def others(path: tuple[str, ...], wanted: argparse.Action) -> list[str]:
    """Return the other arguments that the command needs."""
    needed = []
    for action in options(COMMANDS[path]):
        if action.dest != wanted.dest and action.option_strings and action.required:
            needed += [action.option_strings[-1], VALID[action.dest]]
        elif action.dest != wanted.dest and not action.option_strings and action.nargs != "?":
            needed.append(VALID[action.dest])
    return needed


def line(path: tuple[str, ...], wanted: argparse.Action, value: str) -> list[str]:
    if wanted.option_strings:
        return [*path, *others(path, wanted), f"{wanted.option_strings[-1]}={value}"]
    positionals = [
        one for one in options(COMMANDS[path]) if not one.option_strings and (one is wanted or one.nargs != "?")
    ]
    given = [value if one.dest == wanted.dest else VALID[one.dest] for one in positionals]
    named = [part for part in others(path, wanted) if part not in given]
    return [*path, *named, "--", *given]


def _share(place: int, of: int) -> dict[str, str]:
    """Return every *of*-th nonsense, starting at *place*: over all options, each kind is tried many times."""
    tried = [*{**NONSENSE, **PLACES}.items()]
    return dict(tried[place % of :: of])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("of", [6, pytest.param(1, marks=pytest.mark.faults)], ids=["a share", "all"])
@pytest.mark.parametrize(("path", "action"), CASES)
def test_every_option_against_nonsense(
    desk: BorgDesk, path: tuple[str, ...], action: argparse.Action, of: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    place = [case.values for case in CASES].index((path, action))

    def too_long(*_: object) -> None:
        raise TimeoutError("it takes too long")

    before = signal.signal(signal.SIGALRM, too_long)
    try:
        for what, value in _share(place, of).items():
            if path == ("demo",) and what not in ("NUL", "fifo", "/dev/zero", "file/below", "loop"):
                continue
            with Path(os.devnull).open() as nothing:
                monkeypatch.setattr(sys, "stdin", nothing)
                signal.alarm(AT_ONCE)
                answer = desk.here(*line(path, action, value))
                signal.alarm(0)
            assert answer.code in CODES, (what, answer)
            assert answer.code == 0 or answer.err, (what, answer)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_all_commands_are_tried() -> None:
    assert len({case.values[0] for case in CASES}) >= 17


@pytest.mark.parametrize("place", ["places/fifo", "/dev/zero", "/dev/tty", "places/folder", "places/loop"])
@pytest.mark.parametrize(
    "command",
    [
        ("script", "add", "--name", "X"),
        ("script", "edit", "1", "--file"),
        ("repo", "edit", "1", "--pre-script-file"),
        ("repo", "edit", "1", "--post-script-file"),
    ],
    ids=" ".join,
)
def test_what_is_no_file_is_refused(
    untouched: BorgDesk, command: tuple[str, ...], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(untouched.folder)
    answer = untouched.here(*command, place)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"borgdesk: The file {place} cannot be read: ")


def test_a_search_for_more_than_any_database_takes(desk: BorgDesk) -> None:
    for command in (("script", "list"), ("history",)):
        assert desk.here(*command, "--search", "é" * 5000).code == 0
        answer = desk.here(*command, "--search", "x" * 5001)
        assert (answer.code, answer.err) == (
            2,
            "borgdesk: The search text is too long. The limit is 5,000 characters.\n",
        )


@pytest.mark.parametrize("limit", [2**63, 2**64, 10**400])
def test_a_limit_beyond_any_history(desk: BorgDesk, limit: int) -> None:
    assert desk.here("history", "--limit", str(limit)).code == 0
