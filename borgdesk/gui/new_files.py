"""Files that other programs put into the library folder: offered once as scripts, or never again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from borgdesk.engine.outside import Survey
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone

_IGNORED = "scripts.ignored_files"
"""Setting: names of library files that are not to be offered again."""
_NAMED = 4
"""Names of files in one sentence."""


class NewFiles(QObject):
    """Remembers which files people do not want to be asked about."""

    told = Signal(str, object, list)
    """A sentence, its Tone, and pairs of a label and what to do."""
    registration_asked = Signal(list)
    """Paths of files that shall be scripts."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = workspace.store.settings
        self._background = background
        self._ignored: set[str] = set()

    def recall(self) -> None:
        """Read what people did not want; not in the thread of the window."""
        self._ignored = set(self._settings.get(_IGNORED, []))

    def offer(self, survey: Survey) -> None:
        """Tell of files that are new, or that got another name."""
        new = [path for path in survey.unregistered if path.name not in self._ignored]
        if new:
            self._offer(new)
        elif survey.renamed:
            names = words.listed(one.name for one in survey.renamed)
            text = self.tr("Somebody renamed files in the library folder; {names} follow them.").format(names=names)
            self.told.emit(text, Tone.WORKING, [])

    def _offer(self, new: list[Path]) -> None:
        shown = [path.name for path in new[:_NAMED]]
        if len(new) > len(shown):
            shown.append(self.tr("{count} more").format(count=words.number(len(new) - len(shown))))
        self.told.emit(
            self.tr("New files in the library folder: {names}. Use them as scripts?").format(names=words.listed(shown)),
            Tone.WORKING,
            [
                (self.tr("Register"), partial(self.registration_asked.emit, new)),
                (self.tr("Not these"), partial(self._ignore, [path.name for path in new])),
            ],
        )

    def _ignore(self, names: list[str]) -> None:
        self._ignored |= set(names)
        self._background.do(partial(self._settings.set, _IGNORED, sorted(self._ignored)), self)
