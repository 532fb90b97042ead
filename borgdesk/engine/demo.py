"""A throwaway set-up: sample files, a real repository, a pretended service, and three scripts around the backup."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import ALWAYS, Hook, RunOn, Trigger
from borgdesk.engine import backup
from borgdesk.engine.assigning import Changes, assign
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository
from borgdesk.engine.workspace import Workspace

_STOP = """#!/usr/bin/env bash
# Stops the demo's "service": a file that says whether it runs. A real one would be a container or a database.
set -euo pipefail
echo "stopping the photo server"
echo stopped >"$SERVICE"
if [[ -e $SABOTAGE ]]; then
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
echo "backup of $REPOSITORY_NAME: $BORGDESK_OUTCOME. $BORGDESK_ERROR"
"""
_SCRIPTS = (
    ("Stop photo server", "Stops the photo server before its files are read.", _STOP, Hook.PRE_BACKUP, ALWAYS),
    ("Start photo server", "Starts the photo server again, whatever happened.", _START, Hook.POST_BACKUP, ALWAYS),
    ("Report trouble", "Says what went wrong.", _REPORT, Hook.POST_RUN, RunOn.parse("warning,failure")),
)
_FILES = 24


@dataclass(frozen=True, slots=True)
class Demo:
    """The set-up below one folder. Nothing of it is anywhere else."""

    folder: Path
    workspace: Workspace
    repository: Repository

    @property
    def service(self) -> str:
        """Whether the pretended service runs: ``running`` or ``stopped``."""
        return (self.folder / "service").read_text().strip()

    def run(self, cancel: Cancel, *, sabotage: bool) -> Run:
        """Back up once; with *sabotage* the script that stops the service fails after it has stopped it."""
        switch = self.folder / "sabotage"
        switch.touch() if sabotage else switch.unlink(missing_ok=True)
        return backup.run(self.workspace, self.repository, Trigger.CLI, lambda _: None, cancel)


def build(folder: Path | None, environment: Mapping[str, str], cancel: Cancel | None = None) -> Demo:
    """Make the set-up in *folder*, which must be new or empty; in a temporary one where it is None.

    Raises:
        InvalidInput: it is neither, or cannot be made.
        BorgUnusable: there is no usable Borg.
        Stopped: *cancel* was asked. Nothing of it is left then.
        BorgDeskError: the set-up could not be made. Nothing of it is left then.
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
            # The demo has no secrets, and must not ask the user's keyring for any.
            "BORGDESK_SECRETS": "file",
        }
    )
    try:
        photos = folder / "photos"
        _make_sample_files(folder, photos)
        repository = add_repository(
            workspace,
            Repository(0, "Photos", str(folder / "repository"), sources=(str(photos),), retention=Retention(daily=7)),
            init=Encryption.NONE,
            cancel=cancel,
        )
        values = {"SERVICE": str(folder / "service"), "SABOTAGE": str(folder / "sabotage")}
        for name, description, text, hook, run_on in _SCRIPTS:
            script = workspace.store.scripts.add(
                name, text.encode(), description=description, timeout=30, run_on=run_on
            )
            assign(workspace, repository.id, script.id, hook, Changes(parameters=values))
    except BaseException:
        workspace.store.close()
        raise
    return Demo(folder, workspace, repository)


def _make_sample_files(folder: Path, photos: Path) -> None:
    try:
        photos.mkdir()
        for number in range(1, _FILES + 1):
            (photos / f"photo-{number:02}.jpg").write_bytes(os.urandom(20_000))
        (folder / "service").write_text("running\n")
    except OSError as error:
        raise _unsuitable(folder, error) from error


def _empty_folder(folder: Path | None) -> tuple[Path, bool]:
    """The folder to use, made if need be, and whether it was there before."""
    try:
        if folder is None:
            return Path(tempfile.mkdtemp(prefix="borgdesk-demo-")), False
        folder = folder.absolute()
        was_there = folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidInput(f"The folder {folder} is not empty; name a new one for the demo.")
    except OSError as error:
        if folder is None:
            raise InvalidInput(f"No temporary folder can be made for the demo: {error.strerror}.") from error
        raise _unsuitable(folder, error) from error
    return folder, was_there


def _unsuitable(folder: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"The folder {folder} cannot be used for the demo: {error.strerror}.")


def _empty_again(folder: Path, *, was_there: bool) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
    if not was_there:
        folder.rmdir()
