"""A new script from a template: what it does, what it needs, its values; both sides of a pair in one go."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
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

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.parameters import Parameter
from borgdesk.domain.repository import Repository
from borgdesk.engine.templates import Made, Template, Use, make, pair_of, templates
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, script_words, words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.parameter_form import ParameterForm
from borgdesk.gui.widgets.secret_place import SecretPlace

_ROLE = Qt.ItemDataRole.UserRole


class TemplateDialog(QDialog):
    """Templates at the left, the chosen one at the right."""

    made = Signal(object)
    """What came of it: scripts, and assignments where a repository was chosen."""
    ready = Signal()
    """The templates are read and shown."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._templates: list[Template] = []
        self._pair: tuple[Template, ...] = ()
        self.setWindowTitle(self.tr("New script from template"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search templates"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(self.tr("Templates"))
        self.repository = QComboBox()
        self.both = QCheckBox(self.tr("With its other &side:"))
        self.values = ParameterForm()
        self.message = Message()
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(lambda item, _: self._choose(item))
        self.both.toggled.connect(self._adapt)
        self.repository.currentIndexChanged.connect(self._adapt)
        self._adapt()
        background.ask(lambda: (templates(), workspace.store.repositories.list()), self._fill, self._fail, self)

    def choose(self, file_name: str) -> None:
        """Choose a template by the name of its file."""
        for item in self._items():
            template: Template = item.data(0, _ROLE)
            if template.file_name == file_name:
                self.tree.setCurrentItem(item)

    # What is shown --------------------------------------------------------------------------------------------------

    def _fill(self, found: tuple[list[Template], list[Repository]]) -> None:
        self._templates, repositories = found
        groups: dict[str, QTreeWidgetItem] = {}
        for template in self._templates:
            category = template.header.category or self.tr("Other")
            if category not in groups:
                groups[category] = QTreeWidgetItem(self.tree, [category])
                groups[category].setFlags(Qt.ItemFlag.ItemIsEnabled)
            item = QTreeWidgetItem(groups[category], [template.name])
            item.setData(0, _ROLE, template)
            item.setToolTip(0, template.header.description)
        self.tree.expandAll()
        self.repository.addItem(self.tr("Only put it into the library"), None)
        for repository in repositories:
            self.repository.addItem(self.tr("Assign it in {name}").format(name=repository.name), repository.id)
        self.tree.setCurrentItem(self._items()[0])
        self.ready.emit()

    def _items(self) -> list[QTreeWidgetItem]:
        found = []
        for row in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(row)
            if group is not None:
                children = (group.child(place) for place in range(group.childCount()))
                found += [child for child in children if child is not None]
        return found

    def _filter(self, text: str) -> None:
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
        self._needs.setText(self.tr("Needs:\n{list}").format(list=needs))
        self._needs.setVisible(bool(needs))
        self._where.setText(
            self.tr("Made for: {lane}. At most {time}.").format(
                lane=words.hook(template.hook), time=script_words.timeout(header.timeout or 300)
            )
        )
        other = next((side for side in self._pair if side is not template), None)
        self._chosen = template
        self.both.setVisible(other is not None)
        self._other.setVisible(other is not None)
        if other is not None:
            self._other.setText(
                self.tr("{name}. Made for: {lane}").format(name=other.name, lane=words.hook(other.hook))
            )
            self.both.setChecked(True)
        self._text.setPlainText(template.content.decode())
        self.message.hide()
        self._adapt()

    def sides(self) -> tuple[Template, ...]:
        """What is to be made: one template, or both sides."""
        if not self._pair:
            return ()
        return self._pair if self.both.isVisibleTo(self) and self.both.isChecked() else (self._chosen,)

    def _parameters(self) -> list[Parameter]:
        """What both sides ask for, each name once."""
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
        self.add.setText(self.tr("Add and assign") if assigning else self.tr("Add to library"))
        self.add.setEnabled(bool(self.sides()))

    # Making ---------------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        repository_id = self.repository.currentData()
        problem = ""
        if repository_id is not None:
            missing = self.values.missing()
            problem = self.values.problem()
            if missing:
                problem = self.tr("A value is needed for {names}.").format(names=words.listed(missing))
        if problem:
            self.message.say(problem, Tone.BAD)
            return
        values = self.values.plain() | self.values.secrets() if repository_id is not None else {}
        use = Use(self.sides(), repository_id, values)
        self.setEnabled(False)
        self._background.ask(lambda: make(self._workspace, use), self._finish, self._fail, self)

    def _finish(self, made: Made) -> None:
        self.made.emit(made)
        self.accept()

    def _fail(self, error: Exception) -> None:
        self.setEnabled(True)
        if not isinstance(error, BorgDeskError):
            raise error
        self.message.say(error.sentence, Tone.BAD)

    # Inside ---------------------------------------------------------------------------------------------------------

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
        self.buttons.accepted.connect(self._make)
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
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(self.tr("Text of the template"))
        self._text.setMinimumHeight(self.fontMetrics().height() * 10)
        self._text.hide()
        show = QCheckBox(self.tr("Show the te&xt"))
        show.toggled.connect(self._text.setVisible)
        self._secret_place = SecretPlace(self._workspace, self._background)
        self._values_group = QGroupBox(self.tr("Values"))
        box = QVBoxLayout(self._values_group)
        box.addWidget(self.values)
        box.addWidget(self._secret_place)
        self.repository.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.repository.setMinimumContentsLength(16)
        self.repository.setAccessibleName(self.tr("What to do with it"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Then"), self.repository)
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
