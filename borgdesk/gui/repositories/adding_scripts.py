"""Fourth step of adding a repository: scripts for what was found running on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.parameters import Parameter
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.scripts.templates import Template, templates
from borgdesk.engine.services.data_places import Proposal, propose
from borgdesk.engine.services.detection import Found, find_services
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.form_parts import busy_bar, explanation
from borgdesk.gui.repositories import service_words
from borgdesk.gui.repositories.service_dialog import ServiceDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ScriptsForm(QWidget):
    """A row per service; its scripts are assigned when the repository is added."""

    edited = Signal()
    shown = Signal()
    """It is known what runs here."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._headers: dict[str, Template] = {}
        self._found: list[Service] = []
        """What runs here, before it is known what is backed up."""
        self._sources: tuple[str, ...] = ()
        self._asked = 0
        """How often it was asked where the data are: only the last answer counts."""
        self.rows: list[ServiceRow] = []
        self.is_known = False
        """Whether it is known what runs here, and what of it is backed up, as far as that can be known."""
        self._looking = busy_bar(_("Looking for what runs here"))
        self.nothing = explanation(_("Looking for what runs on this computer…"))
        self.more = explanation(
            _("So much runs on this computer that not all of it was looked at: there may be more to stop.")
        )
        self.more.hide()
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        later = explanation(
            _("Other scripts, such as those that send messages, can be assigned later on the tab Scripts.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._looking)
        column.addWidget(self.nothing)
        column.addLayout(self._list)
        column.addWidget(self.more)
        column.addWidget(later)
        column.addStretch(1)
        self.cancel = Cancel()
        background.ask(
            lambda: (find_services(workspace.environment, self.cancel), templates()),
            lambda answer: self._show(*answer),
            self._on_failed,
            self,
            self.cancel,
        )

    def services(self) -> list[Service]:
        """Return those that are switched on."""
        return [row.service for row in self.rows if row.on.isChecked()]

    def entered(self) -> object:
        """Return what was changed here; what was found is no input."""
        return [(row.service, row.on.isChecked()) for row in self.rows if row.is_changed]

    def show_services(self, services: Sequence[Service], known: Sequence[Template]) -> None:
        """Show what was found, with the templates for it."""
        self._headers = {template.file_name: template for template in known}
        self._found = list(services)
        self._looking.hide()
        self.nothing.setVisible(not services)
        self.nothing.setText(_("Nothing was found that should stand still while Borg reads."))
        for service in services:
            row = ServiceRow(Proposal(service, service.is_proposed))
            row.on.toggled.connect(self.edited)
            row.choose.clicked.connect(partial(self.open_choice, row))
            self.rows.append(row)
            self._list.addWidget(row)
        self._look_at_data()

    def follow_sources(self, sources: tuple[str, ...]) -> None:
        """Propose what has data in the folders that are backed up, in rows that nobody has changed."""
        if sources != self._sources:
            self._sources = sources
            if self._found:
                self._look_at_data()

    def _look_at_data(self) -> None:
        self._asked += 1
        show = partial(self._show_proposals, self._asked)
        without = [Proposal(service, service.is_proposed) for service in self._found]
        self.is_known = not (self._sources and any(service.data for service in self._found))
        if self.is_known:
            show(without)
            return
        question = partial(propose, self._found, self._sources, self.cancel)
        self._background.ask(question, show, lambda _error: show(without), self, self.cancel)

    def _show_proposals(self, number: int, proposals: Sequence[Proposal]) -> None:
        if number != self._asked:
            return
        self.is_known = True
        for row, proposal in zip(self.rows[len(self.rows) - len(proposals) :], proposals, strict=True):
            row.propose(proposal)
        self.shown.emit()

    def _show(self, found: Found, known: Sequence[Template]) -> None:
        self.more.setHidden(found.is_all)
        self.show_services(found.services, known)

    def _on_failed(self, error: BorgDeskError) -> None:
        self.show_services([], [])

    def open_choice(self, row: ServiceRow, _checked: bool = False) -> None:
        """Open the dialog about one service."""
        parameters: dict[str, Parameter] = {}
        for name in row.service.templates:
            for parameter in self._headers[name].header.parameters:
                parameters.setdefault(parameter.name, parameter)
        dialog = ServiceDialog(row.service, list(parameters.values()), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(partial(self._change, row))
        dialog.open()

    def _change(self, row: ServiceRow, service: Service) -> None:
        row.show_service(service)
        row.on.setChecked(True)
        self.edited.emit()


class ServiceRow(QFrame):
    """A switch, what is done, and a button for the details."""

    def __init__(self, proposal: Proposal, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._proposal = proposal
        self.on = QCheckBox()
        self.on.setChecked(proposal.is_on)
        font = self.on.font()
        font.setBold(True)
        self.on.setFont(font)
        self.detail = explanation(indented=True)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.choose = QPushButton(_("Choose…"))
        self.choose.setAutoDefault(False)
        grid = QGridLayout(self)
        grid.addWidget(self.on, 0, 0)
        grid.addWidget(self.detail, 1, 0)
        grid.addWidget(self.choose, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(0, 1)
        self.show_service(proposal.service)

    @property
    def is_changed(self) -> bool:
        """Whether the user has changed what was proposed."""
        return (self.service, self.on.isChecked()) != (self._proposal.service, self._proposal.is_on)

    def propose(self, proposal: Proposal) -> None:
        """Show another proposal; what the user has changed stays."""
        is_changed = self.is_changed
        self._proposal = proposal
        self.show_service(self.service if is_changed else proposal.service)
        if not is_changed:
            self.on.setChecked(proposal.is_on)

    def show_service(self, service: Service) -> None:
        """Show what is done with it."""
        self.service = service
        title = service_words.title(service)
        self.on.setText(title.replace("&", "&&"))
        self.detail.setText(service_words.detail(service, self._proposal))
        self.choose.setAccessibleName(_("Choose what of {name}…").format(name=title))
