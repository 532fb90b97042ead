"""Past run with its printed output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from borgdesk.domain.events import Stream
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import BorgStep
from borgdesk.engine.runs.output_files import OutputReader
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.run_log_reader import LogPart, read_log, shortened
from borgdesk.engine.runs.story import Entry, Key, Kind, Story
from borgdesk.engine.runs.story_reader import story_of, texts_of
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.live_run import KEPT_LINES, Printed


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run that has ended, or whose process died."""

    run: Run
    story: Story
    outputs: Mapping[Key, Printed] = field(default_factory=dict)

    def printed(self, entry: Entry) -> Printed:
        """Return the output of an entry."""
        return self.outputs.get(entry.key, Printed())


def read_record(workspace: Workspace, run_id: RunId) -> RunRecord:
    """Read a run with all its output, which is slow if there is much of it.

    Raises:
        NotFound: there is no such run.
    """
    run, folder = workspace.store.runs.get(run_id), run_folder(workspace, run_id)
    story = story_of(workspace, run)
    if any(entry.output for entry in story.entries):
        found = {entry.key: _output(folder, entry) for entry in story.entries}
    else:
        found = _old_outputs(folder, story)
    from borgdesk.engine.runs.history_cleaning import output_was_removed

    is_gone = output_was_removed(folder) or not folder.exists()
    outputs = {key: printed or _kept(run, key, is_gone=is_gone) for key, printed in found.items()}
    return RunRecord(run, story, outputs)


def _output(folder: Path, entry: Entry) -> Printed | None:
    if entry.output is None:
        return None
    found = OutputReader(folder, entry.output).read(KEPT_LINES)
    chunks = tuple((stream, tuple(map(shortened, lines))) for stream, lines in texts_of(found.chunks))
    return Printed(chunks, found.left_out) if chunks else None


def _kept(run: Run, key: Key, *, is_gone: bool) -> Printed:
    """Return the output kept in the database."""
    of_script = next((one for one in run.executions if one.id == key), None)
    kept = run.borg_call(key) if isinstance(key, BorgStep) else of_script
    if kept is None:
        return Printed()
    streams = ((Stream.STDOUT, kept.stdout), (Stream.STDERR, kept.stderr))
    chunks = tuple((stream, tuple(text.removesuffix("\n").split("\n"))) for stream, text in streams if text)
    return Printed(chunks, truncated=kept.truncated, removed=kept.truncated and is_gone)


def _old_outputs(folder: Path, story: Story) -> dict[Key, Printed | None]:
    """Return the output that an older version logged for a run."""
    parts: list[LogPart] = []
    with suppress(OSError):
        parts = read_log(log_in(folder), KEPT_LINES)
    return {entry.key: _logged(parts, story, entry) for entry in story.entries}


def _logged(parts: Sequence[LogPart], story: Story, entry: Entry) -> Printed | None:
    part = _part(parts, story, entry)
    if part is None or not (part.lines or part.left_out):
        return None
    groups = groupby(part.lines, key=lambda line: line[0])
    return Printed(tuple((stream, tuple(text for _, text in group)) for stream, group in groups), part.left_out)


def _part(parts: Sequence[LogPart], story: Story, entry: Entry) -> LogPart | None:
    if entry.kind is Kind.BORG:
        # A Borg call that was repeated has several parts; the last one counts.
        return next((part for part in reversed(parts) if part.borg == entry.key), None)
    namesakes = [one.key for one in story.entries if one.name == entry.name and one.started_at is not None]
    own = [part for part in parts if part.script == entry.name]
    if entry.key not in namesakes or len(own) < len(namesakes):
        return None
    # A script that recovery ran again has several parts; the last ones count.
    return own[len(own) - len(namesakes) + namesakes.index(entry.key)]
