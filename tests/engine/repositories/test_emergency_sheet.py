"""The emergency sheet, with real Borg and PDF tools: what it says is done with Borg alone in an empty home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.emergency_sheet import save_sheet
from borgdesk.engine.repositories.registration import add_repository
from tests.engine.desk import Desk
from tests.engine.ssh_server import ssh_server, through
from tests.real_borg import PROGRAM, needs_borg

PHRASE = "correct horse <battery> &  staple"
TOOLS = ("pdftotext", "pdftoppm", "zbarimg")

pytestmark = [
    needs_borg,
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="needs poppler-utils and zbar-tools"),
]


@pytest.fixture
def real() -> Iterator[Desk]:
    # A short path: on paper, a long command needs two lines.
    with tempfile.TemporaryDirectory(prefix="bd") as folder:
        desk = Desk(Path(folder) / "work", str(PROGRAM))
        desk.workspace.store.repositories.remove(desk.repository.id)
        yield desk
        desk.close()


def backed_up(desk: Desk, encryption: Encryption, location: str = "") -> Repository:
    """Create a repository with one archive."""
    wanted = Repository(RepositoryId(0), "Docs", location or str(desk.file("docs")), sources=(str(desk.source),))
    phrase = None if encryption is Encryption.NONE else PHRASE
    desk.repository = add_repository(desk.workspace, wanted, phrase, encryption)
    assert desk.run().outcome is Outcome.SUCCESS
    return desk.repository


def sheet_of(desk: Desk, repository: Repository, *, with_passphrase: bool = False) -> Path:
    file = desk.file("sheet.pdf")
    save_sheet(desk.workspace, repository, file, with_passphrase=with_passphrase)
    return file


def text_of(file: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True)
    return done.stdout


def qr_of(desk: Desk, file: Path) -> str:
    """Return what a camera would read."""
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "-png", str(file), str(desk.file("page"))], check=True)
    pages = sorted(map(str, desk.folder.glob("page-*.png")))
    done = subprocess.run(["zbarimg", "-q", "--raw", *pages], capture_output=True, text=True, check=False)
    return done.stdout


def test_sources_among_the_patterns_are_named(real: Desk) -> None:
    repository = backed_up(real, Encryption.NONE)
    repository = replace(repository, sources=(), patterns="R /home/ann\n- *.tmp")
    assert "/home/ann" in text_of(sheet_of(real, repository))


def test_what_is_to_be_typed_is_broken_at_blanks_only(real: Desk) -> None:
    """Or nobody knows whether there is a blank at the end of the line."""
    word = "a-" * 25 + "b"
    repository = backed_up(real, Encryption.NONE, str(real.file(f"docs of {word}")))
    text = text_of(sheet_of(real, repository))
    assert f"{word}'" in [line.strip() for line in text.splitlines()]
    assert Stranger(real, text).line("ls ").endswith(f"docs of {word}'")


def paper_key(text: str) -> str:
    """Return what somebody types who is asked for the lines of the key."""
    first = re.findall(r"^ *id: (.+)$", text, re.MULTILINE)
    lines = re.findall(r"^ *\d+: ((?:[0-9a-f]+ )+- [0-9a-f]{2})$", text, re.MULTILINE)
    return "\n".join([*first, *lines]) + "\n"


class Stranger:
    """Somebody with the sheet, Borg and an empty home."""

    def __init__(self, desk: Desk, text: str) -> None:
        self.folder = desk.file("stranger")
        self.folder.mkdir()
        self.text = text
        self.before: list[str] = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "BORG_PASSPHRASE": PHRASE,
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
            **{name: value for name, value in desk.environment.items() if name == "BORG_RSH"},
        }

    def line(self, begins: str) -> str:
        """Return the command on the sheet that begins with this, with the indented lines on which it goes on."""
        pattern = rf"^( *)({re.escape(begins)}.*(?:\n\1 +\S.*)*)"
        (found,) = {" ".join(command.split()) for _, command in re.findall(pattern, self.text, re.MULTILINE)}
        return found

    def type(self, *commands: str, stdin: str = "") -> str:
        # `borg list` needs the passphrase on a terminal, which the environment stands for.
        script = "\n".join(["set -e", *self.before, self.line("export BORG_REPO="), *commands])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def restore(self) -> None:
        name = self.type(self.line("borg list --short")).splitlines()[-1]
        extract = 'borg extract --list "$BORG_REPO::NAME"'
        assert re.search(rf"^ *{re.escape(extract)}$", self.text, re.MULTILINE)
        self.type(self.line("mkdir restored"), extract.replace("NAME", name))


def came_back(stranger: Stranger, desk: Desk) -> bool:
    restored = stranger.folder / "restored" / str(desk.source).lstrip("/")
    return (restored / "file.txt").read_text() == (desk.source / "file.txt").read_text()


@pytest.mark.parametrize("encryption", [Encryption.REPOKEY_BLAKE2, Encryption.KEYFILE, Encryption.NONE])
def test_the_files_come_back(real: Desk, encryption: Encryption) -> None:
    repository = backed_up(real, encryption)
    file = sheet_of(real, repository)
    assert file.stat().st_mode & 0o777 == 0o600
    text = text_of(file)
    assert repository.location in text
    assert str(repository.borg_id) in text
    assert PHRASE.split(maxsplit=1)[0] not in text
    assert ("____" in text) is (encryption is not Encryption.NONE)
    stranger = Stranger(real, text)
    if encryption is Encryption.KEYFILE:
        stranger.type(stranger.line("borg key import --paper"), stdin=paper_key(text))
    stranger.restore()
    assert came_back(stranger, real)


def test_the_key_from_its_picture(real: Desk) -> None:
    """The repository has lost its key; the QR code brings it back."""
    repository = backed_up(real, Encryption.REPOKEY)
    file = sheet_of(real, repository)
    config = Path(repository.location) / "config"
    kept = [line for line in config.read_text().splitlines() if not line.startswith(("key", "\t"))]
    config.write_text("\n".join(kept))
    stranger = Stranger(real, text_of(file))
    (stranger.folder / "key.txt").write_text(qr_of(real, file))
    stranger.type(stranger.line('borg key import "$BORG_REPO" key.txt'))
    stranger.restore()
    assert came_back(stranger, real)


def test_over_ssh(real: Desk) -> None:
    ssh = real.file("ssh")
    ssh.write_text('#!/bin/bash\nwhile [ "$1" != borg ]; do shift; done\nexec "$@"\n')
    ssh.chmod(0o700)
    real.environment["BORG_RSH"] = real.workspace.environment["BORG_RSH"] = str(ssh)  # type: ignore[index]
    repository = backed_up(real, Encryption.REPOKEY, f"ssh://me@nas.invalid:2222{real.file('docs')}")
    text = text_of(sheet_of(real, repository))
    assert "ssh -p 2222 me@nas.invalid borg --version" in text
    stranger = Stranger(real, text)
    stranger.restore()
    assert came_back(stranger, real)


@pytest.mark.parametrize("with_key", [False, True], ids=["as ssh is configured", "with a key of its own"])
def test_over_a_real_server(real: Desk, with_key: bool) -> None:
    """The commands are typed as they are on the sheet, in its order."""
    folder = real.folder.parent / "sshd"
    folder.mkdir()
    with ssh_server(folder) as server:
        key, known = str(folder / "id"), folder / "known_hosts"
        configured = f"-F none -o UserKnownHostsFile={known}" + ("" if with_key else f" -i {key}")
        through(real, server.options())
        wanted = Repository(RepositoryId(0), "Docs", server.location(), sources=(str(real.source),))
        if with_key:
            wanted = replace(wanted, ssh_key=key, remote_path=str(PROGRAM))
        real.repository = add_repository(real.workspace, wanted, PHRASE, Encryption.REPOKEY_BLAKE2)
        assert real.run(repository=real.repository).outcome is Outcome.SUCCESS
        stranger = Stranger(real, text_of(sheet_of(real, real.repository)))
        assert "BORG_RSH" not in stranger.environment
        # As configured in ~/.ssh, which ssh looks for where the account says, not in $HOME.
        ssh = stranger.folder / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} {configured} "$@"\n')
        ssh.chmod(0o700)
        stranger.environment["PATH"] = f"{ssh.parent}:{stranger.environment['PATH']}"
        assert stranger.type(stranger.line("ssh ")).startswith("borg 1.")
        if with_key:
            stranger.before = [stranger.line("export BORG_RSH="), stranger.line("export BORG_REMOTE_PATH=")]
        stranger.restore()
    assert came_back(stranger, real)


def test_the_passphrase_only_on_request(real: Desk) -> None:
    repository = backed_up(real, Encryption.REPOKEY)
    text = text_of(sheet_of(real, repository, with_passphrase=True))
    assert re.search(r"Passphrase +correct horse <battery> & +staple$", text, re.MULTILINE)
    assert "____" not in text
    log = real.workspace.paths.state / "borgdesk.log"
    assert not log.exists() or PHRASE not in log.read_text()


def test_the_passphrase_of_a_command(real: Desk) -> None:
    secret = real.file("secret")
    secret.write_text(f"{PHRASE}\n")
    wanted = Repository(
        RepositoryId(0), "Docs", str(real.file("docs")), sources=(str(real.source),), passcommand=f"cat {secret}"
    )
    repository = add_repository(real.workspace, wanted, None, Encryption.REPOKEY)
    assert "correct horse" in text_of(sheet_of(real, repository, with_passphrase=True))


def test_awkward_names(real: Desk) -> None:
    repository = replace(backed_up(real, Encryption.NONE), name="<b>& 写真 “x”</b>", sources=("/a<i>b", "/c&amp;d"))
    text = text_of(sheet_of(real, repository))
    assert "<b>&" in text
    assert "/a<i>b, /c&amp;d" in text


def test_nothing_is_overwritten_or_half_done(real: Desk) -> None:
    repository = backed_up(real, Encryption.REPOKEY)
    file = real.file("sheet.pdf")
    file.write_text("mine")
    with pytest.raises(InvalidInput, match="already exists; it was not overwritten"):
        save_sheet(real.workspace, repository, file)
    assert file.read_text() == "mine"
    before = sorted(real.folder.iterdir())
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        save_sheet(real.workspace, repository, real.file("other.pdf"), cancel=cancel)
    with pytest.raises(BorgDeskError, match="cannot be written to"):
        save_sheet(real.workspace, repository, real.file("nowhere") / "sheet.pdf")
    shutil.move(repository.location, f"{repository.location}.away")
    with pytest.raises(BorgDeskError):
        save_sheet(real.workspace, repository, real.file("other.pdf"))
    shutil.move(f"{repository.location}.away", repository.location)
    assert sorted(real.folder.iterdir()) == before
