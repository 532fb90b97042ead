"""The forms of all steps of adding a repository, and what they describe together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGroupBox, QStackedWidget, QVBoxLayout, QWidget

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.lanes.new_repository import with_dumps
from borgdesk.engine.repositories.form_checks import Field, FormChecks, Part
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.field_note import FieldNote
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.adding_ready import ReadyForm
from borgdesk.gui.repositories.adding_scripts import ScriptsForm
from borgdesk.gui.repositories.adding_what import WhatForm
from borgdesk.gui.repositories.adding_where import WhereForm
from borgdesk.gui.repositories.retention_edit import RetentionEdit
from borgdesk.gui.schedule.first_schedule_edit import FirstScheduleEdit
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.translation import _

_KEPT_AT_FIRST = Retention(daily=7, weekly=4, monthly=6)


class AddingForms(QStackedWidget):
    """A page per step, in their order."""

    edited = Signal()

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self.where = WhereForm(workspace, background)
        self.what = WhatForm(background)
        self.schedule = FirstScheduleEdit(workspace, background)
        self.retention = RetentionEdit()
        self.retention.set_retention(_KEPT_AT_FIRST)
        self.scripts = ScriptsForm(workspace, background)
        self.ready = ReadyForm(workspace, background, window)
        self.notes: dict[Field, Banner] = {
            **self.where.notes,
            **self.what.notes,
            Field.SCHEDULE: FieldNote(),
            Field.RETENTION: FieldNote(),
        }
        for form in (self.where, self.what, self._when(), self.scripts, self.ready):
            self.addWidget(FormScroll(form))
        for signal in (
            self.where.edited,
            self.what.edited,
            self.retention.edited,
            self.schedule.edited,
            self.scripts.edited,
        ):
            signal.connect(self.edited)
        background.ask(
            lambda: [one.name for one in workspace.store.repositories.list()],
            self.what.know_names,
            leave_untold,
            owner=self,
        )

    def repository(self) -> Repository:
        """Return the repository that the forms describe; without rules if those for its retention are invalid."""
        way, excludes = self.where.server.connection(), self.what.excludes
        try:
            retention = self.retention.retention()
        except InvalidInput:
            retention = Retention()
        return Repository(
            id=RepositoryId(0),
            name=self.what.name.text(),
            location=self.where.location.text().strip(),
            ssh_key=way.ssh_key,
            jump_host=way.jump_host,
            remote_path=way.remote_path,
            sources=self.what.sources.paths(),
            excludes=excludes.patterns(),
            exclude_caches=excludes.caches.isChecked(),
            one_file_system=excludes.one_file_system.isChecked(),
            compression=self.what.compression.compression(),
            retention=retention,
            passcommand=self.where.passcommand(),
        )

    def first_problem(self, checks: FormChecks) -> FormChecks:
        """Return what *checks* found, unless something else prevents adding before that."""
        if checks.prevents and checks.part is Part.WHERE:
            return checks
        if problem := self.where.key_problem():
            return FormChecks(problem, prevents=True, field=Field.PASSPHRASE)
        if checks.prevents:
            return checks
        field = Field.SCHEDULE
        try:
            if (cron := self.schedule.cron()) is not None:
                check_cron(cron)
            field = Field.RETENTION
            self.retention.retention()
        except InvalidInput as error:
            return FormChecks(str(error), prevents=True, field=field)
        return checks

    def show_problem(self, checks: FormChecks, buttons: Callable[[FormChecks], Sequence[BannerButton]]) -> None:
        """Show at each field of the present step what is wrong with it, with the buttons that help; or nothing."""
        for field, note in self.notes.items():
            about = [one for one in (checks, *checks.others) if one.field is field and one.sentence]
            if not about or field.part != self.currentIndex():
                note.hide()
                continue
            tone = Tone.MUTED if about[0].prevents else Tone.WARNING
            offered = [button for one in about for button in buttons(one)]
            note.show_message("\n".join(one.sentence for one in about), tone, offered, dismissible=False)

    def summarise(self, encryption: str | None = None) -> None:
        """Show all choices in the last step; *encryption* is that of the existing repository, if it was opened."""
        services, init = self.scripts.services(), self.where.init()
        how = repository_words.encryption_of(replace(self.repository(), encryption=init or encryption))
        if init is None and encryption is None:
            how = _("unchanged")
        try:
            cron = self.schedule.cron()
        except InvalidInput:
            return
        self.ready.show_summary(with_dumps(self.repository(), services), how, cron, services)

    def _when(self) -> QWidget:
        when = QWidget()
        column = QVBoxLayout(when)
        column.setContentsMargins(0, 0, 0, 0)
        for title, inside, field in (
            (_("Schedule"), self.schedule, Field.SCHEDULE),
            (_("Retention"), self.retention, Field.RETENTION),
        ):
            group = QGroupBox(title)
            within = QVBoxLayout(group)
            within.addWidget(inside)
            within.addWidget(self.notes[field])
            column.addWidget(group)
        column.addStretch(1)
        return when
