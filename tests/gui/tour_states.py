"""States of pages and dialogs that need preparation: errors, waiting, several things at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from borgdesk.domain.errors import CannotOpen, Changed, Remedy
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Slot, SlotState
from borgdesk.domain.server import DIRECT, Connection
from borgdesk.engine.archives.archive_list import ArchiveList, read_archives
from borgdesk.engine.servers.host_keys import HostKey, HostKeyState
from borgdesk.engine.servers.ssh_keys import make_key, unused_key_file
from borgdesk.gui.archives.archive_text_dialog import ArchiveTextDialog
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.difference_dialog import DifferenceDialog
from borgdesk.gui.imports.import_dialog import ImportDialog
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.look.help_window import show_help
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.look.unsaved_backup_dialog import ask_before_backup
from borgdesk.gui.look.unsaved_dialog import unsaved_question
from borgdesk.gui.overview.overview_data import read_overview
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.repositories import remedies
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.change_passphrase_dialog import ChangePassphraseDialog
from borgdesk.gui.repositories.check_dialog import CheckDialog
from borgdesk.gui.repositories.emergency_sheet_dialog import EmergencySheetDialog
from borgdesk.gui.repositories.known_passphrase_dialog import KnownPassphraseDialog
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from borgdesk.gui.servers.authorize_dialog import AuthorizeDialog
from borgdesk.gui.servers.host_key_dialog import HostKeyDialog
from borgdesk.store.clock import now
from borgdesk.translation import _
from tests.engine.imports.vorta_files import VortaDatabase
from tests.gui.scene import PRE
from tests.gui.tour_set_up import set_up_dialogs

if TYPE_CHECKING:
    from tests.gui.tour import Place, Tour

_LONG = "The repository “{}” does not open: Borg says that it is at another place now, where nobody has confirmed it."
_SERVER = "ssh://me@127.0.0.1:1/./repository"
Opener = tuple[str, Callable[[], object]]


def several_runs(tour: Tour) -> Iterator[Place]:
    """Yield four simultaneous backups: three lines in the run bar, and one that is counted."""
    repositories = [tour.repository, *(tour.scene.repository(tour.named(f"Disk {number}")) for number in range(3))]
    gates = [tour.scene.gate(f"gate-{number}") for number, _ in enumerate(repositories)]
    for number, (repository, gate) in enumerate(zip(repositories, gates, strict=True)):
        tour.scene.hook(repository, tour.named(f"Wait {number}"), gate.line, PRE)
    tour.settle()
    for repository in repositories:
        tour.shell.requests.back_up(repository.id)
    tour.qtbot.waitUntil(
        lambda: [bool(live.story.script) for live in tour.shell.executor.active()] == [True] * len(repositories),
        timeout=60_000,
    )
    for page in ("overview", "history"):
        yield tour.page(page, "several runs: ")
    with tour._opened(tour.shell.show_queue) as queue:
        yield tour.place("queue", queue)
    tour.window.activateWindow()
    tour.qtbot.waitUntil(tour.window.isActiveWindow)
    for live in tour.shell.executor.active():
        tour.shell.executor.stop(live.run_id)
    tour.settle()
    yield tour.page("overview", "stopping: ")
    tour.qtbot.waitUntil(lambda: not tour.shell.executor.is_busy, timeout=60_000)


def advanced(tour: Tour) -> Iterator[Place]:
    """Yield the settings of a backup that are folded in, and what is wrong with them."""
    tour.shell.navigation.show_repository(tour.repository.id)
    tour.settle()
    view = tour.repositories.view
    view.tabs.setCurrentWidget(view.backup)
    edit = view.backup.advanced
    edit.open()
    edit.limited.click()
    edit.saves.click()
    edit.patterns.setPlainText(f"+ {tour.named('documents')}\n{tour.named('no rule')}")
    edit.arguments.setText(f"--json {tour.named('word')}")
    edit.arguments.textEdited.emit(edit.arguments.text())
    tour.qtbot.waitUntil(lambda: bool(edit.arguments_problem.text))
    view.backup.ensureWidgetVisible(edit.arguments)
    yield tour.place("advanced settings")
    view.discard()
    tour.settle()
    yield from _previews(tour)


def _previews(tour: Tour) -> Iterator[Place]:
    """Yield a preview of the form, and one that failed because of a mistake in it."""
    view = tour.repositories.view
    dialog = view.show_preview()
    tour.qtbot.waitUntil(lambda: dialog.tree.model.rowCount() > 0 and not dialog.progress.isVisible(), timeout=60_000)
    dialog.tree.view.selectRow(dialog.tree.model.rowCount() - 1)
    yield tour.place("preview of a backup", dialog)
    dialog.left_out.click()
    tour.settle()
    yield tour.place("preview of a backup: left out", dialog)
    view.backup.advanced.arguments.setText("--json")
    with tour.qtbot.waitSignal(dialog.shown, timeout=60_000):
        dialog.start()
    yield tour.place("preview of a backup: wrong", dialog)
    dialog.done(0)
    # No window manager does that here.
    tour.window.activateWindow()
    tour.qtbot.waitUntil(tour.window.isActiveWindow)
    view.discard()
    tour.settle()


def schedules(tour: Tour) -> Iterator[Place]:
    """Yield the forms of a schedule that is not saved, and a backup that waits, is overdue and is paused."""
    tour.shell.navigation.show_repository(tour.repository.id)
    tour.settle()
    view = tour.repositories.view
    tab = view.schedule
    view.tabs.setCurrentWidget(tab)
    for box in (tab.conditions.hours, tab.conditions.anyway):
        box.click()
    tab.when.cron.setText(tour.named("wrong"))
    for place in range(tab.when.kind.count()):
        with tour.qtbot.waitSignal(tab.upcoming_shown):
            tab.when.kind.setCurrentIndex(place)
        yield tour.place(f"schedule: {tab.when.kind.currentText()}")
    assert tab.problem.text
    view.discard()
    tour.settle()
    seen = tab._due
    assert seen is not None
    waits = Slot(tour.repository.id, now(), SlotState.WAITING, (text(tour.named("waiting for the disk")),))
    tab._due = replace(seen, slot=waits, assessment=replace(seen.assessment, overdue=True))
    tab._show_state()
    yield tour.place("schedule: overdue")
    with tour.qtbot.waitSignal(tab.shown):
        tab.pause_for(None)
    tour.settle()
    yield tour.place("schedule: paused")
    with tour.qtbot.waitSignal(tab.shown):
        tab.resume.click()
    tour.settle()


def failed_forms(tour: Tour) -> Iterator[Place]:
    """Yield a repository that others changed, or that does not open, with the actions offered."""
    tour.shell.navigation.show_repository(tour.repository.id)
    tour.settle()
    view, store = tour.repositories.view, tour.scene.workspace.store.repositories
    view.backup.name.setText(tour.named("Mine"))
    view.backup.name.textEdited.emit("")
    store.update(replace(store.get(tour.repository.id), name=tour.named("Theirs")))
    with tour.qtbot.waitSignal(view.save_failed):
        view.save()
    yield tour.place("repository: changed meanwhile")
    view.discard()
    view._reload()
    tour.settle()
    for remedy in (None, *Remedy):
        view.opening._on_failed(tour.repository.id, CannotOpen(tour.named(_LONG), remedy))
        yield tour.place(f"repository: does not open, {remedy}")
    view.notice.hide()


def other_states(tour: Tour) -> Iterator[Place]:
    """Yield the state after a crash, and a history without results."""
    overview = tour.window.page("overview")
    assert isinstance(overview, OverviewPage)
    tour.page("overview")
    read = read_overview(tour.scene.workspace)
    overview.show_overview(replace(read, recovered=(tour.run,), owing=(tour.run,)))
    yield tour.place("overview: recovered")
    overview.show_overview(replace(read, forgettable=(_encrypted(tour),)))
    yield tour.place("overview: passphrase still known")
    overview.show_overview(read)
    archives = tour.window.page("archives")
    assert isinstance(archives, ArchivesPage)
    tour.page("archives")
    archives.show_repository(tour.photos.id)
    tour.qtbot.waitUntil(archives.empty.isVisible, timeout=60_000)
    yield tour.place("archives: none yet")
    archives.show_repository(tour.repository.id)
    tour.settle()
    history = tour.window.page("history")
    tour.page("history")
    history.show_start()
    search = next(one for one in history.findChildren(QLineEdit) if one.isVisible())
    search.setText("nothing has these words")
    search.returnPressed.emit()
    tour.settle()
    yield tour.place("history: no match")
    search.clear()
    search.returnPressed.emit()
    tour.settle()


def more_dialogs(tour: Tour) -> Iterator[Opener]:
    """Yield questions, and dialogs that wait or have failed."""
    window, name = tour.window, tour.named("Documents")
    yield "unsaved changes", lambda: unsaved_question(window, name).open()
    yield "unsaved before a backup", lambda: ask_before_backup(window, name, lambda: None, lambda: None)
    locked = CannotOpen(tour.named("Another machine, “{}”, has locked the repository since Tuesday."))
    yield "break the lock", lambda: remedies.ask_to_break_lock(window, locked, lambda: None)
    yield "check repository", lambda: CheckDialog(name, window).open()
    yield "change passphrase", lambda: _changing(tour)
    yield "passphrase known", lambda: _not_known(tour)
    yield "emergency sheet", lambda: EmergencySheetDialog(_encrypted(tour), window).open()
    yield "compare archives", lambda: _compare(tour)
    yield "rename archive", lambda: _renaming(tour)
    yield "add repository: Borg refuses", lambda: _adding_fails(tour)
    yield "add repository: leave", lambda: _adding_left(tour)
    yield "template without a value", lambda: _template_fails(tour)
    yield "assignment changed meanwhile", lambda: _assignment_fails(tour)
    yield "import", lambda: ImportDialog(tour.scene.workspace, tour.background, window, tour.scene.folder).open()
    yield "import: what is found", lambda: _importing(tour)
    yield "import: cannot be read", lambda: _importing(tour, broken=True)
    yield from set_up_dialogs(tour)
    for state in HostKeyState:
        yield f"host key: {state}", partial(_host_key, tour, state)
    yield "authorise a key", lambda: _authorize(tour)
    tour.open_script(tour.script)
    editor = tour.scripts.view.editor
    assert editor is not None
    yield "go to line", editor.ask_line


@contextmanager
def adding(tour: Tour) -> Iterator[AddRepositoryDialog]:
    """Provide a dialog while Borg adds a repository and its passcommand waits."""
    gate = tour.scene.folder / "passphrase"
    os.mkfifo(gate)
    tour.page("repositories")
    tour.repositories.ask_for_new()
    dialog = tour.modal(AddRepositoryDialog)
    dialog.location.setText(str(tour.scene.folder / "waiting"))
    dialog.name.setText(tour.named("Waiting"))
    dialog.sources.add([str(tour.scene.source)])
    dialog.passphrase.by_command.setChecked(True)
    dialog.passphrase.command.setText(f"cat {gate}")
    with tour.qtbot.waitSignal(dialog.looked):
        dialog._edited()
    dialog.add.click()
    tour.waits = True
    yield dialog
    tour.waits = False
    dialog.reject()
    tour.qtbot.waitUntil(dialog.leave.isVisible, timeout=30_000)


def _importing(tour: Tour, *, broken: bool = False) -> None:
    folder = tour.scene.folder / ("broken" if broken else "vorta")
    folder.mkdir()
    database = VortaDatabase(folder / "settings.db")
    repository = database.repository(tour.named("/backup/of"), password="secret")
    database.profile(
        tour.named("At home"),
        repository,
        [tour.named("/home/of")],
        pre_backup_cmd=f"echo '{tour.named('stop')}'",
        ssh_key=tour.named("key"),
    )
    if broken:
        os.truncate(database.path, 5000)
    dialog = ImportDialog(tour.scene.workspace, tour.background, tour.window, folder)
    dialog.open()
    dialog.path.setText(str(database.path))
    with tour.qtbot.waitSignal(dialog.looked):
        dialog.read()


def help_window(tour: Tour) -> Iterator[Place]:
    """Yield the guide."""
    window = show_help(tour.window, "repositories")
    window.activateWindow()
    tour.qtbot.waitUntil(window.isActiveWindow)
    yield tour.place("guide", window)
    window.close()
    tour.settle()


def servers(tour: Tour) -> Iterator[Place]:
    """Yield the settings of a repository on another machine, which are hidden for others."""
    tour.shell.navigation.show_repository(tour.repository.id)
    tour.settle()
    view = tour.repositories.view
    view.tabs.setCurrentWidget(view.connection)
    with tour.qtbot.waitSignal(view.connection.server.keys_found):
        view.connection.location.setText(_SERVER)
    view.connection.server.notice.show_message(tour.named("A key was made."), Tone.GOOD)
    tour.settle()
    yield tour.place("repository: on a server")
    view.discard()
    tour.settle()


def _host_key(tour: Tour, state: HostKeyState) -> None:
    dialog = HostKeyDialog(tour.scene.workspace, tour.background, _SERVER, DIRECT, tour.window)
    dialog.open()
    tour.settle()
    name, kind, fingerprint = (tour.named(word) for word in ("server", "ED25519", "SHA256:" + "a" * 43))
    known = (f"{kind} {fingerprint}",)
    dialog._on_answer([HostKey(name, kind, fingerprint, state, "", "/known_hosts", False, known)])


def _authorize(tour: Tour) -> None:
    key = make_key(tour.scene.workspace.environment, unused_key_file())
    AuthorizeDialog(
        tour.scene.workspace, tour.background, Connection(key.path), _SERVER, append_only=True, parent=tour.window
    ).open()


def _adding_fails(tour: Tour) -> None:
    tour.page("repositories")
    tour.repositories.ask_for_new()
    dialog = tour.modal(AddRepositoryDialog)
    with tour.qtbot.waitSignal(dialog.looked):
        dialog.where.set_location(tour.repository.location)
    dialog._on_failed(CannotOpen(tour.named(_LONG), Remedy.MOVED))


def _adding_left(tour: Tour) -> None:
    tour.page("repositories")
    tour.repositories.ask_for_new()
    dialog = tour.modal(AddRepositoryDialog)
    dialog.name.setText(tour.named("Left"))
    dialog.reject()


def _template_fails(tour: Tour) -> None:
    tour.page("scripts")
    tour.scripts.open_templates()
    dialog = tour.modal(TemplateDialog)
    tour.settle()
    dialog.choose("docker-stop.sh")
    dialog.repository.setCurrentIndex(1)
    dialog.add.click()
    tour.settle()


def _assignment_fails(tour: Tour) -> None:
    header = tour.header_of(tour.start)
    dialog = AssignmentDialog(tour.scene.workspace, tour.background, tour.assignment, header, tour.window)
    dialog.open()
    dialog._on_failed(Changed(tour.named("Somebody else has changed “{}” meanwhile.")))


def _renaming(tour: Tour) -> None:
    dialog = ArchiveTextDialog(tour.scene.workspace, tour.background, _("Rename archive"), _("&Name"), tour.window)
    found = ArchiveList("", (), datetime.now(UTC))
    dialog.ask(tour.named("docs-{}"), _("&Rename"), lambda _text, _cancel: found, lambda _found, _text: None)
    dialog.open()


def _compare(tour: Tour) -> None:
    workspace = tour.scene.workspace
    found = read_archives(workspace, tour.repository)
    pair = (found.archives[0], found.archives[0])
    DifferenceDialog(workspace, tour.background, tour.repository, found, pair, tour.window).open()


def _encrypted(tour: Tour) -> Repository:
    return replace(tour.repository, encryption="repokey", has_passphrase=True, passcommand="pass show docs")


def _changing(tour: Tour) -> None:
    dialog = ChangePassphraseDialog(tour.scene.workspace, tour.background, _encrypted(tour), tour.window)
    dialog.open()
    for line in (dialog.new, dialog.again):
        line.setText(tour.named("correct horse battery"))
    dialog.new.textEdited.emit("")
    dialog.banner.show_message(tour.named("The old passphrase is wrong."), Tone.BAD)


def _not_known(tour: Tour) -> None:
    dialog = KnownPassphraseDialog(tour.scene.workspace, tour.background, _encrypted(tour), tour.window)
    dialog.open()
    dialog._on_compared(False)
    dialog._show_stored(tour.named("correct horse battery"))
