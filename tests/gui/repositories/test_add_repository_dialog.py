"""Adding repositories with real Borg."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.schedule import Conditions, ScheduleKind
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.repositories.form_checks import Field
from borgdesk.engine.schedule import editing, installation
from borgdesk.engine.schedule.unit_texts import UnitsUnusable
from borgdesk.engine.schedule.units import State, Units
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from borgdesk.engine.services import detection
from borgdesk.engine.services.service import Need, Service, ServiceKind
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.repositories.service_dialog import ServiceDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.stage import open_box


@pytest.fixture
def dialog(scene: Scene, background: Background, qtbot: QtBot) -> AddRepositoryDialog:
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.looked):
        dialog.show()
    return dialog


def said(dialog: AddRepositoryDialog) -> str:
    """Return what is said at the fields and below the step."""
    texts = [note.text for note in dialog.forms.notes.values() if note.isVisible()]
    return "\n".join(filter(None, [*texts, dialog.notice.text]))


def choose(dialog: AddRepositoryDialog, mode: Encryption) -> None:
    dialog.encryption.setCurrentIndex(dialog.encryption.findData(mode))


def settled(qtbot: QtBot, dialog: AddRepositoryDialog) -> None:
    """Wait until the present input has been checked."""
    with qtbot.waitSignal(dialog.looked):
        dialog._edited()


def fill(dialog: AddRepositoryDialog, scene: Scene, location: Path, name: str = "Photos") -> None:
    QTest.keyClicks(dialog.location, str(location))
    QTest.keyClicks(dialog.name, name)
    dialog.sources.add([str(scene.source)])


def go_on(dialog: AddRepositoryDialog, qtbot: QtBot, step: Step) -> None:
    qtbot.waitUntil(dialog.proceed.isEnabled)
    dialog.proceed.click()
    assert dialog.step is step


def test_a_second_copy_of_a_folder_gets_a_name_of_its_own(scene: Scene, background: Background, qtbot: QtBot) -> None:
    name = scene.source.name
    for taken in (name, f"{name} 2"):
        scene.workspace.store.repositories.add(
            Repository(RepositoryId(0), taken, f"/backup/{taken}", (str(scene.source),))
        )
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.sources.add([str(scene.source)])
    qtbot.waitUntil(lambda: dialog.name.text() == f"{name} 3")


def test_each_step_says_what_is_still_missing(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    assert (said(dialog), dialog.proceed.isEnabled()) == ("The location is empty.", False)
    QTest.keyClicks(dialog.location, str(tmp_path / "new"))
    settled(qtbot, dialog)
    assert "Enter a passphrase" in said(dialog)
    QTest.keyClicks(dialog.passphrase.first, "hush")
    settled(qtbot, dialog)
    assert "do not match" in said(dialog)
    QTest.keyClicks(dialog.passphrase.second, "husk")
    settled(qtbot, dialog)
    assert "do not match" in said(dialog)
    assert "do not match" not in dialog.passphrase.hint.text(), "it is said once"
    dialog.passphrase.second.clear()
    QTest.keyClicks(dialog.passphrase.second, "hush")
    settled(qtbot, dialog)
    assert (said(dialog), dialog.add.isEnabled()) == ("", False)
    go_on(dialog, qtbot, Step.WHAT)
    assert "at least one source" in said(dialog)
    assert not dialog.proceed.isEnabled()
    dialog.sources.add([str(scene.source)])
    assert dialog.name.text() == scene.source.name
    dialog.name.selectAll()
    QTest.keyClick(dialog.name, Qt.Key.Key_Delete)
    settled(qtbot, dialog)
    assert (said(dialog), dialog.proceed.isEnabled()) == ("The name of the repository is empty.", False)
    QTest.keyClicks(dialog.name, "Photos")
    go_on(dialog, qtbot, Step.WHEN)
    QTest.keyClicks(dialog.retention.within, "soon")
    settled(qtbot, dialog)
    assert "is not an interval" in said(dialog)
    dialog.retention.within.selectAll()
    QTest.keyClick(dialog.retention.within, Qt.Key.Key_Delete)
    go_on(dialog, qtbot, Step.SCRIPTS)
    go_on(dialog, qtbot, Step.READY)
    qtbot.waitUntil(dialog.add.isEnabled)
    assert said(dialog) == ""
    dialog.back.click()
    assert dialog.step is Step.SCRIPTS
    dialog.head.labels[Step.WHERE].click()
    assert dialog.forms.currentIndex() == Step.WHERE, "steps that are done lead back"
    assert [label.isEnabled() for label in dialog.head.labels] == [True, False, False, False, False]


def test_a_problem_is_said_at_its_field(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    notes = dialog.forms.notes
    assert (notes[Field.LOCATION].text, dialog.notice.text) == ("The location is empty.", "")
    choose(dialog, Encryption.NONE)
    fill(dialog, scene, tmp_path / "new", " ")
    settled(qtbot, dialog)
    dialog.go_to(Step.WHAT)
    assert [field for field, note in notes.items() if note.isVisible()] == [Field.NAME]
    dialog.go_to(Step.READY)
    assert dialog.notice.text == "The name of the repository is empty."
    dialog.notice.button("Go there").click()
    assert (dialog.step, dialog.notice.text) == (Step.WHAT, "")


def test_hints_are_said_at_all_fields_they_are_about(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_disk, "remark", lambda _repository: "It is on the same disk.")
    choose(dialog, Encryption.NONE)
    fill(dialog, scene, scene.source / "new", "New")
    dialog.excludes.add(("node_modules",))
    settled(qtbot, dialog)
    go_on(dialog, qtbot, Step.WHAT)
    assert dialog.forms.notes[Field.SOURCES].text == "It is on the same disk."
    assert "sh:**/node_modules" in dialog.forms.notes[Field.EXCLUDES].text


def test_the_journey_of_a_newcomer(
    scene: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve actions at most, from the empty window to a backup with stop and start."""
    names = ("app", "web", "db")
    stop = ("docker-stop.sh", "docker-start.sh")
    found = Service(ServiceKind.CONTAINERS, stop, {"CONTAINERS": " ".join(names)}, "", names, "CONTAINERS")
    monkeypatch.setattr(detection, "_PROBES", (lambda _machine: [found],))
    home = scene.folder / "person"
    (home / "Documents").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.show()  # 1: Add repository
    qtbot.waitUntil(lambda: len(dialog.where.buttons) > 1)
    actions = 1

    def click(button: QPushButton) -> None:
        nonlocal actions
        actions += 1
        qtbot.waitUntil(button.isEnabled)
        button.click()

    click(dialog.where.buttons[0])
    assert dialog.location.text() == f"{home}/borg-backup"
    for line in (dialog.passphrase.first, dialog.passphrase.second):
        QTest.keyClicks(line, "hush")
        actions += 1
    settled(qtbot, dialog)
    click(dialog.proceed)
    click(dialog.what.home)
    assert dialog.name.text() == "Home"
    settled(qtbot, dialog)
    click(dialog.forms.notes[Field.SOURCES].button("Exclude it"))
    settled(qtbot, dialog)
    for _step in range(3):
        click(dialog.proceed)
    assert dialog.step is Step.READY
    assert dialog.ready.lines["scripts"].text() == "Docker containers"
    assert "Daily" in dialog.ready.lines["schedule"].text()
    assert dialog.ready.lines["retention"].text() == "keeps 7 daily, 4 weekly, 6 monthly"
    with qtbot.waitSignal(dialog.added):
        click(dialog.add)
    with qtbot.waitSignal(dialog.backup_requested) as wanted:
        click(dialog.back_up)
    assert actions <= 12
    repository = scene.workspace.store.repositories.get("Home")
    assert wanted.args == [repository.id]
    assert repository.excludes == (f"pp:{home}/borg-backup",)
    assigned = scene.workspace.store.assignments.list(repository.id)
    assert [(one.hook, dict(one.parameters)) for one in assigned] == [
        (Hook.PRE_BACKUP, {"CONTAINERS": "app web db"}),
        (Hook.POST_BACKUP, {}),
    ]
    assert scene.workspace.store.schedules.get(repository.id) is not None
    assert not dialog.isVisible()


def test_services_are_chosen_in_part_and_dumps_are_backed_up(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumps = tmp_path / "dumps"
    found = [
        Service(ServiceKind.POSTGRESQL, ("postgresql-dump.sh",), {"OUTPUT_DIR": str(dumps)}, "15", need=Need.SUDO,
                is_proposed=False),
        Service(ServiceKind.CONTAINERS, ("docker-stop.sh", "docker-start.sh"), {"CONTAINERS": "a b"}, "", ("a", "b"),
                "CONTAINERS"),
    ]  # fmt: skip
    monkeypatch.setattr(detection, "_PROBES", (lambda _machine: found,))
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.show()
    assert not dialog.has_edits(), "what appears by itself was not entered"
    server, containers = dialog.scripts.rows
    assert "sudo" in server.detail.text()
    dialog.scripts.open_choice(containers)
    choice = dialog.findChild(ServiceDialog)
    assert choice is not None
    choice.items.item(0).setCheckState(Qt.CheckState.Unchecked)
    choice._on_accepted()
    server.on.click()
    assert dialog.has_edits()
    repository = added(dialog, scene, qtbot, tmp_path / "first")
    assert repository.sources == (str(scene.source), str(dumps))
    assert dumps.is_dir()
    assigned = scene.workspace.store.assignments.list(repository.id)
    assert [dict(one.parameters) for one in assigned] == [{"OUTPUT_DIR": str(dumps)}, {"CONTAINERS": "b"}, {}]


def test_what_has_no_files_in_the_sources_is_offered_but_not_chosen(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (data, elsewhere):
        folder.mkdir()
    stop = ("docker-stop.sh", "docker-start.sh")
    folders = {"web": (str(data),), "db": (str(elsewhere),)}
    found = Service(ServiceKind.CONTAINERS, stop, {"CONTAINERS": "web db"}, "", ("web", "db"), "CONTAINERS",
                    data=folders)  # fmt: skip
    monkeypatch.setattr(detection, "_PROBES", (lambda _machine: [found],))
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.show()
    (row,) = dialog.scripts.rows
    assert row.on.isChecked()
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.sources.add([str(scene.source)])
    assert not row.on.isChecked()
    assert row.detail.text().endswith("none of its files are in the folders you back up")
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.sources.add([str(tmp_path / "data")])
    assert row.on.isChecked()
    assert row.service.values == {"CONTAINERS": "web"}
    assert row.detail.text().endswith("without db, which has no files in the folders you back up")
    assert not dialog.scripts.entered(), "what changes by itself was not entered"
    row.on.click()
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.sources.add([str(elsewhere)])
    assert not row.on.isChecked(), "what was chosen stays"


def test_what_could_not_be_assigned_is_said(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Service(ServiceKind.MACHINES, ("libvirt-suspend.sh", "libvirt-resume.sh"), {}, is_proposed=True)
    monkeypatch.setattr(detection, "_PROBES", (lambda _machine: [found],))
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.scripts.shown):
        dialog.show()
    added(dialog, scene, qtbot, tmp_path / "first")
    assert "No scripts were assigned" in dialog.ready.problems.text
    assert "DOMAINS" in dialog.ready.problems.text


def test_a_missing_folder_is_made(dialog: AddRepositoryDialog, qtbot: QtBot, tmp_path: Path) -> None:
    choose(dialog, Encryption.NONE)
    QTest.keyClicks(dialog.location, str(tmp_path / "not/there/yet"))
    settled(qtbot, dialog)
    assert "There is no folder" in said(dialog)
    with qtbot.waitSignal(dialog.looked):
        dialog.forms.notes[Field.LOCATION].button("Make the folder").click()
    assert (tmp_path / "not/there").is_dir()
    assert dialog.proceed.isEnabled()


def test_a_new_encrypted_repository(dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    fill(dialog, scene, tmp_path / "new")
    QTest.keyClicks(dialog.passphrase.first, "hush")
    QTest.keyClicks(dialog.passphrase.second, "hush")
    dialog.excludes.add(("sh:**/.cache",))
    settled(qtbot, dialog)
    with qtbot.waitSignal(dialog.added, timeout=30_000) as added:
        dialog.add.click()
        assert dialog.progress.isVisible()
        assert not dialog.add.isEnabled()
    repository = scene.workspace.store.repositories.get("Photos")
    assert added.args == [repository]
    assert (repository.encryption, repository.has_passphrase) == ("repokey-blake2", True)
    assert repository.excludes == ("sh:**/.cache",)
    assert repository.retention.counts() == {"daily": 7, "weekly": 4, "monthly": 6}
    assert scene.workspace.secrets.get(passphrase_owner(repository.id), PASSPHRASE) == "hush"
    assert dialog.passphrase.first.text() == ""
    assert "Keep the key" in dialog.ready.advice.text
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible(), "nothing can be lost any more"


def test_stop_leaves_nothing_and_the_form_as_it_was(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    command, began = tmp_path / "passphrase", tmp_path / "began"
    command.write_text(f"#!/bin/sh\ntouch '{began}'\nexec sleep 600\n")
    command.chmod(0o700)
    fill(dialog, scene, tmp_path / "new")
    dialog.passphrase.by_command.click()
    QTest.keyClicks(dialog.passphrase.command, str(command))
    settled(qtbot, dialog)
    dialog.add.click()
    qtbot.waitUntil(began.exists, timeout=30_000)
    assert dialog.leave.isHidden()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert (dialog.notice.text, dialog.stop.isEnabled()) == ("Stopping…", False)
    qtbot.waitUntil(lambda: dialog.notice.text == "Stopped; no repository was created.", timeout=30_000)
    assert dialog.isVisible()
    assert dialog.add.isEnabled()
    assert dialog.name.text() == "Photos"
    assert not (tmp_path / "new").exists()
    assert scene.workspace.store.repositories.list() == []
    dialog.leave.click()
    question = open_box()
    assert question is not None
    next(button for button in question.buttons() if button.text() == "&Discard").click()
    assert not dialog.isVisible()


def test_without_encryption_no_passphrase_is_asked(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    choose(dialog, Encryption.NONE)
    assert not dialog.passphrase.isVisible()
    fill(dialog, scene, tmp_path / "new")
    settled(qtbot, dialog)
    with qtbot.waitSignal(dialog.added, timeout=30_000):
        dialog.add.click()
    assert scene.workspace.store.repositories.get("Photos").encryption == "none"


def test_an_existing_repository_with_a_wrong_passphrase(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    fill(dialog, scene, tmp_path / "new", "First")
    for line in (dialog.passphrase.first, dialog.passphrase.second):
        QTest.keyClicks(line, "hush")
    settled(qtbot, dialog)
    with qtbot.waitSignal(dialog.added, timeout=30_000):
        dialog.add.click()
    scene.workspace.store.repositories.remove(scene.workspace.store.repositories.get("First").id)
    again = AddRepositoryDialog(scene.workspace, dialog._background)
    qtbot.addWidget(again)
    again.show()
    fill(again, scene, tmp_path / "new", "Again")
    settled(qtbot, again)
    assert not again.passphrase.second.isVisible()
    assert "There is already a repository here" in again.where.found.text()
    for wrong in ("", "wrong"):
        QTest.keyClicks(again.passphrase.first, wrong)
        settled(qtbot, again)
        again.proceed.click()
        qtbot.waitUntil(lambda: "could not be opened" in again.notice.text, timeout=30_000)
        assert again.step is Step.WHERE, "it is said where it can be mended"
    assert again.proceed.isEnabled()
    again.passphrase.clear()
    again.passphrase.by_command.click()
    QTest.keyClicks(again.passphrase.command, "echo hush")
    settled(qtbot, again)
    again.proceed.click()
    qtbot.waitUntil(lambda: again.step is Step.WHAT, timeout=30_000)
    again.back.click()
    again.proceed.click()
    assert again.step is Step.WHAT, "it is opened once"
    for _step in range(3):
        qtbot.waitUntil(again.proceed.isEnabled)
        again.proceed.click()
    assert again.ready.lines["encryption"].text() == repository_words.encryption(Encryption.REPOKEY_BLAKE2)
    assert scene.workspace.store.repositories.list() == []
    with qtbot.waitSignal(again.added, timeout=30_000):
        again.add.click()
    assert scene.workspace.store.repositories.get("Again").passcommand == "echo hush"


def test_a_folder_that_is_not_empty(dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot) -> None:
    fill(dialog, scene, scene.source)
    settled(qtbot, dialog)
    assert "is not empty" in said(dialog)
    assert not dialog.add.isEnabled()


def test_every_mode_has_a_sentence(dialog: AddRepositoryDialog) -> None:
    said = set()
    for mode in Encryption:
        choose(dialog, mode)
        said.add(dialog.where.mode_note.text())
    assert len(said) == len(Encryption)
    assert "" not in said


def test_where_the_passphrase_is_kept_is_said(dialog: AddRepositoryDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "secrets.json" in dialog.place.notice.text)


def test_without_any_keyring_the_choices_are_said(
    scene: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from borgdesk.gui.look.secret_storage_note import SecretStorageNote
    from borgdesk.store.secrets import Secrets

    strict = replace(scene.workspace, secrets=Secrets(scene.workspace.paths, {"BORGDESK_SECRETS": "keyring"}))
    place = SecretStorageNote(strict.secrets, background)
    qtbot.addWidget(place)
    with qtbot.waitSignal(place.place_checked) as known:
        pass
    assert known.args == [False]
    assert "passcommand" in place.notice.text
    with qtbot.waitSignal(place.place_checked) as known:
        place.notice.button("Store secrets in a file that only you can read").click()
    assert known.args == [True]
    assert "secrets.json" in place.notice.text


def added(dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, location: Path) -> Repository:
    """Fill in the rest, and add it."""
    choose(dialog, Encryption.NONE)
    fill(dialog, scene, location, location.name)
    settled(qtbot, dialog)
    with qtbot.waitSignal(dialog.added, timeout=30_000) as signal:
        dialog.add.click()
    repository = signal.args[0]
    assert isinstance(repository, Repository)
    return repository


def test_it_is_backed_up_every_night_unless_that_is_switched_off(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, background: Background, tmp_path: Path
) -> None:
    schedules = scene.workspace.store.schedules
    first = added(dialog, scene, qtbot, tmp_path / "first")
    stored = schedules.get(first.id)
    assert stored is not None
    assert (stored.cron, stored.check_every, stored.conditions) == ("30 2 * * *", None, Conditions())
    other = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(other)
    other.show()
    other.go_to(Step.WHEN)
    other.schedule.on.click()
    assert not other.schedule.when.isVisible()
    assert schedules.get(added(other, scene, qtbot, tmp_path / "second").id) is None


def test_another_time_and_an_impossible_one(
    dialog: AddRepositoryDialog, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    when = dialog.schedule.when
    when.kind.setCurrentIndex(when.kind.findData(ScheduleKind.CRON))
    dialog.go_to(Step.WHEN)
    when.cron.setText("0 0 30 2 *")
    choose(dialog, Encryption.NONE)
    fill(dialog, scene, tmp_path / "new")
    settled(qtbot, dialog)
    assert "“0 0 30 2 *” never fires" in said(dialog)
    assert not dialog.add.isEnabled()
    when.cron.setText("0 12 * * mon")
    settled(qtbot, dialog)
    with qtbot.waitSignal(dialog.added, timeout=30_000) as signal:
        dialog.add.click()
    stored = scene.workspace.store.schedules.get(signal.args[0].id)
    assert stored is not None
    assert stored.cron == "0 12 * * mon"


@pytest.mark.parametrize(
    ("units", "is_offered"), [(Units.MISSING, True), (Units.CURRENT, False), (Units.UNAVAILABLE, False)]
)
def test_nothing_is_installed_unless_it_is_asked_for(
    scene: Scene,
    background: Background,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    units: Units,
    is_offered: bool,
) -> None:
    monkeypatch.setattr(installation, "state", lambda _workspace: State(units, lingers=True))
    installed: list[object] = []
    monkeypatch.setattr(editing, "install", installed.append)
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.schedule.shown):
        dialog.show()
    dialog.go_to(Step.WHEN)
    assert dialog.schedule.closed.isVisible() is is_offered
    assert not dialog.schedule.closed.isChecked()
    added(dialog, scene, qtbot, tmp_path / "first")
    assert installed == []


def test_the_units_are_installed_and_what_goes_wrong_is_told(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "state", lambda _workspace: State(Units.MISSING, lingers=True))

    def install(_workspace: Workspace) -> None:
        raise UnitsUnusable("systemd refuses them.")

    monkeypatch.setattr(editing, "install", install)
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.schedule.shown):
        dialog.show()
    dialog.schedule.closed.click()
    repository = added(dialog, scene, qtbot, tmp_path / "first")
    assert dialog.units_problem == "systemd refuses them."
    assert scene.workspace.store.schedules.get(repository.id) is not None
