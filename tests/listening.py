"""Listener that is called in the run's own thread, for tests that act at a certain event."""

from __future__ import annotations

from borgdesk.domain.events import Event, OutputPrinted, Stream, Tell
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.engine.runs.event_delivery import Backlog


class InStep(Backlog):
    """Calls *listener* while the run waits. Its errors are not attributed to the engine."""

    def __init__(self, listener: Tell) -> None:
        super().__init__()
        self._listener = listener

    def put(self, event: Event) -> None:
        self._listener(event)

    def put_output(
        self, run_id: RunId | None, execution_id: ExecutionId | None, stream: Stream, lines: bytes, count: int
    ) -> None:
        text = tuple(lines[:-1].decode("utf-8", "replace").split("\n"))
        assert len(text) == count
        self._listener(OutputPrinted(run_id, execution_id, stream, text))
