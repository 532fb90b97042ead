"""Table of the script library."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import Script
from borgdesk.gui.look import icons, longest, script_words, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


class LibraryTable(TableView[Script]):
    """One row per script; scripts whose file is missing are marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._missing: frozenset[ScriptId] = frozenset()
        super().__init__(TableModel(self._columns(), lambda one: one.id), "", parent=parent)
        self.rows.setParent(self)
        self.setAccessibleName(_("Script library"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def show_scripts(self, scripts: Iterable[Script], missing: Collection[ScriptId]) -> None:
        """Show these scripts."""
        changed = self._missing != frozenset(missing)
        self._missing = frozenset(missing)
        # Not set earlier, since it is unknown until now whether there are any.
        self.set_empty(_("No scripts yet. Start from a template, or drop files here."))
        self.rows.set_rows(scripts)
        if changed:
            self.rows.refresh()

    def is_missing(self, script: Script) -> bool:
        """Return whether the file of a script is missing."""
        return script.id in self._missing

    def _columns(self) -> list[Column[Script]]:
        return [
            Column(
                _("Name"),
                lambda one: one.name,
                tooltip=self._about,
                spoken=self._spoken,
                icon=self._mark,
                tone=lambda one: Tone.BAD if self.is_missing(one) else None,
                stretch=True,
            ),
            Column(_("Runs after"), lambda one: words.run_on(one.run_on), width=16, optional=True),
            Column(
                _("Timeout"),
                lambda one: script_words.timeout(one.timeout),
                sort_key=lambda one: one.timeout,
                right=True,
            ),
            Column(
                _("Used by"),
                lambda one: script_words.places(len(one.used_by)) if one.used_by else words.NOTHING,
                sort_key=lambda one: len(one.used_by),
                tooltip=lambda one: "\n".join(words.place(place) for place in one.used_by),
                whole=[script_words.places(88)],
                optional=True,
            ),
            Column(
                _("Last used"),
                lambda one: words.ago(one.last_used_at),
                sort_key=lambda one: one.last_used_at.timestamp() if one.last_used_at else 0.0,
                tooltip=lambda one: words.exact_moment(one.last_used_at),
                whole=longest.ages(),
            ),
            Column(
                _("Last result"),
                lambda one: words.execution_status(one.last_result) if one.last_result else words.NOTHING,
                icon=lambda one: icons.status_icon(one.last_result) if one.last_result else None,
                whole=longest.execution_states(),
            ),
        ]

    def _spoken(self, script: Script) -> str:
        return f"{script.name}. {_('The file is missing.')}" if self.is_missing(script) else script.name

    def _mark(self, script: Script) -> QIcon | None:
        return icons.toned("dialog-error", Tone.BAD) if self.is_missing(script) else None

    def _about(self, script: Script) -> str:
        lines = [script.name, script.description, script.file_path]
        if self.is_missing(script):
            lines.append(_("The file is missing."))
        return "\n".join(line for line in lines if line)
