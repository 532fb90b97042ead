"""Last step of adding a repository: a summary first, and afterwards what to do with what was made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import selectable_text
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import repository_words, service_words
from borgdesk.gui.repositories.key_actions import KeyActions
from borgdesk.gui.schedule import schedule_words
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ReadyForm(QWidget):
    """The choices of all steps, one per line."""

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        super().__init__()
        self.repository: Repository | None = None
        """As it was added; None before."""
        self.summary = QFormLayout()
        self.summary.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.lines: dict[str, QLabel] = {}
        for key, title in (
            ("name", _("Name")),
            ("location", _("Location")),
            ("encryption", _("Encryption")),
            ("sources", _("Sources")),
            ("schedule", _("Schedule")),
            ("retention", _("Retention")),
            ("scripts", _("Scripts")),
        ):
            self.lines[key] = selectable_text()
            self.summary.addRow(title, self.lines[key])
        self.done, self.problems, self.advice = Banner(), Banner(), Banner()
        self.keys = KeyActions(workspace, background, self.advice, window, lambda: self.repository)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.done)
        column.addLayout(self.summary)
        column.addWidget(self.problems)
        column.addWidget(self.advice)
        column.addStretch(1)

    def show_summary(self, repository: Repository, how: str, cron: str | None, services: Sequence[Service]) -> None:
        """Show the choices; *how* is what is done with the repository."""
        self.lines["name"].setText(repository.name)
        self.lines["location"].setText(repository.location)
        self.lines["encryption"].setText(how)
        self.lines["sources"].setText("\n".join(repository.sources))
        said = _("none: backups start only by hand")
        if cron is not None:
            said = schedule_words.when(Schedule(RepositoryId(0), cron))
        self.lines["schedule"].setText(said)
        self.lines["retention"].setText(words.retention(repository.retention))
        self.lines["scripts"].setText(service_words.summary(list(services)))

    def show_done(self, repository: Repository, problems: Sequence[str], *, has_new_key: bool) -> None:
        """Say that the repository was added, what went wrong after that, and that its key should be saved."""
        self.repository = repository
        self.lines["encryption"].setText(repository_words.encryption_of(repository))
        self.done.show_message(
            _("“{name}” was added. The first backup can start now.").format(name=repository.name),
            Tone.GOOD,
            dismissible=False,
        )
        self.problems.show_message("\n".join(problems), Tone.WARNING, dismissible=False)
        if has_new_key:
            self.keys.advise_to_save()
