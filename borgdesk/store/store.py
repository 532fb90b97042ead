"""All that is remembered, behind one name."""

from __future__ import annotations

from borgdesk.domain.errors import StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store import files
from borgdesk.store.assignments import Assignments
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT, Database
from borgdesk.store.repositories import Repositories
from borgdesk.store.revisions import Revisions
from borgdesk.store.runs import Runs
from borgdesk.store.scripts import Scripts
from borgdesk.store.settings import Settings


class Store:
    """The database and the script library of one user. May be used from any thread once it is open."""

    def __init__(self, paths: Paths, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self._paths = paths
        self.database = Database(paths.database, busy_timeout=busy_timeout)
        self.repositories = Repositories(self.database)
        self.scripts = Scripts(self.database, paths.library, Revisions(self.database, paths.revisions))
        self.assignments = Assignments(self.database)
        self.runs = Runs(self.database)
        self.settings = Settings(self.database)

    def open(self) -> None:
        """Create what is missing, and be ready.

        Raises:
            StoreUnusable: a folder cannot be made, or the database cannot be used; the message says why.
        """
        try:
            self._paths.make()
        except OSError as error:
            raise StoreUnusable(f"The folder {error.filename} cannot be created: {error.strerror}.") from error
        self.database.open()
        files.sweep(self._paths.library)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()
