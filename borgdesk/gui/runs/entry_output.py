"""Output of one entry of a run: what it printed, and Borg's statistics, which Borg prints for programs only."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Stream
from borgdesk.domain.run import BorgStep
from borgdesk.engine.runs.story import Entry, Story
from borgdesk.gui.look import words
from borgdesk.gui.workers.live_run import Lines, LiveRun, Printed
from borgdesk.gui.workers.run_record import RunRecord
from borgdesk.translation import _


def printed_by(run: LiveRun | RunRecord, entry: Entry) -> Printed:
    """Return what an entry has printed, with the statistics below."""
    printed = run.printed(entry)
    return replace(printed, chunks=(*printed.chunks, *statistics_of(entry, run.story, below=bool(printed.chunks))))


def statistics_of(entry: Entry, story: Story, *, below: bool) -> tuple[Lines, ...]:
    """Return a line for each number of the archive that the run has made; nothing for entries other than the backup.

    *below*: the entry has printed something, from which they are kept apart.
    """
    if entry.key is not BorgStep.CREATE or story.statistics is None:
        return ()
    # The entry may be from before its end.
    ended = story.entry(BorgStep.CREATE) or entry
    facts = [
        (_("Archive"), story.archive or words.NOTHING),
        (_("Files"), words.number(story.statistics.files)),
        (_("Original size"), words.size(story.statistics.original_size)),
        (_("New data"), words.size(story.statistics.deduplicated_size)),
        (_("Duration"), words.duration(ended.duration())),
    ]
    width = max(len(name) for name, _value in facts)
    lines = tuple(f"{name:<{width}}  {value}" for name, value in facts)
    return ((Stream.STDOUT, ("", *lines) if below else lines),)


def save_output(target: Path, log: Path | None, text: str) -> None:
    """Write the output to the file chosen by the user: the whole *log*, or *text*.

    Raises:
        BorgDeskError: the file cannot be written.
    """
    try:
        if log is not None:
            shutil.copyfile(log, target)
        else:
            target.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BorgDeskError(
            _("{filename} could not be saved: {error}.").format(filename=error.filename, error=error.strerror)
        ) from error
