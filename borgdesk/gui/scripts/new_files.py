"""Offers to register files that other programs put into the library folder, until the user declines."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.enumeration import listed
from borgdesk.engine.scripts.library_scan import LibraryScan
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.store.key_values import KeyValues
from borgdesk.translation import _

_IGNORED = "scripts.ignored_files"
"""Key of the names of library files that are not to be offered again."""
_NAMED = 4
"""Maximum number of file names in a sentence."""


class NewFiles(QObject):
    """Remembers the files that the user declined."""

    message_requested = Signal(str, object, list)
    """A sentence, its Tone, and BannerButtons."""
    registration_requested = Signal(list)
    """Paths of files that are to be registered as scripts."""

    def __init__(self, remembered: KeyValues, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._remembered = remembered
        self._background = background
        self._ignored: set[str] = set()

    def recall(self) -> None:
        """Read the declined names; not to be called in the GUI thread."""
        self._ignored = set(self._remembered.get(_IGNORED, []))

    def offer(self, scan: LibraryScan) -> None:
        """Report files that are new or renamed."""
        new = [path for path in scan.unregistered if path.name not in self._ignored]
        if new:
            self._offer(new)
        elif scan.renamed:
            names = listed(one.name for one in scan.renamed)
            text = _("Files in the library folder were renamed; {names} now use the new file names.").format(
                names=names
            )
            self.message_requested.emit(text, Tone.WORKING, [])

    def _offer(self, new: list[Path]) -> None:
        shown = [path.name for path in new[:_NAMED]]
        if len(new) > len(shown):
            shown.append(_("{count} more").format(count=words.number(len(new) - len(shown))))
        self.message_requested.emit(
            _("New files in the library folder: {names}. Add them to the library?").format(names=listed(shown)),
            Tone.WORKING,
            [
                BannerButton(_("Add"), partial(self.registration_requested.emit, new)),
                BannerButton(_("Ignore"), partial(self._ignore, [path.name for path in new])),
            ],
        )

    def _ignore(self, names: list[str]) -> None:
        self._ignored |= set(names)
        self._background.do(partial(self._remembered.set, _IGNORED, sorted(self._ignored)), self)
