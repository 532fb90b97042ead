"""Says beside the title of the overview which services backups keep stopped together."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from borgdesk.domain.enumeration import listed
from borgdesk.engine.runs.held_services import HeldService, HoldState
from borgdesk.gui.look import words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.translation import ngettext


class HeldLine(ElidedLabel):
    """One line; its tooltip has a line for each service."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tip = ""
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_services(self, services: Sequence[HeldService]) -> None:
        """Show what is held now."""
        lines = [sentence(one) for one in services]
        self._tip = "\n".join(lines)
        if lines:
            more = len(lines) - 1
            also = ngettext("{line} (and {count} more service)", "{line} (and {count} more services)", more)
            self.setText(also.format(line=lines[0], count=words.number(more)) if more else lines[0])
        self.setVisible(bool(lines))

    def _update_tip(self) -> None:
        self.setToolTip(self._tip)


def sentence(service: HeldService) -> str:
    """Return what is done with a service, and for whom: "“Stop web”: stopped for runs 17 and 18"."""
    runs = listed(map(str, service.runs))
    texts = {
        HoldState.TAKING: ngettext(
            "“{service}”: being stopped for run {runs}",
            "“{service}”: being stopped for runs {runs}",
            len(service.runs),
        ),
        HoldState.HELD: ngettext(
            "“{service}”: stopped for run {runs}", "“{service}”: stopped for runs {runs}", len(service.runs)
        ),
        HoldState.RELEASING: ngettext(
            "“{service}”: to be started again by run {runs}",
            "“{service}”: to be started again by runs {runs}",
            len(service.runs),
        ),
    }
    return texts[service.state].format(service=service.name, runs=runs)
