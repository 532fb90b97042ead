"""What the engine works with: the folders, the store, the secrets, the user's environment and the Borg program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from borgdesk.paths import Paths
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT
from borgdesk.store.secrets import Secrets
from borgdesk.store.store import Store


@dataclass(frozen=True, slots=True)
class Workspace:
    """One user's BorgDesk, open for work."""

    paths: Paths
    store: Store
    secrets: Secrets
    environment: Mapping[str, str]
    borg: str
    """Name or path of the Borg program."""

    @classmethod
    def open(cls, environment: Mapping[str, str] | None = None, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> Self:
        """Open the user's folders and database, creating what is missing.

        ``BORGDESK_BORG`` chooses the Borg program. A write waits *busy_timeout* milliseconds for other programs.

        Raises:
            StoreUnusable: the database is corrupt, newer than this program, or cannot be written.
        """
        environment = dict(os.environ if environment is None else environment)
        paths = Paths.from_environment(environment)
        store = Store(paths, busy_timeout=busy_timeout)
        store.open()
        borg = environment.get("BORGDESK_BORG") or "borg"
        # A path is meant from where we are; Borg is started elsewhere.
        borg = os.path.abspath(borg) if "/" in borg else borg  # noqa: PTH100 - links stay as they are
        return cls(paths, store, Secrets(paths, environment), environment, borg)
