"""Dialog that adds a repository in five steps: creates a new one, or opens one that is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from borgdesk.borg.options import Encryption
from borgdesk.borg.replies import RepositoryInfo
from borgdesk.domain.errors import BorgDeskError, CannotOpen, Stopped, stopped_before_changes
from borgdesk.domain.repository import Repository
from borgdesk.engine.borg_calls.borg_process import Access
from borgdesk.engine.lanes.new_repository import AddedRepository, NewRepository, add_with_all
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.form_checks import Field, FormChecks, check_form, is_repository
from borgdesk.engine.repositories.registration import try_opening
from borgdesk.engine.repositories.repository_access import break_lock_of_new, is_there
from borgdesk.engine.repositories.sources import make_source
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import busy_bar
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import remedies
from borgdesk.gui.repositories.adding_answers import Answers
from borgdesk.gui.repositories.adding_buttons import StepButtons
from borgdesk.gui.repositories.adding_forms import AddingForms
from borgdesk.gui.repositories.adding_steps import TEXTS, Step, StepHead
from borgdesk.gui.repositories.preview_dialog import open_preview
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_Answer = TypeVar("_Answer")

_PAUSE = 200
"""Milliseconds after the last key press before the form is checked."""


class AddRepositoryDialog(Dialog):
    """Problems are shown at their fields while a step is filled in; those of steps before it below the step."""

    help_page = "repositories"
    added = Signal(object)
    """The stored Repository."""
    backup_requested = Signal(int)
    """Id of the repository just added, which is to be backed up now."""
    looked = Signal()
    """The form was checked."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._number = 0
        self._is_checked = False
        """Whether the form was checked as it is now."""
        self._cancel: Cancel | None = None
        """Set while Borg is running."""
        self._checks = FormChecks(prevents=True, field=Field.LOCATION)
        self.units_problem = ""
        """Why backups of the added repository do not start while the program is closed, although that was wanted."""
        self.setWindowTitle(_("Add repository"))
        self._make_parts()
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._check_form)
        self._lay_out()
        self._connect()
        self.go_to(Step.WHERE)
        self._edited()

    # Layout ---------------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.forms = forms = AddingForms(self._workspace, self._background, self)
        self.where, self.what, self.scripts, self.ready = forms.where, forms.what, forms.scripts, forms.ready
        self._answers = Answers(self.where)
        self.schedule, self.retention = forms.schedule, forms.retention
        self.location, self.server, self.encryption = self.where.location, self.where.server, self.where.encryption
        self.passphrase, self.place = self.where.passphrase, self.where.place
        self.name, self.sources, self.excludes = self.what.name, self.what.sources, self.what.excludes
        self.head = StepHead([_("Where"), _("What"), _("When"), _("Scripts"), _("Ready")])
        self.notice = Banner()
        self.progress = busy_bar(_("Adding the repository"))
        self.progress.hide()
        self.buttons = buttons = StepButtons()
        self.leave, self.stop, self.back = buttons.leave, buttons.stop, buttons.back
        self.proceed, self.add, self.back_up = buttons.proceed, buttons.add, buttons.back_up

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.head)
        layout.addWidget(self.forms, 1)
        layout.addWidget(self.notice)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(680, 620)

    def _connect(self) -> None:
        self.forms.edited.connect(self._edited)
        self.scripts.shown.connect(self._tell)
        self.excludes.preview_requested.connect(self._preview)
        self.buttons.rejected.connect(self.reject)
        self.back.clicked.connect(self._go_back)
        self.head.chosen.connect(lambda step: self.go_to(Step(step)))
        self.proceed.clicked.connect(self._go_on)
        self.add.clicked.connect(self._add)
        self.back_up.clicked.connect(self._back_up)

    def _preview(self) -> None:
        add = self.excludes.add
        open_preview(self._workspace, self._background, self.repository, lambda path: add((f"pp:{path}",)), self)

    # Steps ----------------------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step that is shown."""
        return Step(self.forms.currentIndex())

    def go_to(self, step: Step) -> None:
        """Show a step."""
        self.forms.setCurrentIndex(step)
        title, about = TEXTS[step]
        self.head.show_step(step, _(title), _(about), can_go_back=self.ready.repository is None)
        if step is Step.READY and self._cancel is None:
            self.forms.summarise(self._answers.encryption)
        self.buttons.show_step(step, is_added=self.ready.repository is not None)
        self._tell()
        first = {
            Step.WHERE: self.location,
            Step.WHAT: self.what.home,
            Step.WHEN: self.schedule.on,
            Step.SCRIPTS: self.scripts.rows[0].on if self.scripts.rows else self.proceed,
            Step.READY: self.add,
        }[step]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_back(self) -> None:
        self.go_to(Step(max(self.step - 1, 0)))

    def _go_on(self) -> None:
        if self.step is Step.WHERE and self._answers.lacks_look:
            self._ask_server()
        elif self.step is Step.WHERE and self._answers.lacks_opening:
            self._open()
        elif self.step < Step.READY:
            self.go_to(Step(self.step + 1))

    def _ask_server(self) -> None:
        """Find out whether there is a repository; then go on, unless its passphrase is needed first."""
        repository, passphrase, way = self.repository(), self.where.given_passphrase(), self._answers.way
        access = Access(passphrase, repository.passcommand, unencrypted=True, connection=repository.connection)

        def found(there: bool) -> None:
            self._answers.found(way, there)
            self.where.show_existing(there)
            if there:
                self._edited()
                self.passphrase.first.setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self.go_to(Step.WHAT)

        looking = _("Looking for a repository there…")
        self._ask(looking, lambda cancel: is_there(self._workspace, repository, access, cancel), found)

    def _open(self, *, moved: bool = False, key_file: Path | None = None) -> None:
        """Open the repository that is there, so that a wrong passphrase or a missing key is told here; then go on."""
        repository, passphrase, key = self.repository(), self.where.given_passphrase(), self._answers.key

        def ask(cancel: Cancel) -> RepositoryInfo:
            return try_opening(self._workspace, repository, passphrase, cancel, moved=moved, key_file=key_file)

        def opened(info: RepositoryInfo) -> None:
            self._answers.opened(key, info.encryption)
            self.go_to(Step.WHAT)

        self._ask(_("Opening the repository…"), ask, opened, partial(self._open, moved=moved, key_file=key_file))

    def _ask(
        self,
        what: str,
        ask: Callable[[Cancel], _Answer],
        found: Callable[[_Answer], object],
        again: Callable[..., None] | None = None,
    ) -> None:
        """Ask Borg something before anything is added; *what* says that meanwhile."""
        cancel = Cancel()
        self._begin(cancel, what)

        def answered(answer: _Answer) -> None:
            if cancel.asked:
                self._on_failed(stopped_before_changes())
            else:
                self._set_cancel(None)
                self.notice.hide()
                found(answer)

        self._background.ask(lambda: ask(cancel), answered, partial(self._on_failed, again=again), self, cancel)

    # Values ---------------------------------------------------------------------------------------------------------

    def init(self) -> Encryption | None:
        """Return the encryption of the repository to create; None to open an existing one."""
        return self.where.init()

    def repository(self) -> Repository:
        """Return the repository that the form describes; without rules if those for its retention are invalid."""
        return self.forms.repository()

    def entered(self) -> object:
        """Return what was entered; nothing can be lost once the repository is there."""
        return None if self.forms.ready.repository is not None else (super().entered(), self.scripts.entered())

    def counts(self, widget: QWidget) -> bool:
        """Return whether a control is input; the proposals are not, which appear by themselves."""
        return not self.scripts.isAncestorOf(widget)

    # Checks ---------------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.add.setEnabled(False)
        self.proceed.setEnabled(False)
        self._number += 1
        self._is_checked = False
        self._timer.start()

    def _check_form(self) -> None:
        repository, mode, known = self.repository(), self.where.mode(), self._answers.is_there
        self.scripts.follow_sources(repository.sources)

        def look() -> tuple[bool | None, FormChecks]:
            there = is_repository(repository.location)
            there = known if there is None else there
            return there, check_form(self._workspace, repository, None if there else mode)

        self._background.ask(look, partial(self._show_checks, self._number), owner=self)

    def _show_checks(self, number: int, found: tuple[bool | None, FormChecks]) -> None:
        if number != self._number or self._cancel is not None:
            return
        there, checks = found
        self._is_checked = True
        self.where.show_existing(there)
        self._checks = self.forms.first_problem(checks)
        self._tell()
        if self.step is Step.READY:
            self.forms.summarise(self._answers.encryption)
        self.looked.emit()

    def _tell(self) -> None:
        """Show what is wrong in this step, or in one before it."""
        if self._cancel is not None or self.ready.repository is not None or not self._is_checked:
            return
        checks = self._checks
        concerns = checks.part <= self.step
        self.add.setEnabled(not checks.prevents)
        waits = self.step is Step.SCRIPTS and not self.scripts.is_known
        self.proceed.setEnabled(not waits and not (checks.prevents and concerns))
        self.forms.show_problem(checks, self._help)
        if checks.sentence and checks.part < self.step:
            tone = Tone.MUTED if checks.prevents else Tone.WARNING
            there = BannerButton(_("Go there"), partial(self.go_to, Step(checks.part)))
            self.notice.show_message(checks.sentence, tone, [there, *self._help(checks)], dismissible=False)
        else:
            self.notice.hide()

    def _help(self, checks: FormChecks) -> Sequence[BannerButton]:
        if checks.missing:
            return [BannerButton(_("Make the folder"), partial(self._make_folder, checks.missing))]
        if checks.inside:
            return [BannerButton(_("Exclude it"), lambda: self.excludes.add((f"pp:{checks.inside}",)))]
        return []

    def _make_folder(self, folder: str) -> None:
        def failed(error: BorgDeskError) -> None:
            self.notice.show_message(error.sentence, Tone.BAD, dismissible=False)

        self._background.ask(partial(make_source, Path(folder)), lambda _: self._edited(), failed, self)

    # Adding ---------------------------------------------------------------------------------------------------------

    def _add(self, _checked: bool = False, *, moved: bool = False, key_file: Path | None = None) -> None:
        new = NewRepository(
            self.repository(),
            self.where.given_passphrase(),
            self.init(),
            self.schedule.cron(),
            self.schedule.installs,
            self.scripts.services(),
            moved,
            key_file,
        )
        cancel = Cancel()
        self._begin(cancel, _("Creating the repository…") if new.init else _("Opening the repository…"))
        failed = partial(self._on_failed, again=partial(self._add, moved=moved, key_file=key_file))
        self._background.ask(lambda: add_with_all(self._workspace, new, cancel), self._on_added, failed, self, cancel)

    def _begin(self, cancel: Cancel, what: str) -> None:
        self._set_cancel(cancel)
        self.notice.show_message(what, Tone.WORKING, dismissible=False)

    def _set_cancel(self, cancel: Cancel | None) -> None:
        self._cancel = cancel
        self.forms.setEnabled(cancel is None)
        self.head.setEnabled(cancel is None)
        self.buttons.show_busy(cancel is not None)
        self.progress.setVisible(cancel is not None)

    def _on_added(self, added: AddedRepository) -> None:
        self.units_problem = added.units_problem
        has_new_key = (init := self.init()) is not None and init.needs_passphrase
        self._set_cancel(None)
        self.notice.hide()
        self.passphrase.clear()
        problems = [*added.problems, *filter(None, [added.units_problem])]
        self.ready.show_done(added.repository, problems, has_new_key=has_new_key)
        self._before = None
        self.go_to(Step.READY)
        self.leave.setText(_("Close"))
        self.back_up.setFocus(Qt.FocusReason.OtherFocusReason)
        self.added.emit(added.repository)

    def _on_failed(self, error: BorgDeskError, again: Callable[..., None] | None = None) -> None:
        """Say what failed and offer remedies, after which *again* adds the repository with all that was confirmed."""
        self._set_cancel(None)
        if not self._is_checked:
            self._timer.start()
        tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
        self.notice.show_message(error.sentence, tone, self._offers(error, again or self._add), dismissible=False)

    def _offers(self, error: BorgDeskError, again: Callable[..., None]) -> Sequence[BannerButton]:
        if not isinstance(error, CannotOpen):
            return ()
        return remedies.offers(
            error,
            moved=lambda: again(moved=True),
            break_lock=lambda: remedies.ask_to_break_lock(self, error, partial(self._break_lock, again)),
            import_key=lambda: remedies.ask_for_key(self, lambda file: again(key_file=file)),
            host_key=self.server.check_host_key,
        )

    def _break_lock(self, again: Callable[..., None]) -> None:
        repository, cancel = self.repository(), Cancel()

        def broken(_result: None) -> None:
            if cancel.asked:
                self._on_failed(Stopped(_("Stopped; the lock was broken, but no repository was added.")))
            else:
                again()

        self._begin(cancel, _("Breaking the lock…"))
        self._background.ask(
            lambda: break_lock_of_new(self._workspace, repository, cancel),
            broken,
            partial(self._on_failed, again=again),
            self,
            cancel,
        )

    def _back_up(self) -> None:
        assert self.ready.repository is not None
        self.backup_requested.emit(self.ready.repository.id)
        self.accept()

    def reject(self) -> None:
        """Close the dialog; if Borg is running, stop it and stay open until the state of the repository is known."""
        if self._cancel is not None:
            self._cancel.ask()
            self.stop.setEnabled(False)
            self.notice.show_message(_("Stopping…"), Tone.WORKING, dismissible=False)
        elif self.ready.keys.wait.is_open:
            self.ready.keys.wait.stop()
        else:
            super().reject()

    def done(self, result: int) -> None:
        """Stop looking for what runs here."""
        self.scripts.cancel.ask()
        super().done(result)
