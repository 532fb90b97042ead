"""The checks before the first script of a run, while all services are still up.

Once services are stopped, nothing may wait for a locked keyring, a Borg that does not start, or a host that accepts a
connection and then hangs. What pre-backup scripts may provide, such as a mounted disk or a host that is woken up, is no
reason to refuse a run; only what hangs, and what no script can change, is.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import RunRefused, SecretsUnavailable, Stopped
from borgdesk.domain.repository import Repository, is_local
from borgdesk.domain.run import Outcome, RunKind
from borgdesk.engine.borg_calls.borg_process import Access, access_to, call, usable_version
from borgdesk.engine.borg_calls.limits import Limits
from borgdesk.engine.borg_calls.passphrase_command import passphrase_from
from borgdesk.engine.processes.markers import borg_marker
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_PROBE = Limits(total=60.0)
"""For the check whether a host responds. A disk that responds may take longer, since Borg rebuilds a lost index."""

_PROBE_CONNECT_LIMIT = 10
"""Seconds that ssh tries to connect: a host that a script will wake up must not delay the run for long."""

_FINAL = ("PassphraseWrong",)
"""Message ids of conditions that no pre-backup script can change."""


class Preflight:
    """Access to a repository for one run."""

    def __init__(
        self, active: ActiveRun, repository: Repository, passphrase: str | None, secrets: tuple[str, ...]
    ) -> None:
        self._active = active
        self._repository = repository
        self._access = access_to(repository, passphrase)
        self._secrets = secrets
        self._waits_for_scripts = any(one.planned.hook.is_pre for one in active.executions)

    def ask(self) -> None:
        """Check everything that has to be checked before the first script.

        Raises:
            BorgDeskError: something required for a backup is missing or did not respond.
            Stopped: the run was cancelled meanwhile.
        """
        # Borg 2 can do nothing but read.
        reads = self._active.run.kind in (RunKind.RESTORE, RunKind.INFO)
        version = usable_version(self._active.workspace, self._active.cancel, experimental=reads)
        self._access = replace(self._access, version=version)
        try:
            self.access()
        except SecretsUnavailable as error:
            if not self._waits_for_scripts:
                raise
            # The command may read a file on a disk that a script mounts.
            self._active.log.line(f"not yet: {error}")
            return
        if self._waits_for_scripts:
            self._look_at_repository()

    def access(self) -> Access:
        """Return how the repository is opened. The passphrase command is run once.

        Raises:
            SecretsUnavailable: the command failed.
            NoAnswer: the command did not end.
            Stopped: the run was cancelled meanwhile.
        """
        if (command := self._access.passcommand) is not None:
            active = self._active
            passphrase = passphrase_from(active.workspace, command, borg_marker(active.mark), active.cancel)
            self._access = replace(self._access, passphrase=passphrase, passcommand=None)
            active.masker = Masker([*self._secrets, passphrase])
        return self._access

    def _look_at_repository(self) -> None:
        location, cancel = self._repository.location, self._active.cancel
        if is_local(location):
            surroundings = self._active.looked_at()
            if not surroundings.repository_answers(cancel):
                raise RunRefused(
                    _("The disk of the repository is not responding ({location}). Nothing was stopped.").format(
                        location=location
                    )
                )
            if not surroundings.repository_is_there(cancel) or self._repository.encryption == Encryption.NONE:
                # A script may mount it; and without a passphrase, none can be wrong.
                _log.debug("Borg is not asked before the scripts whether %s opens", location)
                return
        answer = call(self._active.workspace, self._access, self._probe, cancel=cancel, limits=_PROBE)
        if answer.cancelled:
            raise Stopped
        if answer.gave_up and not is_local(location):
            raise RunRefused(
                _("The repository's host is not responding. {sentence} Nothing was stopped.").format(
                    sentence=answer.result.sentence
                )
            )
        if answer.result.msgid in _FINAL:
            raise RunRefused(_("{sentence} Nothing was stopped.").format(sentence=answer.result.sentence))
        if answer.result.outcome is Outcome.FAILURE:
            self._active.log.line(f"not yet: {answer.result.sentence}")

    def _probe(self, borg: Borg) -> BorgCommand:
        return replace(borg, connect_limit=_PROBE_CONNECT_LIMIT).look(self._repository.location)
