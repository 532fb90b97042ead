"""Dialog that creates a script, or a pair of scripts, from a template."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.enumeration import listed
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.parameters import Parameter
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes.template_assignment import AddedTemplates, TemplateUse, make
from borgdesk.engine.scripts.templates import Template, pair_of, templates
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, script_words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.parameter_form import ParameterForm
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_ROLE = Qt.ItemDataRole.UserRole


class TemplateDialog(Dialog):
    """Templates on the left, the chosen one on the right."""

    help_page = "templates"
    made = Signal(object)
    """The new scripts, and their assignments if a repository was chosen."""
    loaded = Signal()
    """The templates were read and are shown."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._templates: list[Template] = []
        self._pair: tuple[Template, ...] = ()
        self.setWindowTitle(_("New script from template"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search templates"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(_("Templates"))
        self.repository = QComboBox()
        self.both = QCheckBox(_("Also add its &counterpart:"))
        self.values = ParameterForm()
        self.message = Banner()
        self._lay_out()
        self.search.textChanged.connect(self._on_search_changed)
        self.tree.currentItemChanged.connect(lambda item, _: self._choose(item))
        self.both.toggled.connect(self._adapt)
        self.repository.currentIndexChanged.connect(self._adapt)
        self._adapt()
        background.ask(lambda: (templates(), workspace.store.repositories.list()), self._fill, self._on_failed, self)

    def entered(self) -> object:
        """Return the values and options; searching and selecting a template are not input."""
        one_side = len(self._pair) > 1 and not self.both.isChecked()
        return self.repository.currentData(), one_side, self.values.plain(), self.values.secrets()

    def choose(self, file_name: str) -> None:
        """Select a template by its file name."""
        for item in self._items():
            template: Template = item.data(0, _ROLE)
            if template.file_name == file_name:
                self.tree.setCurrentItem(item)

    # Content --------------------------------------------------------------------------------------------------------

    def _fill(self, found: tuple[list[Template], list[Repository]]) -> None:
        self._templates, repositories = found
        groups: dict[str, QTreeWidgetItem] = {}
        for template in self._templates:
            category = template.header.category or _("Other")
            if category not in groups:
                groups[category] = QTreeWidgetItem(self.tree, [category])
                groups[category].setFlags(Qt.ItemFlag.ItemIsEnabled)
            item = QTreeWidgetItem(groups[category], [template.name])
            item.setData(0, _ROLE, template)
            item.setToolTip(0, template.header.description)
        self.tree.expandAll()
        self.repository.addItem(_("Only add it to the library"), None)
        for repository in repositories:
            self.repository.addItem(_("Add it and assign it in {name}").format(name=repository.name), repository.id)
        self.tree.setCurrentItem(self._items()[0])
        self.loaded.emit()

    def _items(self) -> list[QTreeWidgetItem]:
        found = []
        for row in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(row)
            if group is not None:
                children = (group.child(place) for place in range(group.childCount()))
                found += [child for child in children if child is not None]
        return found

    def _on_search_changed(self, text: str) -> None:
        wanted = text.casefold().split()
        for item in self._items():
            template: Template = item.data(0, _ROLE)
            header = template.header
            about = f"{template.name} {header.description} {header.category} {' '.join(header.needs)}".casefold()
            item.setHidden(not all(word in about for word in wanted))
        for row in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(row)
            if group is not None:
                group.setHidden(all(item.isHidden() for item in self._items() if item.parent() is group))

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        template: Template | None = item.data(0, _ROLE) if item is not None else None
        if template is None:
            return
        self._pair = pair_of(template, self._templates)
        header = template.header
        self._name.setText(template.name)
        self._about.setText(header.description)
        needs = "\n".join(f"•  {need}" for need in header.needs)
        self._needs.setText(_("Needs:\n{list}").format(list=needs))
        self._needs.setVisible(bool(needs))
        self._where.setText(
            _("Intended for: {lane}. Timeout: {time}.").format(
                lane=lane_title(template.hook), time=script_words.timeout(header.timeout or 300)
            )
        )
        other = next((side for side in self._pair if side is not template), None)
        self._chosen = template
        self.both.setVisible(other is not None)
        self._other.setVisible(other is not None)
        if other is not None:
            self._other.setText(_("{name}. Intended for: {lane}").format(name=other.name, lane=lane_title(other.hook)))
            self.both.setChecked(True)
        self._text.setPlainText(template.content.decode())
        self.message.hide()
        self._adapt()

    def sides(self) -> tuple[Template, ...]:
        """Return the templates to use: one, or both of a pair."""
        if not self._pair:
            return ()
        return self._pair if self.both.isVisibleTo(self) and self.both.isChecked() else (self._chosen,)

    def _parameters(self) -> list[Parameter]:
        """Return the parameters of both templates, each name once."""
        found: dict[str, Parameter] = {}
        for side in self.sides():
            for parameter in side.header.parameters:
                known = found.get(parameter.name)
                if known is None or (parameter.required and not known.required):
                    found[parameter.name] = parameter
        return list(found.values())

    def _adapt(self) -> None:
        assigning = self.repository.currentData() is not None
        given = self.values.plain()
        parameters = self._parameters()
        self.values.set_parameters(parameters, {})
        self.values.fill({name: value for name, value in given.items() if any(one.name == name for one in parameters)})
        self._values_group.setVisible(assigning and bool(parameters))
        self._secret_place.setVisible(any(one.secret for one in parameters))
        self.add.setText(_("Add and assign") if assigning else _("Add to library"))
        self.add.setEnabled(bool(self.sides()))

    # Creating scripts -----------------------------------------------------------------------------------------------

    def _on_accepted(self) -> None:
        repository_id = self.repository.currentData()
        problem = ""
        if repository_id is not None:
            missing = self.values.missing()
            problem = self.values.problem()
            if missing:
                problem = _("Enter a value for {names}.").format(names=listed(missing))
        if problem:
            self.message.show_message(problem, Tone.BAD)
            return
        values = self.values.plain() | self.values.secrets() if repository_id is not None else {}
        use = TemplateUse(self.sides(), repository_id, values)
        self.setEnabled(False)
        self._background.ask(lambda: make(self._workspace, use), self._on_made, self._on_failed, self)

    def _on_made(self, made: AddedTemplates) -> None:
        self.made.emit(made)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.message.show_message(error.sentence, Tone.BAD)

    # Implementation -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(FormScroll(self._details()))
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        splitter.setChildrenCollapsible(False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.add: QPushButton = self.buttons.addButton("", QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setIcon(icons.icon("list-add"))
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.resize(820, 600)

    def _details(self) -> QWidget:
        self._name, self._about, self._where, self._needs, self._other = (QLabel(wordWrap=True) for _ in range(5))
        font = self._name.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self._name.setFont(font)
        for label in (self._name, self._about, self._where, self._needs, self._other):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(_("Text of the template"))
        self._text.setMinimumHeight(self.fontMetrics().height() * 10)
        self._text.hide()
        show = QCheckBox(_("Show the te&xt"))
        show.toggled.connect(self._text.setVisible)
        self._secret_place = SecretStorageNote(self._workspace.secrets, self._background)
        self._values_group = QGroupBox(_("Values"))
        box = QVBoxLayout(self._values_group)
        box.addWidget(self.values)
        box.addWidget(self._secret_place)
        self.repository.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.repository.setMinimumContentsLength(16)
        self.repository.setAccessibleName(_("Add to"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("&Then"), self.repository)
        details = QWidget()
        column = QVBoxLayout(details)
        for widget in (self._name, self._about, self._where, self._needs, self.both, self._other):
            column.addWidget(widget)
        column.addLayout(form)
        column.addWidget(self._values_group)
        column.addWidget(show)
        column.addWidget(self._text, 1)
        column.addStretch(1)
        return details
