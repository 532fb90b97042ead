"""What every command is given: the open workspace, and where to say things."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from borgdesk.cli.json_values import Json
from borgdesk.cli.terminal import Screen
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Console:
    """One call of the command line."""

    workspace: Workspace
    out: Screen
    err: Screen
    json: bool

    def say(self, message: str) -> None:
        """A message to whoever called; never part of the answer."""
        self.err.line(message)

    def answer(self, document: Json | Sequence[Json], show: Callable[[Screen], None]) -> None:
        """The answer of the command: one JSON document, or what *show* writes for people."""
        if self.json:
            self.out.line(json.dumps(document, indent=2, ensure_ascii=not self.out.is_utf8))
        else:
            show(self.out)
