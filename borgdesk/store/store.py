"""The facade over everything that is stored."""

from __future__ import annotations

from borgdesk.domain.errors import StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store.assignments import Assignments
from borgdesk.store.borg_calls import BorgCalls
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT, Database
from borgdesk.store.executions import Executions
from borgdesk.store.exposure import check_folders
from borgdesk.store.history_list import HistoryList
from borgdesk.store.history_removal import HistoryRemoval
from borgdesk.store.kept_secrets import KeptSecrets
from borgdesk.store.key_values import KeyValues
from borgdesk.store.repositories import Repositories
from borgdesk.store.revisions import Revisions
from borgdesk.store.run_sizes import RunSizes
from borgdesk.store.runs import Runs
from borgdesk.store.schedules import Schedules
from borgdesk.store.scripts import Scripts
from borgdesk.store.search_file import SearchFile
from borgdesk.store.search_filler import SearchFiller
from borgdesk.store.search_index import SearchIndex
from borgdesk.store.settings import Settings
from borgdesk.translation import _


class Store:
    """The database and the script library of one user. May be used from any thread once it is open."""

    def __init__(self, paths: Paths, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self._paths = paths
        self.database = Database(paths.database, busy_timeout=busy_timeout)
        self.repositories = Repositories(self.database)
        self.revisions = Revisions(self.database, paths.revisions)
        self.scripts = Scripts(self.database, paths.library, self.revisions)
        self.assignments = Assignments(self.database)
        search_file = SearchFile(paths.history_index)
        search_index = SearchIndex(search_file)
        self.runs = Runs(self.database, search_index)
        self.history_list = HistoryList(self.database, self.runs, search_index)
        self.search_filler = SearchFiller(self.database, search_file)
        self.run_sizes = RunSizes(self.database)
        self.executions = Executions(self.database)
        self.history_removal = HistoryRemoval(self.database)
        self.borg_calls = BorgCalls(self.database)
        self.schedules = Schedules(self.database)
        self.kept_secrets = KeptSecrets(self.database)
        self.key_values = KeyValues(self.database)
        self.settings = Settings(self.database)

    def open(self) -> None:
        """Create what is missing and open the database.

        Raises:
            FolderExposed: another user can modify what is stored.
            StoreUnusable: a folder cannot be created, or the database cannot be used; the message says why.
        """
        check_folders(self._paths)
        try:
            self._paths.make()
        except OSError as error:
            raise StoreUnusable(
                _("The folder {filename} cannot be created: {error}.").format(
                    filename=error.filename, error=error.strerror
                )
            ) from error
        check_folders(self._paths)
        self.database.open()
        self.settings.read()
        self.scripts.repair()

    def close(self) -> None:
        """Close the database."""
        self.database.close()
