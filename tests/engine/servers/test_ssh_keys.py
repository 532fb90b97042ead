"""SSH keys: found, checked and made with the real ssh-keygen and ssh-agent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers import ssh_keys
from borgdesk.engine.servers.ssh_keys import NEW_NAME, check_key, key_folder, known_keys, make_key, read_key

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen on this machine")


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME")}


@pytest.fixture
def folder() -> Path:
    key_folder().mkdir(mode=0o700)
    return key_folder()


def keygen(file: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "me@here", "-f", file], check=True)
    return file


def test_a_new_key_is_private_and_has_no_passphrase(environment: dict[str, str]) -> None:
    key = make_key(environment, key_folder() / NEW_NAME)
    file = Path(key.path)
    assert file == Path(os.environ["HOME"], ".ssh", "borgdesk_ed25519")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (key.kind, key.has_passphrase) == ("ED25519", False)
    assert re.fullmatch(r"ssh-ed25519 \S+ borgdesk@\S+", key.public)
    assert file.with_name("borgdesk_ed25519.pub").read_text().strip() == key.public
    assert sorted(one.name for one in file.parent.iterdir()) == ["borgdesk_ed25519", "borgdesk_ed25519.pub"]
    assert check_key(environment, key.path) == key


@pytest.mark.parametrize("taken", [NEW_NAME, f"{NEW_NAME}.pub"])
def test_nothing_is_overwritten(environment: dict[str, str], folder: Path, taken: str) -> None:
    (folder / taken).write_text("precious")
    with pytest.raises(InvalidInput, match=f"{taken} already exists; it was not overwritten"):
        make_key(environment, folder / NEW_NAME)
    assert [(one.name, one.read_text()) for one in folder.iterdir()] == [(taken, "precious")]


def test_a_dangling_link_is_not_followed(environment: dict[str, str], folder: Path, tmp_path: Path) -> None:
    (folder / NEW_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match="already exists"):
        make_key(environment, folder / NEW_NAME)
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_is_made_only_where_there_is_a_folder(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        make_key(environment, tmp_path / "nowhere" / "key")


def test_a_stopped_one_leaves_nothing(environment: dict[str, str], folder: Path) -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        make_key(environment, folder / NEW_NAME, cancel)
    assert list(folder.iterdir()) == []


def test_one_that_is_stopped_as_it_ends_leaves_nothing_either(
    environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel, run = Cancel(), process.run

    def stopped_too_late(program: process.Program, listen: process.Listen, _watch: process.Watch) -> process.Ending:
        ending = run(program, listen, lambda _elapsed: None)
        cancel.ask()
        return ending

    monkeypatch.setattr(process, "run", stopped_too_late)
    with pytest.raises(Stopped):
        make_key(environment, folder / NEW_NAME, cancel)
    assert list(folder.iterdir()) == []


def test_a_key_that_was_made_is_told_of_though_it_is_stopped_then(
    environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel, put = Cancel(), ssh_keys._put_both

    def put_and_stop(*files: Path) -> None:
        put(*files)
        cancel.ask()

    monkeypatch.setattr(ssh_keys, "_put_both", put_and_stop)
    assert make_key(environment, folder / NEW_NAME, cancel) == read_key(environment, str(folder / NEW_NAME))


def test_the_keys_of_the_user(environment: dict[str, str], folder: Path) -> None:
    keygen(folder / "work", kind="rsa")
    keygen(folder / "id_ed25519", "secret")
    for name in ("config", "known_hosts"):
        (folder / name).write_text("Host *\n")
    (folder / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n")
    (folder / "folder").mkdir()
    found = known_keys(environment)
    assert [(Path(key.path).name, key.kind, key.has_passphrase, key.comment) for key in found] == [
        ("id_ed25519", "ED25519", True, "me@here"),
        ("work", "RSA", False, "me@here"),
    ]
    assert [key.public.partition(" ")[0] for key in found] == ["ssh-ed25519", "ssh-rsa"]


def test_no_folder_has_no_keys(environment: dict[str, str]) -> None:
    assert known_keys(environment) == []


def test_the_public_key_is_unknown_without_its_file_and_the_passphrase(
    environment: dict[str, str], folder: Path
) -> None:
    file = keygen(folder / "id_ed25519", "secret")
    file.with_name("id_ed25519.pub").unlink()
    assert read_key(environment, str(file)).public == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", r"There is no SSH key .*/missing\. Choose another file, or make a new key\."),
        ("folder", "is a folder, not an SSH key"),
        ("junk", "is not a private SSH key"),
        ("broken", "is not an SSH key that ssh can read"),
        ("open", "Other users can access the key .*/open, so ssh refuses to use it. Run “chmod 600 .*/open”"),
        ("locked", "has a passphrase, which nobody can enter during a backup. Load the key with “ssh-add "),
    ],
)
def test_keys_that_no_backup_can_use(environment: dict[str, str], folder: Path, name: str, said: str) -> None:
    (folder / "folder").mkdir()
    (folder / "junk").write_text("no key")
    (folder / "broken").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n")
    (folder / "broken").chmod(0o600)
    keygen(folder / "open").chmod(0o644)
    keygen(folder / "locked", "secret")
    with pytest.raises(InvalidInput, match=said):
        check_key(environment, str(folder / name))


@pytest.fixture
def agent(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield {**environment, "SSH_AUTH_SOCK": str(socket)}
        running.terminate()


def test_a_passphrase_is_no_obstacle_while_the_agent_has_the_key(agent: dict[str, str], folder: Path) -> None:
    file = keygen(folder / "id_ed25519")
    subprocess.run(["ssh-add", "-q", file], env=agent, check=True)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", file], check=True)
    key = check_key(agent, str(file))
    assert (key.has_passphrase, key.in_agent) == (True, True)


def test_without_openssh(environment: dict[str, str], folder: Path, tmp_path: Path) -> None:
    file = keygen(folder / "id_ed25519")
    with pytest.raises(BorgDeskError, match="Install the package openssh-client if it is missing"):
        check_key({**environment, "PATH": str(tmp_path)}, str(file))
