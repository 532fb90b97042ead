"""Input for a number of days, with the word behind it."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QSpinBox

from borgdesk.domain.schedule import LONGEST_DAYS
from borgdesk.translation import ngettext


class DaysEdit(QSpinBox):
    """A number of days; the least one may be shown as a text of its own."""

    def __init__(self, least: int, name: str, special: str = "", most: int = LONGEST_DAYS, before: str = "") -> None:
        """*before* is a word in front of the number, such as "every "; the special text stands alone."""
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setPrefix(before)
        self.setRange(least, most)
        self.setAccessibleName(name)
        self.setSpecialValueText(special)
        self.valueChanged.connect(self._adapt)
        self._adapt(self.value())

    def _adapt(self, days: int) -> None:
        self.setSuffix(ngettext(" day", " days", days))
