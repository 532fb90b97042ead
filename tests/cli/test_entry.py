"""Every command as users start it, in a Python that imports for it: most other tests run what is imported already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.cli import parser
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook
from borgdesk.domain.schedule import Schedule
from tests.cli.lab import BorgDesk
from tests.cli.test_nonsense import CODES, VALID, commands, options

WRONG_USAGE = 64
COMMANDS = [*commands(parser.build())]
CHOSEN = {
    "restore": ["--to", "new"],
    "schedule set": ["--daily", "3:00"],
    "archive delete": ["--yes"],
    "break-lock": ["--yes"],
    "prune": ["--yes"],
}
"""Options without which the command does nothing."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BorgDesk]:
    """Provide something for each command to work with."""
    desk = BorgDesk(tmp_path_factory.mktemp("entry") / "desk")
    docs = desk.add_repository("Docs", retention=Retention(last=1))
    desk.add_script("stop")
    desk.assign("Docs", "stop", Hook.PRE_BACKUP)
    desk.workspace.store.schedules.put(Schedule(docs.id, "0 3 * * *"))
    assert desk.back_up("Docs").status == "success"
    desk.close()
    (desk.folder / "places" / "folder").mkdir(parents=True)
    (desk.folder / "places" / "file").write_text("#!/bin/sh\n")
    yield desk
    desk.close()


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_imports_what_it_needs(
    number: int, desk: BorgDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    home = shutil.copytree(desk.home, tmp_path / "home", symlinks=True)
    words, command = " ".join(COMMANDS[number][0]), COMMANDS[number][1]
    needed = [one for one in options(command) if one.required]
    named = [f"{one.option_strings[-1]}={VALID[one.dest]}" for one in needed if one.option_strings]
    values = [VALID[one.dest] for one in needed if not one.option_strings]
    line = [*words.split(), *CHOSEN.get(words, []), *named, *(["--", *values] if values else [])]
    # "Unexpected error", which users would see instead of a missing import, is found by the desk.
    answer = desk.started(*line, stdin="\n", BORGDESK_HOME=str(home))
    assert answer.code in CODES - {WRONG_USAGE}, answer


def test_there_are_all_commands() -> None:
    assert len(COMMANDS) >= 75
