"""The settings page: it stores at once, shows what other programs store, and says what was refused."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QTime
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.domain.settings import BORG_PROGRAM, CLOSE_TO_TRAY, COLOURS, EDITOR_TAB_WIDTH, HISTORY_DAYS, QUIET_HOURS
from borgdesk.engine.desktop import autostart
from borgdesk.engine.processes import procfs
from borgdesk.gui.settings.places_group import PlacesGroup
from borgdesk.gui.settings.settings_page import SettingsPage
from borgdesk.gui.shell.history_cleaner import HistoryCleaner
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.store.clock import now
from borgdesk.store.tables import BackupJobRow
from tests.gui.scene import Scene

ROOT = Path(__file__).parents[3]


@pytest.fixture
def page(scene: Scene, background: Background, live_settings: LiveSettings, qtbot: QtBot) -> SettingsPage:
    page = SettingsPage(live_settings, scene.workspace, background, has_tray=True)
    qtbot.addWidget(page)
    page.show()
    return page


def stored(scene: Scene) -> dict[str, object]:
    return dict(scene.workspace.store.settings.read().given())


def shows_version(page: SettingsPage, version: str) -> bool:
    return page.borg.version.text() == f"Borg {version}"


def test_what_is_changed_is_stored_at_once(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    page.scheme.setCurrentIndex(2)
    page.close_to_tray.setChecked(False)
    page.tab_width.setValue(8)
    wanted = {COLOURS.key: "dark", CLOSE_TO_TRAY.key: False, EDITOR_TAB_WIDTH.key: 8}
    qtbot.waitUntil(lambda: stored(scene) == wanted, timeout=30_000)


def test_what_the_command_line_sets_is_shown_within_a_moment(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    home = scene.workspace.paths.home
    assert home is not None
    for key, value in ((COLOURS.key, "light"), (QUIET_HOURS.key, "21:30-06:15"), ("editor.font", "No Such Font")):
        argv = [sys.executable, "-m", "borgdesk", "settings", "set", key, value]
        subprocess.run(argv, cwd=ROOT, env={**os.environ, "BORGDESK_HOME": str(home)}, check=True, timeout=60)
    qtbot.waitUntil(lambda: page.font_family.currentData() == "No Such Font", timeout=30_000)
    assert page.scheme.currentData() == "light"
    assert page.is_quiet.isChecked()
    assert (page.quiet_begin.value(), page.quiet_end.value()) == (time(21, 30), time(6, 15))


def test_quiet_hours_are_offered_and_kept_when_they_make_sense(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    assert not page.quiet_begin.isEnabled()
    page.is_quiet.setChecked(True)
    qtbot.waitUntil(lambda: stored(scene) == {QUIET_HOURS.key: "22:00-07:00"}, timeout=30_000)
    page.quiet_end.setTime(QTime(22, 0))
    page.quiet_end.editingFinished.emit()
    page.quiet_end.setTime(QTime(8, 0))
    page.quiet_end.editingFinished.emit()
    qtbot.waitUntil(lambda: stored(scene) == {QUIET_HOURS.key: "22:00-08:00"}, timeout=30_000)
    page.is_quiet.setChecked(False)
    qtbot.waitUntil(lambda: stored(scene) == {QUIET_HOURS.key: ""}, timeout=30_000)


def test_it_says_whether_backups_start_while_borgdesk_is_closed(page: SettingsPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.closed_app.shown, timeout=30_000):
        page.refresh()
    assert page.closed_app.text.text() == (
        "Backups start only while BorgDesk is running, because systemd is not available here."
    )
    assert not page.closed_app.button.isVisibleTo(page), "it is on the tab Schedule"


def test_a_program_that_is_no_borg_is_refused(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    page.borg.path.setText("/bin/true")
    page.borg.path.editingFinished.emit()
    qtbot.waitUntil(lambda: "does not identify itself as Borg" in page.message.text, timeout=30_000)
    assert page.borg.path.text() == ""
    assert stored(scene) == {}
    qtbot.waitUntil(lambda: page.borg.version.text().startswith("Borg "), timeout=30_000)


def test_another_borg_is_asked_for_its_version(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    for version, advised in (("1.2.9", True), ("1.4.1", False)):
        program = scene.folder / f"borg-{version}"
        program.write_text(f"#!/bin/sh\necho borg {version}\n")
        program.chmod(0o700)
        page.borg.path.setText(str(program))
        page.borg.path.editingFinished.emit()
        qtbot.waitUntil(partial(shows_version, page, version), timeout=30_000)
        assert page.borg.advice.isVisible() is advised
        assert stored(scene) == {BORG_PROGRAM.key: str(program)}
        assert page.message.text == ""
    if not scene.workspace.fixed_borg:
        assert scene.workspace.borg == str(program)


def test_every_place_is_shown_and_can_be_opened(
    page: SettingsPage, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("borgdesk.gui.settings.places_group.open_folder", opened.append)
    for button in page.places.findChildren(QPushButton):
        button.click()
    paths = scene.workspace.paths
    assert opened == [str(place) for place in (paths.library, paths.data, paths.config, paths.state, paths.cache)]
    assert "because BORGDESK_HOME is set" in "".join(label.text() for label in page.places.findChildren(QLabel))


def test_what_starts_at_login_is_looked_for_each_time(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path
) -> None:
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    recovery = autostart.recovery_file(environment)
    assert recovery is not None
    window = recovery.with_name(autostart.WINDOW_NAME)
    places = PlacesGroup(replace(scene.workspace, environment=environment), background)
    qtbot.addWidget(places)
    places.show()

    def await_texts(*beginnings: str) -> None:
        def told() -> list[str]:
            shown = (label.text() for label in places.findChildren(QLabel) if label.isVisible())
            return [text for text in shown if text.startswith(str(recovery.parent))]

        def are_told() -> bool:
            texts = told()
            return len(texts) == len(beginnings) and all(map(str.startswith, texts, beginnings))

        places.refresh()
        qtbot.waitUntil(are_told, timeout=30_000)

    await_texts(f"{recovery}: not there")
    autostart.install(environment)
    autostart.start_window_at_login(environment)
    await_texts(f"{recovery}: puts back", f"{window}: opens BorgDesk")
    recovery.unlink()
    await_texts(f"{recovery}: not there", f"{window}: opens BorgDesk")


def test_quick_changes_are_stored_in_order(live_settings: LiveSettings, scene: Scene, qtbot: QtBot) -> None:
    for width in range(1, 17):
        live_settings.change(EDITOR_TAB_WIDTH, width)
    assert live_settings.values[EDITOR_TAB_WIDTH] == 16
    qtbot.waitUntil(lambda: not live_settings._waiting, timeout=30_000)
    assert stored(scene) == {EDITOR_TAB_WIDTH.key: 16}
    assert live_settings.values[EDITOR_TAB_WIDTH] == 16


def test_settings_of_an_older_version_are_adopted_but_never_undo_newer_ones(
    live_settings: LiveSettings, scene: Scene, qtbot: QtBot
) -> None:
    scene.workspace.store.settings.set(COLOURS, "light")
    live_settings.adopt({COLOURS.key: "dark", CLOSE_TO_TRAY.key: False, "unknown": 1})
    wanted = {COLOURS.key: "light", CLOSE_TO_TRAY.key: False}
    qtbot.waitUntil(lambda: stored(scene) == wanted, timeout=30_000)
    qtbot.waitUntil(lambda: live_settings.values.given() == wanted, timeout=30_000)


def test_what_is_there_and_what_will_go_is_said(page: SettingsPage, scene: Scene, qtbot: QtBot) -> None:
    runs = scene.workspace.store.runs
    repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup"))
    ids = [runs.queue(repository, Trigger.USER, procfs.identity(), now()).id for _ in range(60)]
    with scene.workspace.store.database.writing() as session:
        long_ago = now() - timedelta(days=900)
        session.execute(update(BackupJobRow).values(status="success", queued_at=long_ago, finished_at=long_ago))
    page.refresh()
    qtbot.waitUntil(lambda: "The next cleaning removes 10 runs." in page.history.state.text(), timeout=30_000)
    assert page.history.state.text().startswith("Now: 60 runs in ")
    page.history.days.setValue(0)
    qtbot.waitUntil(lambda: "removes" not in page.history.state.text(), timeout=30_000)
    cleaner = HistoryCleaner(scene.workspace, page._form._settings._background)
    page.history.days.setValue(730)
    qtbot.waitUntil(lambda: stored(scene).get(HISTORY_DAYS.key) == 730, timeout=30_000)
    with qtbot.waitSignal(cleaner.looked, timeout=30_000):
        cleaner.look()
    page.refresh()
    # The first time it is only announced. The sentence from before the announcement names 10 runs as well.
    qtbot.waitUntil(lambda: "From " in page.history.state.text(), timeout=30_000)
    assert page.history.state.text().endswith(" on, this will be removed: 10 runs.")
    assert runs.get(ids[0]).id == ids[0]
