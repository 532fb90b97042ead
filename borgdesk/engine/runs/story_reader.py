"""Reads the story and the output of a run from its folder, once or incrementally."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from borgdesk.domain.events import (
    BorgBegan,
    BorgProgressed,
    Event,
    ExecutionStarted,
    OutputLeftOut,
    OutputPrinted,
    Stream,
)
from borgdesk.domain.history import Run
from borgdesk.engine.runs.event_lines import events_in
from borgdesk.engine.runs.event_log import events_in_folder, progress_in_folder
from borgdesk.engine.runs.output_files import Chunk, OutputReader
from borgdesk.engine.runs.past_events import past_events
from borgdesk.engine.runs.run_folders import run_folder
from borgdesk.engine.runs.story import Story, fold
from borgdesk.engine.workspace import Workspace

_PROGRESS = 16 * 1024
"""Bytes at the end of the progress file that contain its last line."""


def read_events(folder: Path) -> list[Event]:
    """Return all events so far, in order; none for a run of an older version."""
    return list(_LineReader(events_in_folder(folder)).read())


def story_of(workspace: Workspace, run: Run) -> Story:
    """Return the story of *run* so far."""
    return read_story(run_folder(workspace, run.id), run)


def read_story(folder: Path, run: Run) -> Story:
    """Return the story of *run*, from its rows in the history if its events are incomplete."""
    story = fold(read_events(folder))
    return story if _is_whole(story, run) else fold(past_events(run), story)


def _is_whole(story: Story, run: Run) -> bool:
    """Return whether the story ends as the history does. While the run is under way, the story is ahead of it."""
    if story.run_id is None:
        return False
    if not run.status.is_final:
        return True
    entries = {entry.key: entry.status for entry in story.entries}
    rows = {one.id: one.status for one in run.executions} | {one.step: one.status for one in run.borg}
    return story.status is run.status and all(entries.get(key) is status for key, status in rows.items())


class StoryReader:
    """Follows a run in another process: each read returns what happened since the last one."""

    def __init__(self, folder: Path, most: int) -> None:
        """*most* is the number of lines kept of the output of each script between two reads."""
        self._folder, self._most = folder, most
        self._events = _LineReader(events_in_folder(folder))
        self._output: OutputReader | None = None
        self._printing: ExecutionStarted | BorgBegan | None = None
        """The script or call that prints now."""
        self._progress: BorgProgressed | None = None

    def read(self) -> list[Event]:
        """Return the events and the output since the last read."""
        found: list[Event] = []
        for event in self._events.read():
            if isinstance(event, ExecutionStarted | BorgBegan):
                found += self._printed()
                self._begin(event)
            elif not isinstance(event, BorgProgressed):
                # Output precedes the end of its script.
                found += self._printed()
            found.append(event)
        found += self._printed()
        progress = self._last_progress()
        if progress is not None and progress != self._progress:
            self._progress = progress
            found.append(progress)
        return found

    def _begin(self, event: ExecutionStarted | BorgBegan) -> None:
        self._printing = event
        self._output = None if event.output is None else OutputReader(self._folder, event.output)

    def _printed(self) -> Iterator[Event]:
        printing = self._printing
        if printing is None or self._output is None:
            return
        printed = self._output.read(self._most)
        script = printing.execution_id if isinstance(printing, ExecutionStarted) else None
        if printed.left_out:
            yield OutputLeftOut(printing.run_id, script, printed.left_out)
        for stream, lines, _ in printed.chunks:
            yield OutputPrinted(printing.run_id, script, stream, text_of(lines))

    def _last_progress(self) -> BorgProgressed | None:
        try:
            with progress_in_folder(self._folder).open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - _PROGRESS))
                text = file.read()
        except OSError:
            return None
        newest = None
        for event in events_in(text[: text.rfind(b"\n") + 1]):
            if isinstance(event, BorgProgressed):
                newest = event
        return newest


class _LineReader:
    """Reads complete lines of a growing file; an unfinished last one is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Iterator[Event]:
        text = b""
        with suppress(OSError), self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        end = text.rfind(b"\n") + 1
        self._offset += end
        return events_in(text[:end])


def texts_of(chunks: Iterable[Chunk]) -> tuple[tuple[Stream, tuple[str, ...]], ...]:
    """Decode output; consecutive chunks of one stream are joined."""
    groups = groupby(chunks, key=lambda chunk: chunk[0])
    return tuple((stream, text_of(b"".join(lines for _, lines, _ in group))) for stream, group in groups)


def text_of(lines: bytes) -> tuple[str, ...]:
    """Decode complete lines."""
    return tuple(lines.removesuffix(b"\n").decode("utf-8", "replace").split("\n"))
