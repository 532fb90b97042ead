"""Tour of every page, tab, dialog and state of the window, for tests that examine each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.pack import ENDING
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import Hook, RunKind
from borgdesk.domain.schedule import weekly
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.assignments import header_of_script
from borgdesk.engine.packs.making import Title, make_pack
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.scripts.templates import templates
from borgdesk.engine.scripts.usage import usage
from borgdesk.engine.services.service import Service, ServiceKind
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.lanes.inline_scripts import ScriptRequest
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.repositories.service_dialog import ServiceDialog
from borgdesk.gui.scripts.parameter_dialog import ParameterDialog
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from borgdesk.gui.shell import quit_dialog
from borgdesk.gui.shell.about_dialog import AboutDialog
from borgdesk.gui.shell.report import facts
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.workers.background import Background
from tests.gui.scene import LAST, POST, PRE, Scene
from tests.gui.tour_git import git_dialogs
from tests.gui.tour_states import (
    adding,
    advanced,
    failed_forms,
    help_window,
    more_dialogs,
    other_states,
    schedules,
    servers,
    several_runs,
)

_Dialog = TypeVar("_Dialog", bound=QDialog)
PAGES = ("overview", "repositories", "archives", "scripts", "history", "settings")
_PARAMETERS = """# /// borgdesk
# description = "{about}"
# [parameters.NAME]
# description = "{about}"
# required = true
# [parameters.LEVEL]
# type = "integer"
# default = "3"
# [parameters.MODE]
# type = "choice"
# choices = ["fast", "safe"]
# [parameters.TOKEN]
# secret = true
# ///
cd $1
echo '{about}'
"""


@dataclass(frozen=True)
class Place:
    """What is visible: the window on one of its pages, or a dialog."""

    name: str
    widget: QWidget


class Tour:
    """The window over a small real BorgDesk."""

    def __init__(self, shell: Shell, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.shell, self.window, self.scene, self.qtbot = shell, shell.window, scene, qtbot
        self.background = background
        self.waits = False
        """Whether a question stays unanswered while it is examined."""
        self.named: Callable[[str], str] = str
        """Returns a name for a word."""
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def settle(self) -> None:
        """Wait until all background calls are done and shown."""
        for _ in range(3):
            if not self.waits:
                self.background._pool.waitForDone()
            QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def empty_pages(self) -> Iterator[Place]:
        """Yield the pages of an empty BorgDesk."""
        for page in PAGES:
            yield self.page(page, "empty ")

    def fill(self) -> None:
        """Create two repositories, scripts with parameters and findings, a run, a test, and a pending script."""
        self.repository = self.scene.repository(self.named("Documents"))
        self.photos = self.scene.repository(self.named("Photos"))
        self.script = self.scene.script(self.named("Stop"), _PARAMETERS.format(about=self.named("It stops")))
        self.start = self.scene.script(self.named("Start"), "true")
        self.assignment = self.scene.assign(self.repository, self.start)
        for hook in (POST, LAST):
            self.scene.assign(self.repository, self.start, hook)
        self.run = self.scene.run(self.repository)
        # The next start is days away, whenever the test runs.
        soon = datetime.now().astimezone() + timedelta(days=3)
        self.scene.schedule(self.repository, weekly([soon.isoweekday()], time(2, 30)))
        self.scene.workspace.store.executions.still_owed(self.run.executions[1].id)
        setup = ScriptTestSetup(repository=self.repository)
        run_test(self.scene.workspace, self.start, setup, lambda _: None, Cancel())
        for page in PAGES:
            self.page(page)
        self.window.show_problem(self.named("Something went wrong."))

    def pages(self) -> Iterator[Place]:
        """Yield every page with content, and all its tabs."""
        yield self.page("overview")
        yield self.page("settings")
        yield self.page("history")
        self.shell.navigation.show_run(self.run.id)
        self.settle()
        yield Place("run", self.window)
        self.shell.navigation.show_repository(self.repository.id)
        self.settle()
        tabs = self.repositories.view.tabs
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            self.settle()
            yield Place(f"repository: {tabs.tabText(place)}", self.window)
        self.open_script(self.script)
        tabs = self.scripts.view.tabs
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            self.settle()
            yield Place(f"script: {tabs.tabText(place)}", self.window)
        self._edit_script()
        yield Place("script: not saved", self.window)
        self.scripts.view.discard()
        self.qtbot.waitUntil(lambda: not self.window.has_unsaved())

    def running(self) -> Iterator[Place]:
        """Yield pages during a backup."""
        gate = self.scene.gate()
        slow = self.scene.hook(self.repository, self.named("Slow"), gate.line, PRE)
        self.shell.requests.back_up(self.repository.id)
        self.qtbot.waitUntil(
            lambda: any(live.story.script == slow.name for live in self.shell.executor.active()), timeout=30_000
        )
        for page in ("overview", "repositories", "history"):
            yield self.page(page, "running ")
        self.shell.navigation.show_run(self.shell.executor.active()[0].run_id)
        self.settle()
        yield Place("running run", self.window)
        gate.open()
        self.qtbot.waitUntil(lambda: not self.shell.executor.is_busy, timeout=60_000)

    def dialogs(self) -> Iterator[Place]:
        """Yield every dialog and question."""
        yield from help_window(self)
        with adding(self) as waiting:
            yield Place("add repository: Borg works", waiting)
        waiting.done(0)
        self.settle()
        for name, open_it in self._openers():
            with self._opened(open_it) as dialog:
                yield Place(name, dialog)

    def _openers(self) -> Iterator[tuple[str, Callable[[], object]]]:
        window, workspace = self.window, self.scene.workspace
        self.page("repositories")
        yield "add repository", self.repositories.ask_for_new
        yield "add repository that is there", self._add_existing
        for step in Step:
            if step > Step.WHERE:
                yield f"add repository: {step.name.lower()}", partial(self._add_at, step)
        stop = next(one for one in templates() if one.file_name == "docker-stop.sh")
        yield "choose containers", ServiceDialog(self._containers(), stop.header.parameters, window).open
        yield "remove repository", lambda: self.repositories._on_removal_requested(self.repository)
        header = self.repositories.view.board._arranger.board.headers[self.start.id]  # type: ignore[union-attr]
        yield "assignment", lambda: self.repositories._on_options_requested(self.assignment, header)
        full = self.scene.assign(self.repository, self.script, Hook.POST_BACKUP)
        parameters = AssignmentDialog(workspace, self.background, full, self.header_of(self.script), window)
        yield "assignment with parameters", parameters.open
        write = self.repositories.view.board.inline.requested.emit
        yield "inline script", lambda: write(ScriptRequest(self.repository, Hook.POST_BACKUP, self.named("true\n")))
        yield "new script here", lambda: self.repositories.view.board.inline.new(Hook.POST_RUN)
        self.page("scripts")
        yield "template", self.scripts.open_templates
        yield "template with values", self._template_with_values
        yield "script pack", self._script_pack
        yield (
            "make a script pack",
            lambda: self.scripts.library_actions.export_pack([self.script, self.start], self.script),
        )
        yield "parameter", lambda: ParameterDialog(window).open()
        yield "conflict", lambda: self.scripts._on_conflict_found(self.named("a\n"), self.named("b\n"))
        yield "comparison", lambda: self.scripts._on_comparison_requested("a\n", "b\n", self.named("old"), "new")
        known = facts(workspace.paths, None)
        yield "about", lambda: AboutDialog(known, window).open()
        yield "places", lambda: self.scripts.library_actions.delete(self.start)
        yield "delete script", self._delete_unused
        yield from git_dialogs(self)
        yield from more_dialogs(self)
        test = next(one for one in usage(workspace, self.start.id).executions if one.run_id is None)
        yield "past test", lambda: self.scripts._on_execution_requested(test)
        yield (
            "quit",
            lambda: quit_dialog.ask_to_quit(window, [quit_dialog.runs([(RunKind.BACKUP, "Documents")])], lambda: None),
        )

    @property
    def repositories(self) -> RepositoriesPage:
        page = self.window.page("repositories")
        assert isinstance(page, RepositoriesPage)
        return page

    @property
    def scripts(self) -> ScriptsPage:
        page = self.window.page("scripts")
        assert isinstance(page, ScriptsPage)
        return page

    def place(self, name: str, widget: QWidget | None = None) -> Place:
        """Return the place that is visible now, by default the window."""
        return Place(name, widget or self.window)

    def page(self, name: str, state: str = "") -> Place:
        """Open a page."""
        self.window.open_page(name)
        self.settle()
        return Place(state + name, self.window)

    def open_script(self, script: Script) -> None:
        self.window.open_page("scripts")
        with self.qtbot.waitSignal(self.scripts.view.shown):
            self.scripts.show_script(script.id)
        self.settle()
        findings = self.scripts.view.findings
        self.qtbot.waitUntil(lambda: findings.summary.isVisible() and findings.summary.isEnabled())

    def _edit_script(self) -> None:
        editor = self.scripts.view.editor
        assert editor is not None
        editor.replace_text(editor.text() + "true\n")
        self.settle()

    def _add_existing(self) -> None:
        self.repositories.ask_for_new()
        dialog = self.modal(AddRepositoryDialog)
        with self.qtbot.waitSignal(dialog.looked):
            dialog.where.set_location(self.repository.location)

    def _add_at(self, step: Step) -> None:
        """Open the dialog at one of its steps, with something found running."""
        self.repositories.ask_for_new()
        dialog = self.modal(AddRepositoryDialog)
        self.settle()
        dialog.scripts.show_services([self._containers()], templates())
        dialog.name.setText(self.named("Music"))
        dialog.go_to(step)

    def _containers(self) -> Service:
        stop = ("docker-stop.sh", "docker-start.sh")
        names = ("web", "db")
        return Service(ServiceKind.CONTAINERS, stop, {"CONTAINERS": " ".join(names)}, "", names, "CONTAINERS")

    def _template_with_values(self) -> None:
        self.scripts.open_templates()
        dialog = self.modal(TemplateDialog)
        self.settle()
        dialog.choose("docker-stop.sh")
        dialog.repository.setCurrentIndex(1)

    def _script_pack(self) -> None:
        file = Path(self.scene.workspace.paths.data, f"{uuid4()}{ENDING}")
        title = Title(self.named("Web"), "1.2", self.named("Anna"), "MIT", self.named("Stops and starts web"))
        make_pack(self.scene.workspace, file, [one.id for one in self.scene.workspace.store.scripts.list()], title)
        self.scripts.library_actions.open_pack(file)
        self.settle()

    def _delete_unused(self) -> None:
        script = self.scene.script(self.named("Unused"), "true")
        self.scripts.library_actions.delete(script)

    def header_of(self, script: Script) -> Header:
        return header_of_script(self.scene.workspace, script.id)

    def modal(self, kind: type[_Dialog]) -> _Dialog:
        found = QApplication.activeModalWidget()
        assert isinstance(found, kind)
        return found

    @contextmanager
    def _opened(self, open_it: Callable[[], object]) -> Iterator[QDialog]:
        open_it()
        self.settle()
        self.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        dialog.activateWindow()
        self.qtbot.waitUntil(dialog.isActiveWindow)
        try:
            yield dialog
        finally:
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.done(0)
            self.settle()


def make_places(tour: Tour) -> Iterator[Place]:
    """Yield all places."""
    yield from tour.empty_pages()
    tour.fill()
    yield from tour.pages()
    yield from advanced(tour)
    yield from schedules(tour)
    yield from servers(tour)
    yield from failed_forms(tour)
    yield from other_states(tour)
    yield from tour.running()
    yield from several_runs(tour)
    yield from tour.dialogs()
