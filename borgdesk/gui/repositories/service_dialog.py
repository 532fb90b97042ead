"""Dialog that chooses which parts of a service are stopped or dumped, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from borgdesk.domain.enumeration import listed
from borgdesk.domain.parameters import Parameter
from borgdesk.engine.services.service import Service
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.parameter_form import ParameterForm
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import service_words
from borgdesk.translation import _

_LINES = 7
"""Of the list; the parameters below it have to be seen, too."""


class ServiceDialog(Dialog):
    """Its items as a list with boxes, and the other parameters of its templates as a form."""

    help_page = "templates"
    chosen = Signal(object)
    """The Service with other values."""

    def __init__(self, service: Service, parameters: Sequence[Parameter], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self.setWindowTitle(service_words.title(service))
        self.items = QListWidget()
        self.items.setAccessibleName(_("What is stopped or dumped"))
        chosen = service.chosen()
        for name in service.items if service.parameter else ():
            item = QListWidgetItem(name, self.items)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in chosen else Qt.CheckState.Unchecked)
        self.items.setVisible(bool(service.parameter))
        self.items.setFixedHeight(self.fontMetrics().height() * _LINES)
        self.values = ParameterForm()
        others = [one for one in parameters if one.name != service.parameter]
        names = {one.name for one in others}
        self.values.set_parameters(others, {})
        self.values.fill({name: value for name, value in service.values.items() if name in names})
        self.message = Banner()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.items)
        layout.addWidget(FormScroll(self.values), 1)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        self.resize(620, 480)

    def entered(self) -> object:
        """Return the boxes and the values."""
        return self.checked(), self.values.plain(), self.values.secrets()

    def checked(self) -> list[str]:
        """Return the items whose boxes are checked."""
        items = (self.items.item(row) for row in range(self.items.count()))
        return [item.text() for item in items if item.checkState() is Qt.CheckState.Checked]

    def _on_accepted(self) -> None:
        problem = self.values.problem()
        if missing := self.values.missing():
            problem = _("Enter a value for {names}.").format(names=listed(missing))
        if self._service.parameter and not self.checked():
            problem = _("Choose at least one, or switch it off.")
        if problem:
            self.message.show_message(problem, Tone.BAD)
            return
        given = {**self.values.plain(), **self.values.secrets()}
        if named := self._service.values.get(self._service.parameter):
            given[self._service.parameter] = named
        service = self._service.with_values(given)
        self.chosen.emit(service.with_items(self.checked()) if service.parameter else service)
        self.accept()
