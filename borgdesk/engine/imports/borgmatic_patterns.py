"""Turns the patterns of a borgmatic configuration into sources, rules and excludes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import filled_lines, read_text
from borgdesk.translation import _

_ROOT = re.compile(r"R\s*(.+)", re.DOTALL)


class Patterns:
    """The sources (*roots*), *rules* for Borg's patterns file and *excludes* of a configuration."""

    def __init__(self, gathering: Gathering, texts: Callable[[str], list[str]], expanded: Callable[[str], str]) -> None:
        """*texts* returns the values of an option, and *expanded* a path with the home directory."""
        self.roots: list[str] = []
        self.rules: list[str] = []
        self.excludes: list[str] = []
        self._gathering = gathering
        for pattern in texts("exclude_patterns"):
            self._exclude(expanded(pattern) if pattern.startswith("~") else pattern)
        for name in texts("exclude_from"):
            for line in self._lines(expanded(name)):
                self._exclude(line)
        rules = texts("patterns")
        for name in texts("patterns_from"):
            rules += self._lines(expanded(name))
        for rule in rules:
            self._take(rule.strip())

    def _exclude(self, pattern: str) -> None:
        if "${" in pattern:
            self._gathering.leave_out(
                _("exclude pattern “{pattern}”").format(pattern=pattern),
                _("BorgDesk takes nothing from the environment."),
            )
        else:
            self.excludes.append(pattern)

    def _take(self, rule: str) -> None:
        match = _ROOT.fullmatch(rule)
        if match is not None:
            self.roots.append(match[1])
        elif "${" in rule:
            self._gathering.leave_out(
                _("pattern “{rule}”").format(rule=rule), _("BorgDesk takes nothing from the environment.")
            )
        elif rule:
            self.rules.append(rule)

    def _lines(self, name: str) -> list[str]:
        try:
            return [line for line in filled_lines(read_text(Path(name))) if not line.startswith("#")]
        except InvalidInput as error:
            self._gathering.leave_out(_("patterns in {path}").format(path=name), str(error))
            return []
