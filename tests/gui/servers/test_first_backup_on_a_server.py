"""From an unknown server to a repository there, in the window alone, with a real SSH server and a real Borg."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.servers.authorize_dialog import AuthorizeDialog
from borgdesk.gui.servers.host_key_dialog import HostKeyDialog
from borgdesk.gui.workers.background import Background
from tests.engine.ssh_server import Server
from tests.gui.scene import Scene
from tests.real_borg import PROGRAM

A_MINUTE = 60_000


@pytest.fixture(autouse=True)
def nobody_yet(server: Server) -> None:
    """Authorise no key at first."""
    server.allow_line("# nobody yet")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    options = f"-o UserKnownHostsFile={tmp_path}/known_hosts -o GlobalKnownHostsFile=/dev/null"
    monkeypatch.setenv("BORG_RSH", f"ssh -F none {options}")
    monkeypatch.setenv("BORGDESK_BORG", str(PROGRAM))
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def opened(qtbot: QtBot, kind: type[Dialog]) -> Dialog:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=A_MINUTE)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, kind)
    return dialog


def test_all_of_it(scene: Scene, background: Background, server: Server, qtbot: QtBot) -> None:
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.location.setText(server.location())
    dialog.name.setText("Far")
    dialog.encryption.setCurrentIndex(dialog.encryption.findData("none"))
    dialog.sources.add([str(scene.source)])
    with qtbot.waitSignal(dialog.server.edited, timeout=A_MINUTE):
        dialog.server.make.click()

    qtbot.waitUntil(dialog.proceed.isEnabled, timeout=A_MINUTE)
    dialog.proceed.click()
    qtbot.waitUntil(lambda: "The host key is not known yet." in dialog.notice.text, timeout=A_MINUTE)
    dialog.notice.button("Check the host key…").click()
    unknown = opened(qtbot, HostKeyDialog)
    assert isinstance(unknown, HostKeyDialog)
    qtbot.waitUntil(unknown.accept_key.isVisible, timeout=A_MINUTE)
    with qtbot.waitSignal(dialog.server.host_key_accepted, timeout=A_MINUTE):
        unknown.accept_key.click()
    assert dialog.server.notice.text == "The server is known now."

    dialog.proceed.click()
    qtbot.waitUntil(lambda: "The host refused the login." in dialog.notice.text, timeout=A_MINUTE)
    dialog.server.authorize.click()
    line = opened(qtbot, AuthorizeDialog)
    assert isinstance(line, AuthorizeDialog)
    qtbot.waitUntil(line.copy_line.isEnabled, timeout=A_MINUTE)
    server.allow_line(line.line.toPlainText())
    line.reject()

    dialog.proceed.click()
    qtbot.waitUntil(lambda: dialog.step is Step.WHAT, timeout=A_MINUTE)
    with qtbot.waitSignal(dialog.added, timeout=A_MINUTE) as added:
        dialog.add.click()
    assert added.args is not None
    repository = scene.workspace.store.repositories.get("Far")
    assert repository == added.args[0]
    assert repository.ssh_key.endswith("/.ssh/borgdesk_ed25519")
    assert (server.folder / "repository" / "config").exists()

    again = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(again)
    again.open()
    again.server.set_connection(repository.connection)
    again.where.set_location(server.location())
    again.passphrase.first.setText("unused")
    again.passphrase.second.setText("unused")
    qtbot.waitUntil(again.proceed.isEnabled, timeout=A_MINUTE)
    again.proceed.click()
    qtbot.waitUntil(lambda: "There is already a repository here" in again.where.found.text(), timeout=A_MINUTE)
    assert again.init() is None
    assert again.where.isVisible(), "its passphrase may be needed"
    qtbot.waitUntil(again.proceed.isEnabled, timeout=A_MINUTE)
    again.proceed.click()
    qtbot.waitUntil(again.what.isVisible, timeout=A_MINUTE)
