"""A throwaway demo: sample files, a real repository, a simulated service and three scripts around the backup."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import ALWAYS, Hook, RunOn, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.process import Detached, StartFailed
from borgdesk.engine.processes.self_start import python_command
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import backup, demo_mark
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_STOP = """#!/usr/bin/env bash
# Stops the demo's "service": a file that says whether it runs. A real one would be a container or a database.
set -euo pipefail
echo "stopping the photo server"
echo stopped >"$SERVICE"
if [[ -e $SABOTAGE ]]; then
    rm -- "$SABOTAGE"
    echo "the database did not shut down" >&2
    exit 1
fi
echo "stopped"
"""
_START = """#!/usr/bin/env bash
# Starts it again. Runs whatever became of the backup, and does no harm when it runs twice.
set -euo pipefail
echo running >"$SERVICE"
echo "the photo server runs again (the backup: $BORGDESK_OUTCOME)"
"""
_REPORT = """#!/usr/bin/env bash
# Says that something went wrong, to whoever should know.
echo "backup of $REPOSITORY_NAME: $BORGDESK_STATUS. $BORGDESK_ERROR"
"""
_SCRIPTS = (
    ("Stop photo server", "Stops the photo server before its files are read.", _STOP, Hook.PRE_BACKUP, ALWAYS),
    ("Start photo server", "Starts the photo server again, whatever happened.", _START, Hook.POST_BACKUP, ALWAYS),
    ("Report trouble", "Says what went wrong.", _REPORT, Hook.POST_RUN, RunOn.parse("warning,failure")),
)
_FILES = 24
_LOOK = 0.02
"""Seconds between two looks at the service of a backup that is to be killed."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo below one folder, with no files anywhere else."""

    folder: Path
    workspace: Workspace
    repository: Repository

    @property
    def service(self) -> str:
        """The state of the simulated service: ``running`` or ``stopped``."""
        return (self.folder / "service").read_text().strip()

    def prepare(self, *, sabotage: bool) -> None:
        """Settle whether the script that stops the service fails the next time, after it has stopped it."""
        switch = self.folder / "sabotage"
        switch.touch() if sabotage else switch.unlink(missing_ok=True)

    def run(self, cancel: Cancel, *, sabotage: bool) -> Run:
        """Back up once; with *sabotage* as :meth:`prepare` says."""
        self.prepare(sabotage=sabotage)
        return backup.run(self.workspace, self.repository, Trigger.CLI, lambda _: None, cancel)

    def run_and_kill(self, cancel: Cancel) -> None:
        """Start a backup in a process of its own, and kill that once the service has stopped or *cancel* is asked.

        The guardian of the run then starts the service.

        Raises:
            BorgDeskError: the process could not be started.
        """
        self.prepare(sabotage=False)
        command = [*python_command("borgdesk.__main__"), "run", self.repository.name]
        try:
            process = Detached(command, self.workspace.environment, (), self.folder / "killed.log")
        except StartFailed as error:
            raise BorgDeskError(_("The backup could not be started. {error}").format(error=error)) from error
        while not process.wait(_LOOK):
            if self.service == "stopped" or cancel.asked:
                process.kill()


def present(workspace: Workspace) -> Demo | None:
    """Return the demo that this workspace belongs to; None for any other workspace."""
    folder = demo_mark.folder_of(workspace)
    if folder is None:
        return None
    made = (one for one in workspace.store.repositories.list() if one.location == _location(Path(folder)))
    return next((Demo(Path(folder), workspace, repository) for repository in made), None)


def build(folder: Path | None, environment: Mapping[str, str], cancel: Cancel | None = None) -> Demo:
    """Create the demo in *folder*, which must be new or empty, by default in a temporary one.

    Raises:
        InvalidInput: the folder is not empty, or cannot be created.
        BorgUnusable: there is no usable Borg.
        Stopped: *cancel* was asked. Nothing is left then.
        BorgDeskError: the demo could not be created. Nothing is left then.
    """
    folder, was_there = _empty_folder(folder)
    try:
        return _fill(folder, environment, cancel)
    except BaseException:
        _empty_again(folder, was_there=was_there)
        raise


def _fill(folder: Path, environment: Mapping[str, str], cancel: Cancel | None) -> Demo:
    workspace = Workspace.open(
        {
            **environment,
            "BORGDESK_HOME": str(folder / "borgdesk"),
            "BORG_BASE_DIR": str(folder / "borg"),
            # The demo has no secrets, and must not touch the user's keyring.
            "BORGDESK_SECRETS": "file",
        }
    )
    try:
        photos = folder / "photos"
        _make_sample_files(folder, photos)
        repository = add_repository(
            workspace,
            Repository(
                RepositoryId(0),
                "Photos",
                _location(folder),
                sources=(str(photos),),
                retention=Retention(daily=7),
            ),
            init=Encryption.NONE,
            cancel=cancel,
        )
        workspace.store.key_values.set(demo_mark.KEY, str(folder))
        values = {"SERVICE": str(folder / "service"), "SABOTAGE": str(folder / "sabotage")}
        for name, description, text, hook, run_on in _SCRIPTS:
            script = workspace.store.scripts.add(
                NewScript(name, text.encode(), description=description, timeout=30, run_on=run_on)
            )
            assign(workspace, repository.id, script.id, hook, Changes(parameters=values))
    except BaseException:
        workspace.store.close()
        raise
    return Demo(folder, workspace, repository)


def _location(folder: Path) -> str:
    return str(folder / "repository")


def _make_sample_files(folder: Path, photos: Path) -> None:
    try:
        photos.mkdir()
        for number in range(1, _FILES + 1):
            (photos / f"photo-{number:02}.jpg").write_bytes(os.urandom(20_000))
        (folder / "service").write_text("running\n")
    except OSError as error:
        raise _unsuitable(folder, error) from error


def _empty_folder(folder: Path | None) -> tuple[Path, bool]:
    """Return the folder to use, created if necessary, and whether it existed before."""
    try:
        if folder is None:
            return Path(tempfile.mkdtemp(prefix="borgdesk-demo-")), False
        folder = folder.absolute()
        was_there = folder.exists()
        private.make_missing(folder)
        if any(folder.iterdir()):
            raise InvalidInput(
                _("The folder {folder} is not empty; name a new one for the demo.").format(folder=folder)
            )
    except OSError as error:
        if folder is None:
            raise InvalidInput(
                _("No temporary folder can be made for the demo: {error}.").format(error=error.strerror)
            ) from error
        raise _unsuitable(folder, error) from error
    return folder, was_there


def _unsuitable(folder: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        _("The folder {folder} cannot be used for the demo: {error}.").format(folder=folder, error=error.strerror)
    )


def _empty_again(folder: Path, *, was_there: bool) -> None:
    within = folder.resolve()
    for entry in within.iterdir():
        private.remove(within, entry.name)
    if not was_there:
        folder.rmdir()
