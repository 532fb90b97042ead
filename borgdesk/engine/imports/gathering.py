"""Collects what the readers of other programs' files find, and what they cannot take."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable

from borgdesk.borg.excludes import tidied_pattern
from borgdesk.borg.extra_arguments import extra_arguments
from borgdesk.borg.options import check_compression
from borgdesk.borg.patterns import check_patterns
from borgdesk.domain.characters import readable
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import DEFAULT_COMPRESSION, Retention, check_interval, check_kept
from borgdesk.engine.imports.findings import NotTaken
from borgdesk.translation import _

_LONGEST_NAME = 60
"""Characters of a name that is made from a command."""


class Gathering:
    """Notes on one set-up of another program."""

    def __init__(self, name: str) -> None:
        """*name* is the set-up's, for what it says about it."""
        self.name = name
        self.notes: list[str] = []
        self.not_taken: list[NotTaken] = []

    def note(self, sentence: str) -> None:
        """Say what will be different; each sentence once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def leave_out(self, what: str, reason: str) -> None:
        """Say what is not taken, and why."""
        missing = NotTaken(f"{self.name}: {what}" if self.name else what, reason)
        if missing not in self.not_taken:
            self.not_taken.append(missing)

    def excludes(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """Return the patterns that are valid; a pattern less means more is backed up."""
        taken = []
        for pattern in patterns:
            try:
                taken.append(tidied_pattern(pattern))
            except InvalidInput as error:
                self.leave_out(_("exclude pattern “{pattern}”").format(pattern=pattern), str(error))
        return tuple(dict.fromkeys(taken))

    def patterns(self, rules: Iterable[str]) -> str:
        """Return rules of a patterns file; if one is invalid, none is taken, and more is backed up."""
        try:
            return check_patterns("\n".join(rules))
        except InvalidInput as error:
            self.leave_out(_("patterns"), str(error))
            return ""

    def arguments(self, *given: str) -> str:
        """Return those of the further options of ``borg create`` that BorgDesk passes on."""
        taken: list[str] = []
        for text in given:
            try:
                taken += extra_arguments(text)
            except InvalidInput as error:
                self.leave_out(_("options of Borg (“{options}”)").format(options=text), str(error))
        return shlex.join(taken)

    def limited(self, what: str, value: int, check: Callable[[int], int]) -> int | None:
        """Return a number that has limits; 0 or less means that it is not set."""
        try:
            return check(value) if value > 0 else None
        except InvalidInput as error:
            self.leave_out(what, str(error))
            return None

    def checked(self, what: str, text: str, check: Callable[[str], str]) -> str:
        """Return a text that has rules; empty if it breaks them."""
        try:
            return check(text)
        except InvalidInput as error:
            self.leave_out(what, str(error))
            return ""

    def compression(self, spec: str) -> str:
        """Return a compression that Borg accepts."""
        if not spec:
            return DEFAULT_COMPRESSION
        try:
            return check_compression(spec)
        except InvalidInput as error:
            self.leave_out(_("compression"), str(error))
            return DEFAULT_COMPRESSION

    def retention(self, counts: dict[str, int], within: str = "") -> Retention:
        """Return the rules that keep something; 0 means that a rule is not set.

        A rule that is invalid leaves out all of them: with fewer rules, more archives would be removed.
        """
        try:
            for name, count in counts.items():
                if count:
                    check_kept(count, f"keep-{name}")
            if within:
                check_interval(within)
        except InvalidInput as error:
            self.leave_out(_("retention"), _("{error} Nothing is pruned until you set it.").format(error=error))
            return Retention()
        return Retention(within or None, **{name: count for name, count in counts.items() if count})


def command_name(command: str) -> str:
    """Return a name for a script that consists of a command: its first line, shortened."""
    first = next((line for line in command.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    words = " ".join(readable(first, " ").split())
    if not words:
        return _("Command")
    return words if len(words) <= _LONGEST_NAME else f"{words[: _LONGEST_NAME - 1].rstrip()}…"
