"""Dialog that shows every text of a script pack, and adds the chosen scripts to the library."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.lines import visible
from borgdesk.domain.script import Script
from borgdesk.engine.packs.installing import Plan, PlannedScript, State, carry_out, plan
from borgdesk.engine.packs.pack_file import read
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.diff_view import DiffView
from borgdesk.gui.workers.background import Background
from borgdesk.translation import N_, _

_ROLE = Qt.ItemDataRole.UserRole
_STATES = {
    State.NEW: N_("new"),
    State.UPDATE: N_("changed in the pack"),
    State.UNCHANGED: N_("unchanged"),
    State.EDITED: N_("changed here"),
}


class PackDialog(Dialog):
    """The scripts of a pack on the left, the text of the current one on the right; nothing is assigned by it."""

    help_page = "packs"
    installed = Signal(list)
    """The scripts that were added or changed."""
    loaded = Signal()
    """The pack was read and is shown, or cannot be used."""

    def __init__(self, workspace: Workspace, background: Background, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._plan: Plan | None = None
        self.setWindowTitle(_("Script pack “{name}”").format(name=file.name))
        self.signature = Banner()
        self.message = Banner()
        self.scripts = QListWidget()
        self.scripts.setAccessibleName(_("Scripts of the pack"))
        self._lay_out()
        self.scripts.currentItemChanged.connect(lambda item, _: self._choose(item))
        self.scripts.itemChanged.connect(self._adapt)
        self._adapt()
        background.ask(partial(_planned, workspace, file), self._fill, self._on_failed, self)

    def entered(self) -> object:
        """Return which scripts are chosen, if others than proposed."""
        return None if self._plan is None or self.chosen() == list(self._plan.wanted) else self.chosen()

    def chosen(self) -> list[str]:
        """Return the files of the scripts that are to be installed."""
        items = (self.scripts.item(row) for row in range(self.scripts.count()))
        return [item.data(_ROLE).entry.file for item in items if item.checkState() is Qt.CheckState.Checked]

    # Content ----------------------------------------------------------------------------------------------------------

    def _fill(self, planned: Plan) -> None:
        self._plan = planned
        manifest = planned.pack.manifest
        self._name.setText(f"{manifest.name} {manifest.version}")
        about = (
            _("By {author}").format(author=manifest.author) if manifest.author else "",
            _("Licence: {licence}").format(licence=manifest.licence) if manifest.licence else "",
        )
        self._about.setText("\n".join(filter(None, ["   ".join(filter(None, about)), manifest.description])))
        self._about.setVisible(bool(self._about.text()))
        self._show_signature(planned)
        for one in planned.scripts:
            item = QListWidgetItem(f"{one.entry.details.name}\n{_(_STATES[one.state])}", self.scripts)
            item.setData(_ROLE, one)
            if one.state is State.UNCHANGED or planned.problem:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
            else:
                wanted = one.entry.file in planned.wanted
                item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
        self.scripts.setCurrentRow(0)
        self._adapt()
        self.loaded.emit()

    def _show_signature(self, planned: Plan) -> None:
        signature = planned.signature
        if planned.problem:
            self.signature.show_message(planned.problem, Tone.BAD)
        elif signature is None:
            sentence = _(
                "The pack is not signed, so nobody can tell who made it. Read its scripts before you add them."
            )
            self.signature.show_message(sentence, Tone.WARNING)
        elif signature.trusted:
            sentence = _("Signed by {name}, whose key you trust.").format(name=signature.name)
            self.signature.show_message(sentence, Tone.GOOD)
        else:
            sentence = _("Signed by {name}, whose key is new here: {fingerprint}. It is trusted once you add the pack.")
            words = sentence.format(name=signature.name, fingerprint=signature.fingerprint)
            self.signature.show_message(words, Tone.WARNING)

    def _choose(self, item: QListWidgetItem | None) -> None:
        script: PlannedScript | None = item.data(_ROLE) if item is not None else None
        if script is None:
            return
        self._script.setText(script.entry.details.name)
        lines = [script.entry.details.description] if script.entry.details.description else []
        if script.entry.needs:
            lines.append(_("Needs: {programs}").format(programs=", ".join(script.entry.needs)))
        self._needs.setText("\n".join(lines))
        self._needs.setVisible(bool(lines))
        remarks = [one.sentence for one in script.marks]
        remarks += [
            _("Line {line}: {message}").format(line=one.line, message=f"{one.code} {one.message}".strip())
            for one in script.findings
        ]
        self.remarks.clear()
        self.remarks.addItems(remarks or [_("Nothing was found that should be read twice.")])
        if script.state in (State.UPDATE, State.EDITED):
            self.comparison.set_texts(script.before, script.text, _("In your library"), _("In the pack"))
            self._texts.setCurrentWidget(self.comparison)
        else:
            self.text.setPlainText("\n".join(map(visible, script.text.split("\n"))))
            self._texts.setCurrentWidget(self.text)

    def _adapt(self) -> None:
        self.add.setEnabled(bool(self.chosen()))

    # Installing -------------------------------------------------------------------------------------------------------

    def _on_accepted(self) -> None:
        planned, chosen = self._plan, self.chosen()
        if planned is None or not chosen:
            return
        self.setEnabled(False)
        work = partial(carry_out, self._workspace, planned, chosen)
        self._background.ask(work, self._on_installed, self._on_failed, self)

    def _on_installed(self, scripts: list[Script]) -> None:
        self.installed.emit(scripts)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.message.show_message(error.sentence, Tone.BAD)
        self.loaded.emit()

    # Implementation ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._name, self._about, self._script, self._needs = (QLabel(wordWrap=True) for _ in range(4))
        for label in (self._name, self._about, self._script, self._needs):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for title in (self._name, self._script):
            font = title.font()
            font.setBold(True)
            title.setFont(font)
        splitter = QSplitter()
        splitter.addWidget(self.scripts)
        splitter.addWidget(self._details())
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setChildrenCollapsible(False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.add: QPushButton = self.buttons.addButton(_("Add to library"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setIcon(icons.icon("list-add"))
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._name, self._about, self.signature):
            layout.addWidget(widget)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.resize(900, 620)

    def _details(self) -> QWidget:
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(_("Text of the script"))
        self.comparison = DiffView()
        self._texts = QStackedWidget()
        self._texts.addWidget(self.text)
        self._texts.addWidget(self.comparison)
        self.remarks = QListWidget()
        self.remarks.setAccessibleName(_("What to look at"))
        self.remarks.setWordWrap(True)
        self.remarks.setMaximumHeight(self.fontMetrics().height() * 6)
        details = QWidget()
        column = QVBoxLayout(details)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._script)
        column.addWidget(self._needs)
        column.addWidget(self._texts, 1)
        column.addWidget(self.remarks)
        return details


def _planned(workspace: Workspace, file: Path) -> Plan:
    return plan(workspace, read(file))
