"""Fixtures of the command line: a separate BorgDesk for tests that change it, and a shared one for reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook, OnFailure, RunOn
from tests.cli.lab import BorgDesk

_HEADER = """\
description = "Stops what writes"
[parameters.CONTAINERS]
description = "Containers to stop, in order"
required = true
[parameters.PASSWORD]
secret = true
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BorgDesk]:
    desk = BorgDesk(tmp_path / "desk")
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BorgDesk]:
    """Provide two repositories, three scripts in three lanes, a good run and a failed one. Tests must not change it."""
    desk = BorgDesk(tmp_path_factory.mktemp("shared") / "desk")
    desk.add_repository("Docs", retention=Retention(daily=3), excludes=("*.tmp",))
    desk.add_repository("Empty")
    desk.add_script("stop", 'echo "stopping $CONTAINERS"; test ! -e "$HOME/sabotage"', _HEADER, timeout=60)
    desk.add_script("start", 'echo "starting after $BORGDESK_OUTCOME"; echo complaint >&2')
    desk.add_script("report", 'echo "$BORGDESK_ERROR"', run_on=RunOn.parse("failure"), description="Says what is wrong")
    desk.assign("Docs", "stop", Hook.PRE_BACKUP, parameters={"CONTAINERS": "web"})
    desk.assign("Docs", "start", Hook.POST_BACKUP, timeout=7, on_failure=OnFailure.CONTINUE)
    desk.assign("Docs", "report", Hook.POST_RUN)
    assert desk.back_up("Docs").status == "success"
    (desk.folder / "sabotage").touch()
    assert desk.back_up("Docs").status == "failure"
    yield desk
    desk.close()
