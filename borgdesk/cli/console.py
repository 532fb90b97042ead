"""The context passed to every command: the open workspace and the terminal."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from borgdesk.cli.json_values import Json
from borgdesk.cli.terminal import Screen, printable
from borgdesk.engine.workspace import Workspace

_HIGH_CONTROL = re.compile("[\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Console:
    """The context of one call of the command line."""

    workspace: Workspace
    out: Screen
    err: Screen
    json: bool

    def say(self, message: str) -> None:
        """Print a message for the user, which is not part of the result."""
        self.err.line(printable(message))

    def answer(self, document: Json | Sequence[Json], show: Callable[[Screen], None] | None = None) -> None:
        """Print the result of the command: one JSON document, or what *show* writes for people.

        Without *show*, people have been told already.
        """
        if self.json:
            self.out.line(self._text(document))
        elif show is not None:
            show(self.out)

    def answer_each(self, documents: Iterable[Json], show: Callable[[Screen], None]) -> None:
        """As :meth:`answer`, for a list too long to be kept in memory."""
        if not self.json:
            show(self.out)
            return
        between = "[\n"
        for document in documents:
            text = self._text(document).replace("\n", "\n  ")
            self.out.write(f"{between}  {text}")
            between = ",\n"
        self.out.line("[]" if between == "[\n" else "\n]")

    def _text(self, document: Json | Sequence[Json]) -> str:
        text = json.dumps(document, indent=2, ensure_ascii=not self.out.is_utf8)
        # json escapes only the other control characters, and a terminal obeys these.
        return _HIGH_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


Commands = Mapping[str, Callable[[Console, argparse.Namespace], int]]
"""The functions of a module, by the words of their commands; each returns an exit code."""
