from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.archives.lab import empty_repository, real_desk
from tests.engine.desk import Desk


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def real(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    with real_desk(tmp_path / "work", empty) as desk:
        yield desk
