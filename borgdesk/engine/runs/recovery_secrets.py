"""Secret values that a recovery needs, fetched in the background since a keyring may be slow or locked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.domain.history import PlannedScript, Run
from borgdesk.domain.ids import AssignmentId, RunId
from borgdesk.engine.runs.active_run import SecretValues
from borgdesk.engine.secrets.secret_lifetime import passphrase_for_run
from borgdesk.engine.secrets.secret_values import secret_values
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)

_KEYRING_PATIENCE = 60.0
"""Seconds to wait, after the orphans have ended, for a keyring that has not answered: enough to type its password."""

_KEYRING_PATIENCE_FOR_MASKS = 1.0
"""The same if no owed script needs a secret, so that secrets are only masked in output."""


class SoughtSecrets:
    """Values from the keyring, requested in the background: it may be slow, or wait for ever to be unlocked.

    A locked one delays only runs that owe a script which needs a secret, and prevents only that script.
    """

    def __init__(self, workspace: Workspace, run: Run) -> None:
        self._workspace = workspace
        self._values: dict[tuple[AssignmentId | None, str], str] = {}
        self._passphrase: str | None = None
        owed = any(e.planned.secrets and e.planned.hook.is_post and not e.status.is_final for e in run.executions)
        self._patience = _KEYRING_PATIENCE if owed else _KEYRING_PATIENCE_FOR_MASKS
        self._search = Thread(target=self._seek, args=(run,), name="secrets", daemon=True)
        self._search.start()

    def found(self) -> tuple[SecretValues, str | None]:
        """Return values and passphrase, as far as they have arrived."""
        self._search.join(self._patience)
        return dict(self._values), self._passphrase

    def _seek(self, run: Run) -> None:
        for execution in sorted(run.executions, key=lambda e: not e.planned.hook.is_post):
            with self._missing_ones_told(run):
                self._seek_values(execution.planned, run.id)
        with self._missing_ones_told(run):
            self._passphrase = passphrase_for_run(self._workspace, run.id, run.repository_id)

    def _seek_values(self, planned: PlannedScript, run_id: RunId) -> None:
        if planned.assignment_id is not None:
            found = secret_values(self._workspace, planned.assignment_id, planned.secrets, run_id=run_id)
            self._values |= {(planned.assignment_id, name): value for name, value in found.items()}

    @contextmanager
    def _missing_ones_told(self, run: Run) -> Iterator[None]:
        try:
            yield
        except SecretsUnavailable as error:
            _log.warning("run %d is recovered without a secret: %s", run.id, error)
