from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.desk import Desk
from tests.engine.git.machines import bare, put_in_git


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare(tmp_path / "remote.git")


@pytest.fixture
def one(tmp_path: Path, remote: Path) -> Iterator[Desk]:
    """Provide a machine with its library in git."""
    desk = Desk(tmp_path / "one")
    put_in_git(desk, remote)
    yield desk
    desk.close()


@pytest.fixture
def other(tmp_path: Path, remote: Path) -> Iterator[Desk]:
    """Provide another machine of the same user."""
    desk = Desk(tmp_path / "other")
    put_in_git(desk, remote)
    yield desk
    desk.close()
