"""The settings of a server, its host key and the key that logs in there, with a real SSH server."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from borgdesk.domain.server import Connection
from borgdesk.engine.servers.host_keys import HostKeyState, accept, host_keys
from borgdesk.engine.servers.ssh_keys import key_folder
from borgdesk.gui.servers.authorize_dialog import AuthorizeDialog
from borgdesk.gui.servers.host_key_dialog import HostKeyDialog
from borgdesk.gui.servers.server_edit import ServerEdit
from borgdesk.gui.workers.background import Background
from tests.engine.ssh_server import Server, ssh_server
from tests.gui.scene import Scene


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "known_hosts"
    monkeypatch.setenv("BORG_RSH", f"ssh -F none -o UserKnownHostsFile={file} -o GlobalKnownHostsFile=/dev/null")
    return file


@pytest.fixture
def scene(known: Path, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def edit(scene: Scene, background: Background, qtbot: QtBot) -> ServerEdit:
    edit = ServerEdit(scene.workspace, background)
    qtbot.addWidget(edit)
    return edit


def opened(qtbot: QtBot) -> QDialog:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog)
    return dialog


def test_only_another_machine_has_settings(edit: ServerEdit) -> None:
    edit.set_location("/here")
    edit.set_connection(Connection("/key", "hop", "/opt/borg"))
    assert edit.isHidden()
    assert edit.connection() == Connection()
    edit.set_location("ssh://me@far:2222/x")
    assert not edit.isHidden()
    assert (edit.connection(), edit.port.text()) == (Connection("/key", "hop", "/opt/borg"), "2222")


def test_the_port_is_written_into_the_location(edit: ServerEdit, qtbot: QtBot) -> None:
    edit.set_location("me@far:x")
    with qtbot.waitSignal(edit.location_changed) as changed:
        edit.port.setText("2222")
        edit.port.textEdited.emit("2222")
    assert changed.args == ["ssh://me@far:2222/./x"]
    with qtbot.waitSignal(edit.location_changed) as changed:
        edit.port.textEdited.emit("")
    assert changed.args == ["ssh://me@far/./x"]


def test_a_key_is_made_and_the_next_one_too(edit: ServerEdit, qtbot: QtBot) -> None:
    with qtbot.waitSignal(edit.keys_found):
        edit.set_location("ssh://far/x")
    assert not edit.authorize.isEnabled()
    for name in ("borgdesk_ed25519", "borgdesk_ed25519_2"):
        with qtbot.waitSignal(edit.edited):
            edit.make.click()
        assert edit.connection().ssh_key == str(key_folder() / name)
        assert edit.notice.text.startswith(f"The key {name} was made.")
    assert edit.authorize.isEnabled()
    assert [edit.key.itemText(place) for place in range(edit.key.count())] == [
        str(key_folder() / name) for name in ("borgdesk_ed25519", "borgdesk_ed25519_2")
    ]


def test_no_key_is_made_where_nothing_can_be_written(edit: ServerEdit, qtbot: QtBot) -> None:
    key_folder().write_text("a file")
    edit.set_location("ssh://far/x")
    edit.make.click()
    qtbot.waitUntil(lambda: "cannot be created" in edit.notice.text)
    assert edit.make.isEnabled()


def test_the_line_for_the_server(edit: ServerEdit, qtbot: QtBot) -> None:
    edit.set_location("ssh://far/x")
    with qtbot.waitSignal(edit.edited):
        edit.make.click()
    edit.authorize.click()
    dialog = opened(qtbot)
    assert isinstance(dialog, AuthorizeDialog)
    qtbot.waitUntil(dialog.copy_line.isEnabled)
    public = key_folder().joinpath("borgdesk_ed25519.pub").read_text().strip()
    dialog.copy_line.click()
    copied = QGuiApplication.clipboard().text()
    assert copied == f'command="borg serve --restrict-to-repository /x",restrict {public}'
    dialog.append_only.click()
    assert '/x --append-only",restrict' in dialog.line.toPlainText()
    dialog.copy_public.click()
    assert QGuiApplication.clipboard().text() == public
    dialog.reject()


def test_a_key_that_is_not_there(edit: ServerEdit, qtbot: QtBot) -> None:
    edit.set_location("ssh://far/x")
    edit.key.setEditText("/nowhere/id")
    edit.authorize.click()
    dialog = opened(qtbot)
    assert isinstance(dialog, AuthorizeDialog)
    qtbot.waitUntil(lambda: dialog.notice.text.startswith("There is no SSH key /nowhere/id."))
    assert not dialog.copy_line.isEnabled()
    dialog.reject()


def asked(edit: ServerEdit, qtbot: QtBot) -> HostKeyDialog:
    edit.host_key.click()
    dialog = opened(qtbot)
    assert isinstance(dialog, HostKeyDialog)
    return dialog


def test_a_server_becomes_known(edit: ServerEdit, server: Server, known: Path, qtbot: QtBot) -> None:
    edit.set_location(server.location())
    dialog = asked(edit, qtbot)
    qtbot.waitUntil(dialog.accept_key.isVisible)
    assert dialog.fingerprint.text().startswith("SHA256:")
    assert dialog.leave.isDefault()
    assert not known.exists()
    with qtbot.waitSignal(edit.host_key_accepted):
        dialog.accept_key.click()
    assert known.read_text().startswith(f"[127.0.0.1]:{server.port} ssh-ed25519 ")
    dialog = asked(edit, qtbot)
    qtbot.waitUntil(lambda: dialog.about.text().startswith("The server shows the key that was accepted."))
    assert dialog.accept_key.isHidden()
    dialog.reject()


def test_a_jump_host_is_accepted_before_the_server(edit: ServerEdit, server: Server, known: Path, qtbot: QtBot) -> None:
    edit.set_location(server.location())
    edit.set_connection(Connection(str(server.folder / "id"), f"{getpass.getuser()}@localhost:{server.port}"))
    dialog = asked(edit, qtbot)
    qtbot.waitUntil(dialog.accept_key.isVisible)
    assert dialog.host.text() == f"[localhost]:{server.port}"
    dialog.accept_key.click()
    qtbot.waitUntil(lambda: dialog.accept_key.isVisible() and dialog.host.text().startswith("[127.0.0.1]"))
    with qtbot.waitSignal(edit.host_key_accepted):
        dialog.accept_key.click()
    assert len(known.read_text().splitlines()) == 2


def test_a_changed_key_cannot_be_accepted(edit: ServerEdit, server: Server, known: Path, qtbot: QtBot) -> None:
    known.write_text((server.folder / "changed").read_text())
    edit.set_location(server.location())
    dialog = asked(edit, qtbot)
    qtbot.waitUntil(lambda: "shows a different key from the one that was accepted" in dialog.notice.text)
    assert dialog.accept_key.isHidden()
    assert dialog.about.text() == "Do not go on unless you know why the key has changed."
    dialog.reject()


def test_asking_can_be_stopped(edit: ServerEdit, server: Server, tmp_path: Path, qtbot: QtBot) -> None:
    os.mkfifo(tmp_path / "gate")
    edit.set_location(server.location())
    edit.set_connection(Connection(jump_host="hop"))
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/gate\n")
    program.chmod(0o755)
    object.__setattr__(edit._workspace, "environment", {**edit._workspace.environment, "BORG_RSH": str(program)})
    dialog = asked(edit, qtbot)
    qtbot.waitUntil(dialog.stop.isVisible)
    dialog.stop.click()
    qtbot.waitUntil(lambda: dialog.notice.text == "Stopped; nothing was changed.")
    assert dialog.leave.isHidden()
    assert dialog.close_it.isDefault()
    dialog.again.click()
    qtbot.waitUntil(dialog.stop.isVisible)
    assert dialog.again.isHidden()
    assert dialog.notice.isHidden()
    dialog.reject()


def test_accepted_keys_are_those_of_ssh(scene: Scene, server: Server, known: Path) -> None:
    (key,) = host_keys(scene.workspace.environment, server.location(), Connection())
    accept(scene.workspace.environment, key)
    assert (key.state, key.file) == (HostKeyState.UNKNOWN, str(known))
