"""The task of a restore: extracts to the disk of the destination, verifies, and only then moves items into place.

Borg itself removes what is in its way before it writes, so it never works where somebody's files are.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from borgdesk import private
from borgdesk.borg.archive_name import literal_glob
from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.hashes import HashReader
from borgdesk.borg.item_path import exact_path, pattern_lines
from borgdesk.borg.replies import parse_list
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.events import Tell
from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.restore import RestoreReport
from borgdesk.domain.run import BorgStep, Outcome, RunKind, Step, Trigger
from borgdesk.engine.archives import stage as staged
from borgdesk.engine.archives.archive_list import check_unchanged
from borgdesk.engine.archives.destination import Destination, make_folders
from borgdesk.engine.archives.listings import kept_listing, read_listing
from borgdesk.engine.archives.placement import Act, Placement, Rules, above, decide
from borgdesk.engine.archives.restore_journal import RestoreJournal, make_stage
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.borg_calls.borg_process import BorgAnswer
from borgdesk.engine.processes import file_probes
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.exchange import sync_disk
from borgdesk.engine.processes.file_probes import NoAnswer
from borgdesk.engine.processes.file_work import FileWork, unwritten
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.borg_in_run import call_in_run, own_step
from borgdesk.engine.runs.restore_end import place_all
from borgdesk.engine.runs.restore_progress import ExtractProgress, StepProgress
from borgdesk.engine.runs.task import Setting, Task
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import STAGE
from borgdesk.store.files import write
from borgdesk.store.listings import Entry, Listing, ListingLost
from borgdesk.translation import N_, _

_MOST_ARGUMENTS = 200
"""Paths: Linux accepts 2 MiB of arguments."""

_ONLY_ROOT = N_("only root can create devices")
_NOT_CREATED = N_("Borg could not create it there; the log of the run says why")

_STOPPED = N_("Stopped; nothing was restored.")
_CHUNK = 64 * 1024
_MOST_NAMED = 1000
"""Items up to which Borg prints the path of each, for the log of the run."""


def run(
    workspace: Workspace, repository: Repository, task: Restore, trigger: Trigger, listener: Tell, cancel: Cancel
) -> Run:
    """Restore now and return the finished run; as :func:`borgdesk.engine.runs.recipe.run`."""
    return recipe.run(workspace, repository, task, trigger, listener, cancel)


class Restore(Task):
    """Restores what is requested from one archive."""

    kind = RunKind.RESTORE
    step = Step.RESTORE
    borg_steps = (BorgStep.LIST, BorgStep.EXTRACT, BorgStep.VERIFY, BorgStep.PLACE)

    def __init__(self, archive: Archive, request: RestoreRequest) -> None:
        self._archive, self._request = archive, request
        self.archive = archive.name
        self.report = RestoreReport(str(request.root)).as_json()
        self._listing: Listing | None = None
        self._selection: Selection | None = None

    def prepare(self, setting: Setting) -> None:
        """Look whether the archive has what is wanted, and whether it can be put where it is wanted."""
        self._check_archive(setting)
        try:
            self._listing = kept_listing(setting.active.workspace, self._archive) or self._read_listing(setting)
            self._selection = self._select(self._listing)
        except ListingLost:
            # Borg makes it anew, while nothing was stopped for the restore.
            self.follow_up(setting)
            self._listing = self._read_listing(setting)
            self._selection = self._select(self._listing)
        destination = Destination(setting.active.workspace, self._selection)
        cancel = setting.active.cancel
        late = _("The disk of {folder} is not responding. Nothing was stopped.").format(folder=destination.folder)
        if not destination.responds(cancel):
            raise NoAnswer(late)
        look = FileWork(cancel, file_probes.PROBE_LIMIT, late)
        look.do(destination.check_kind)
        if not any(one.planned.hook.is_pre for one in setting.active.executions):
            # Else a script may mount the disk first.
            look.do(destination.check_now)

    def work(self, setting: Setting) -> Outcome:
        """Stage, verify, place."""
        assert self._selection is not None
        destination = Destination(setting.active.workspace, self._selection)
        try:
            return _Attempt(setting, self._selection, destination, self._archive).run()
        except OSError as error:
            where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
            told = _("Nothing was restored: {reason}.").format(reason=f"{where}{error.strerror or error}")
            raise BorgDeskError(told) from error

    def follow_up(self, setting: Setting) -> None:  # noqa: ARG002
        """Let go of the listing."""
        if self._listing is not None:
            self._listing.close()

    def _select(self, listing: Listing) -> Selection:
        """Select what is requested, and look through all of it: a damaged listing shows itself here."""
        selection = Selection(listing, self._archive, self._request)
        for _entry in selection.items():
            pass
        return selection

    def _check_archive(self, setting: Setting) -> None:
        """Make sure that it is in the repository that is there now: another one may be at its place.

        Raises:
            NotFound: it is not.
        """
        location, archive = setting.repository.location, self._archive
        glob = literal_glob(archive.name)
        answer = _ask(setting, BorgStep.LIST, lambda borg: borg.list_archives(location, glob=glob))
        check_unchanged(parse_list(answer.stdout), location, [archive])

    def _read_listing(self, setting: Setting) -> Listing:
        location, archive = setting.repository.location, self._archive

        def ask(take: Callable[[bytes], None]) -> None:
            _ask(setting, BorgStep.LIST, lambda borg: borg.list_items(location, archive), reply=take)

        return read_listing(setting.active.workspace, setting.repository, archive, ask)


class _Attempt:
    """The work itself; whatever is done with files on the disk of the destination can be given up."""

    def __init__(self, setting: Setting, selection: Selection, destination: Destination, archive: Archive) -> None:
        self._setting, self._active = setting, setting.active
        self._selection, self._destination, self._archive = selection, destination, archive
        self._journal = RestoreJournal(setting.active.folder)
        self._late = _("Nothing was restored: the disk of {folder} is not responding.").format(
            folder=destination.folder
        )
        self._limit = setting.repository.stall_limit
        self._files = FileWork(setting.active.cancel, self._limit, self._late, self._roll_back)
        self._items, self._size = selection.amount()
        self._warnings: tuple[Reason, ...] = ()
        self._warning = ""
        self._left_out: list[Entry] = []

    def run(self) -> Outcome:
        """What became of it."""
        active, journal, files = self._active, self._journal, self._files
        if not self._destination.responds(active.cancel):
            raise NoAnswer(self._late)
        stage, missing = files.do(self._choose_stage, limit=file_probes.PROBE_LIMIT)
        journal.begin(stage, missing)
        try:
            files.do(lambda: _make(stage, missing))
            self._extract(stage)
            self._verify(stage)
            files.do(lambda: sync_disk(os.fsencode(stage)), rest=unwritten)
            decided = files.do(lambda: list(self._decide(stage)), rest=unwritten)
            plan = journal.write_plan(iter(decided))
        except BaseException:
            with contextlib.suppress(NoAnswer, Stopped):
                files.do(journal.find_stages, limit=file_probes.PROBE_LIMIT)
                files.do(self._roll_back, tidies=True)
            raise
        outcome = place_all(active, journal, plan, self._limit)
        active.errors = active.errors or self._warnings
        return Outcome.WARNING if outcome is Outcome.SUCCESS and self._warnings else outcome

    def _choose_stage(self) -> tuple[Path, list[Path]]:
        """Return where the stage will be, and the folders to be made."""
        self._destination.check_now()
        missing = self._destination.missing()
        # A link may lead elsewhere tomorrow, and nothing is removed behind one.
        return self._destination.home().resolve() / f"{STAGE}{self._active.run.uid[-12:]}", missing

    def _roll_back(self) -> None:
        if not self._journal.has_plan:
            self._journal.roll_back()

    def _extract(self, stage: Path) -> None:
        location, archive = self._setting.repository.location, self._archive
        names = self._items <= _MOST_NAMED
        through = self._selection.through
        if through:
            self._warnings = (Reason(Code.LINK_WITH_FILES, {"path": through[0]}),)
        without = [exact_path(path) for path in through]
        with self._wanted() as (paths, patterns), ExtractProgress(self._active, stage, self._size):
            answer = _ask(
                self._setting,
                BorgStep.EXTRACT,
                lambda borg: borg.extract(
                    location, archive, str(stage), paths, patterns=patterns, names=names, without=without
                ),
            )
        if answer.result.outcome is Outcome.WARNING:
            self._warnings = answer.result.reasons
            self._warning = answer.result.detail or answer.result.sentence

    @contextmanager
    def _wanted(self) -> Iterator[tuple[Sequence[str], str]]:
        """The paths that Borg is asked for, or a file with patterns for them: there can only be so many arguments."""
        paths = self._selection.paths
        if len(paths) <= _MOST_ARGUMENTS:
            yield paths, ""
            return
        lines = pattern_lines((one.path, one.is_folder) for one in self._selection.entries)
        file = self._active.folder / "selected"
        write(file, lines.encode(), 0o600)
        try:
            yield (), str(file)
        finally:
            file.unlink(missing_ok=True)

    def _verify(self, stage: Path) -> None:
        active = self._active
        progress = StepProgress(active, self._items, self._size)

        def see(entry: Entry) -> None:
            self._check()
            progress.add(entry.path, entry.size if entry.is_file else 0)

        with own_step(active, BorgStep.VERIFY):
            self._left_out = self._files.do(lambda: staged.verify(stage, self._selection, see, warning=self._warning))
        if self._selection.request.verify:
            self._compare_contents(stage)

    def _check(self) -> None:
        self._files.step()
        if self._active.cancel.asked:
            raise Stopped(_(_STOPPED))

    def _compare_contents(self, stage: Path) -> None:
        """Compare all files with the hashes that Borg computes: first Borg reads them, then we do."""
        location, archive, hashes = self._setting.repository.location, self._archive, self._active.folder / "hashes"
        progress, reader = StepProgress(self._active, 2 * self._items, 0), HashReader()
        try:
            with self._wanted() as (paths, patterns), private.append(hashes) as file:

                def take(chunk: bytes) -> None:
                    for _hash, path in reader.feed(chunk):
                        progress.add(path, 0)
                    file.write(chunk)

                _ask(
                    self._setting,
                    BorgStep.VERIFY,
                    lambda borg: borg.list_hashes(location, archive, paths, patterns=patterns),
                    reply=take,
                )
            self._files.do(lambda: self._read_all(stage, hashes, progress))
        finally:
            hashes.unlink(missing_ok=True)

    def _read_all(self, stage: Path, hashes: Path, progress: StepProgress) -> None:
        check = staged.HashCheck(stage, lambda path, _size: progress.add(path, 0), self._check)
        with hashes.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self._check()
                check.feed(chunk)
        check.finish()

    def _decide(self, stage: Path) -> Iterator[Placement]:
        """From the stage, without the part that is left away, to the folder that everything is below."""
        request, number = self._selection.request, count(2)

        def stage_on(folder: bytes) -> bytes:
            another = Path(os.fsdecode(folder)).resolve() / f"{stage.name}-{next(number)}"
            self._journal.add_stage(another)
            make_stage(another)
            return os.fsencode(another)

        today, protected = datetime.now(UTC).date(), self._destination.protected()
        selection = self._selection
        parents = {parent for one in selection.entries for parent in selection.place_of(one).parents}
        on_the_way = frozenset(map(os.fsencode, (*parents, *map(selection.place_of, selection.on_the_way()))))
        # The original place of /home/ann/letters is still that when /home is a link. Below a folder, links may be
        # anybody's, and lead out of it.
        links = on_the_way if request.folder is None else frozenset()
        rules = Rules(request.on_conflict, today, protected, stage_on, on_the_way, links, self._check)
        source, target = os.fsencode(stage / selection.cut), os.fsencode(self._destination.root)
        if os.path.lexists(source):
            yield from decide(source, target, rules)
            yield above(source, target)
        for one in self._left_out:
            place = os.fsencode(selection.place_of(one))
            reason = _(_ONLY_ROOT) if one.is_device else _(_NOT_CREATED)
            yield Placement(Act.PROTECTED, os.fsencode(stage / one.path), place, 0, reason=reason)


def _make(stage: Path, missing: list[Path]) -> None:
    make_folders(missing)
    make_stage(stage)


def _ask(
    setting: Setting,
    step: BorgStep,
    make: Callable[[Borg], BorgCommand],
    reply: Callable[[bytes], None] | None = None,
) -> BorgAnswer:
    """The answer of a call that must be a good one.

    Raises:
        BorgDeskError: it failed; the sentence says why.
        Stopped: the run was cancelled.
    """
    active = setting.active
    answer = call_in_run(active, setting.way.access(), step, make, setting.repository.stall_limit, reply=reply)
    active.borg_exit_code = answer.result.exit_code
    if answer.cancelled or active.cancel.asked:
        raise Stopped(_(_STOPPED))
    if answer.result.outcome is Outcome.FAILURE:
        raise BorgDeskError(answer.result.sentence)
    return answer
