"""The journal of a restore, by which a recovery finishes it or rolls it back, and by which it can be undone.

It is in the folder of the run: first where the stages are and which folders were made, then, once everything is
extracted and verified, the plan. A restore without a plan has touched nothing of anybody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.archives.placement import Placement, read_plan, write_plan
from borgdesk.paths import STAGE
from borgdesk.store.files import write
from borgdesk.translation import _


def make_stage(stage: Path) -> None:
    """Make the folder of a stage.

    Raises:
        OSError: it cannot be made.
    """
    with _same_time(stage.parent):
        stage.mkdir(mode=0o700)


@contextlib.contextmanager
def _same_time(folder: Path) -> Iterator[None]:
    """That a stage comes and goes changes nothing that can be seen of the folder that it is in."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        status = None
    yield
    if status is not None:
        # A folder of somebody else's, in which we may write.
        with contextlib.suppress(OSError):
            os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))


class RestoreJournal:
    """The journal of one restore."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder / "restore"
        self._plan = self._folder / "plan"

    @classmethod
    def all_in(cls, runs: Path) -> Iterator[tuple[int, RestoreJournal]]:
        """All that are below the folder of all runs, each with the number of its run."""
        for file in runs.glob("*/restore/places.json"):
            run_folder = file.parent.parent
            if run_folder.name.isdigit():
                yield int(run_folder.name), cls(run_folder)

    @property
    def exists(self) -> bool:
        """Whether anything was begun."""
        return self._places.exists()

    @property
    def has_plan(self) -> bool:
        """Whether placing was begun."""
        return self._plan.exists()

    def begin(self, stage: Path, made: list[Path]) -> None:
        """Write down where the stage will be, and which folders will be made for it, before they are."""
        private.make_folder(self._folder)
        self._write([stage], made)

    def add_stage(self, stage: Path) -> None:
        """Write down another stage, on another disk, before it is made."""
        stages, made = self._read()
        self._write([*stages, stage], made)

    def stages(self) -> list[Path]:
        """The folders that restored files wait in, and replaced ones afterwards."""
        return self._read()[0]

    def find_stages(self) -> list[Path]:
        """Return those of them that are there; hangs if their disk does not respond."""
        return [one for one in self.stages() if os.path.lexists(one)]

    def write_plan(self, placements: Iterator[Placement]) -> list[Placement]:
        """Write down what is to be done with each item; from now on it will be."""
        return write_plan(self._plan, placements)

    def read_plan(self) -> list[Placement]:
        """What was to be done.

        Raises:
            BorgDeskError: the plan is damaged or gone.
        """
        try:
            return read_plan(self._plan)
        except (OSError, ValueError, TypeError) as error:
            raise BorgDeskError(
                _("{file} cannot be read; it says what the restore replaced. Replaced files are in {folder}.").format(
                    file=self._plan, folder=", ".join(map(str, self.stages()))
                )
            ) from error

    def remove_stages(self) -> None:
        """Throw away what is in the stages."""
        for stage in self.stages():
            with _same_time(stage.parent):
                private.remove_locked(stage.parent, stage.name)

    def roll_back(self) -> None:
        """As if nothing had been begun: as long as there is no plan, or after all of it was undone."""
        made = self._read()[1]
        self.discard()
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def discard(self) -> None:
        """Throw away what is in the stages, and the journal, which is kept for stages that cannot be removed now."""
        self.remove_stages()
        if self.unreachable is None and not self.find_stages():
            private.remove(self._folder.parent, self._folder.name)

    @property
    def unreachable(self) -> Path | None:
        """A folder with a stage that is not there, as if its disk was not mounted; None if all are."""
        return next((one.parent for one in self.stages() if not one.parent.is_dir()), None)

    @contextlib.contextmanager
    def claimed(self) -> Iterator[bool]:
        """Whether it is ours alone meanwhile: two who undo would exchange files back."""
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before may have removed it.
            is_ours = self.exists
        except OSError:
            is_ours = False
        try:
            yield is_ours
        finally:
            os.close(descriptor)

    @property
    def _places(self) -> Path:
        return self._folder / "places.json"

    def _read(self) -> tuple[list[Path], list[Path]]:
        try:
            kept = json.loads(self._places.read_bytes())
            stages, made = ([Path(os.fsdecode(bytes.fromhex(one))) for one in kept[key]] for key in ("stages", "made"))
        except (OSError, ValueError, KeyError, TypeError):
            return [], []
        return [one for one in stages if one.name.startswith(STAGE)], made

    def _write(self, stages: list[Path], made: list[Path]) -> None:
        # Names may be anything, so bytes are kept.
        kept = {"stages": [os.fsencode(one).hex() for one in stages], "made": [os.fsencode(one).hex() for one in made]}
        write(self._places, json.dumps(kept).encode(), 0o600)
