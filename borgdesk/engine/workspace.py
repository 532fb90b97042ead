"""The resources the engine works with: folders, store, secrets, the user's environment and the Borg program."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from borgdesk.domain.settings import BORG_PROGRAM
from borgdesk.paths import Paths, with_absolute_paths
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT
from borgdesk.store.secrets import Secrets
from borgdesk.store.store import Store

_log = logging.getLogger(__name__)

_USUAL_BORG = "borg"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The opened data and environment of one user."""

    paths: Paths
    store: Store
    secrets: Secrets
    environment: Mapping[str, str]
    fixed_borg: str
    """Name or path of the Borg program, whatever the settings say; empty if they decide."""

    @property
    def borg(self) -> str:
        """Name or path of the Borg program."""
        return self.fixed_borg or self.store.settings.latest[BORG_PROGRAM] or _USUAL_BORG

    @classmethod
    def open(cls, environment: Mapping[str, str] | None = None, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> Self:
        """Open the user's folders and database, creating what is missing.

        ``BORGDESK_BORG`` selects the Borg program, before the setting. A write waits *busy_timeout* milliseconds for
        other programs.

        Relative paths in *environment* are made absolute, since the guardian, Borg and scripts run in other working
        directories.

        Raises:
            StoreUnusable: the database is corrupt, newer than this program, or not writable.
        """
        environment = with_absolute_paths(os.environ if environment is None else environment)
        paths = Paths.from_environment(environment)
        store = Store(paths, busy_timeout=busy_timeout)
        store.open()
        opened = cls(paths, store, Secrets(paths, environment), environment, environment.get("BORGDESK_BORG", ""))
        _log.debug("opened %s, with Borg as %s", paths.database, opened.borg)
        return opened
