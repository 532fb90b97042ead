"""Puts an empty database where one is to be opened: the migrations make it once per process, which takes them long.

Tests of how a database comes to be, in ``tests/store/``, let the program make its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from borgdesk.engine.workspace import Workspace
from borgdesk.paths import Paths
from borgdesk.store import schema


@cache
def _content() -> bytes:
    with TemporaryDirectory() as folder:
        made = Path(folder) / "borgdesk.db"
        schema.prepare(made)
        return made.read_bytes()


def lay(paths: Paths) -> None:
    """Create the folders and the database, as a first start of the program leaves them."""
    paths.make()
    paths.database.touch(mode=0o600, exist_ok=False)
    paths.database.write_bytes(_content())


def opened(environment: Mapping[str, str]) -> Workspace:
    """Open a workspace, which need not exist yet, as :meth:`Workspace.open` does."""
    paths = Paths.from_environment(environment)
    if not paths.database.exists():
        lay(paths)
    return Workspace.open(environment)
