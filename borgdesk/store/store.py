"""The facade over everything that is stored."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from borgdesk.domain.errors import StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store import files
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT, Database
from borgdesk.store.execution_reader import ExecutionReader
from borgdesk.store.exposure import check_folders
from borgdesk.store.history_bounds import HistoryBounds
from borgdesk.store.kept_secrets import KeptSecrets
from borgdesk.store.key_values import KeyValues
from borgdesk.store.repository_reader import RepositoryReader
from borgdesk.store.run_reader import RunReader
from borgdesk.store.schedule_reader import ScheduleReader
from borgdesk.store.search_file import SearchFile
from borgdesk.store.search_filler import SearchFiller
from borgdesk.store.search_index import SearchIndex
from borgdesk.store.settings import Settings
from borgdesk.store.slot_recorder import SlotRecorder
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.store.assignments import Assignments
    from borgdesk.store.borg_calls import BorgCalls
    from borgdesk.store.executions import Executions
    from borgdesk.store.history_list import HistoryList
    from borgdesk.store.history_removal import HistoryRemoval
    from borgdesk.store.repositories import Repositories
    from borgdesk.store.revisions import Revisions
    from borgdesk.store.run_sizes import RunSizes
    from borgdesk.store.runs import Runs
    from borgdesk.store.schedules import Schedules
    from borgdesk.store.scripts import Scripts


class Store:
    """The database and the script library of one user. May be used from any thread once it is open.

    What is a property here is imported when it is first used, and SQLAlchemy with it. The readers do without.
    """

    def __init__(self, paths: Paths, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self._paths = paths
        self.database = Database(paths.database, busy_timeout=busy_timeout)
        search_file = SearchFile(paths.history_index)
        self._search_index = SearchIndex(search_file)
        self.repository_reader = RepositoryReader(self.database)
        self.run_reader = RunReader(self.database)
        self.execution_reader = ExecutionReader(self.database)
        self.schedule_reader = ScheduleReader(self.database)
        self.slot_recorder = SlotRecorder(self.database)
        self.search_filler = SearchFiller(self.database, search_file)
        self.history_bounds = HistoryBounds(self.database)
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
        if files.leftovers(self._paths.library):
            self.scripts.repair()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    @cached_property
    def repositories(self) -> Repositories:
        """The configured repositories."""
        from borgdesk.store.repositories import Repositories

        return Repositories(self.database)

    @cached_property
    def revisions(self) -> Revisions:
        """The texts that scripts had."""
        from borgdesk.store.revisions import Revisions

        return Revisions(self.database, self._paths.revisions)

    @cached_property
    def scripts(self) -> Scripts:
        """The script library."""
        from borgdesk.store.scripts import Scripts

        return Scripts(self.database, self._paths.library, self.revisions)

    @cached_property
    def assignments(self) -> Assignments:
        """What is assigned to the lanes of repositories."""
        from borgdesk.store.assignments import Assignments

        return Assignments(self.database)

    @cached_property
    def runs(self) -> Runs:
        """All runs."""
        from borgdesk.store.runs import Runs

        return Runs(self.database, self._search_index)

    @cached_property
    def history_list(self) -> HistoryList:
        """The history with its tests of scripts."""
        from borgdesk.store.history_list import HistoryList

        return HistoryList(self.database, self.runs, self._search_index)

    @cached_property
    def run_sizes(self) -> RunSizes:
        """The sizes of runs."""
        from borgdesk.store.run_sizes import RunSizes

        return RunSizes(self.database)

    @cached_property
    def executions(self) -> Executions:
        """The executions of scripts."""
        from borgdesk.store.executions import Executions

        return Executions(self.database)

    @cached_property
    def history_removal(self) -> HistoryRemoval:
        """What removes old history."""
        from borgdesk.store.history_removal import HistoryRemoval

        return HistoryRemoval(self.database)

    @cached_property
    def borg_calls(self) -> BorgCalls:
        """Borg's steps in runs."""
        from borgdesk.store.borg_calls import BorgCalls

        return BorgCalls(self.database)

    @cached_property
    def schedules(self) -> Schedules:
        """The schedules of the repositories."""
        from borgdesk.store.schedules import Schedules

        return Schedules(self.database)
