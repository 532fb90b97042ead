"""Whatever the umask, other users can reach nothing that BorgDesk creates; a walk after real processes proves it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk import private
from borgdesk.domain.run import Hook
from tests.cli.lab import Answer, BorgDesk, wait_until
from tests.security.proc_watch import ProcWatch

_OTHERS = 0o077
_FOREIGN = ("source", "out", "papers.borg", "borg-base", "bash", "tmp")
"""What the test itself or Borg creates: Borg has a umask of its own, and what is restored has the modes it had."""
FIRST, SECOND, TOKEN, EXPORT = "first-phrase-7391", "second-phrase-7391", "hidden-token-7391", "export-phrase-7391"
_LIVING = (
    "cd $HOME/bash; export BORGDESK_LOG=debug",
    "add='repo add Papers --init repokey-blake2 --passphrase-stdin --source'",
    "borgdesk $add $HOME/source --location $HOME/papers.borg <first*",
    "borgdesk script add stop",
    "borgdesk script add start",
    "borgdesk assignment add Papers stop --hook pre-backup --secret TOKEN <hidden*",
    "borgdesk assignment add Papers start --hook post-backup",
    "borgdesk --debug run Papers",
    "borgdesk history show 1",
    "borgdesk --json script test start",
    "borgdesk schedule set Papers --daily 02:30",
    "borgdesk archive files Papers latest >list",
    "mkdir -m 700 $HOME/out",
    "borgdesk restore Papers latest --to $HOME/out",
    "borgdesk passphrase change Papers <both",
    "borgdesk settings set window.autostart true",
    "borgdesk --install-desktop",
    "borgdesk config export --with-secrets $HOME/set-up-with-secrets.json <export*",
    "borgdesk key export Papers $HOME/key.txt",
    "borgdesk emergency-sheet Papers $HOME/sheet.pdf",
)
"""What a user does from the first repository to the emergency sheet."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BorgDesk]:
    """Provide a BorgDesk that has its folders where everybody has them."""
    desk = BorgDesk(tmp_path / "desk")
    desk.folder.chmod(0o755)
    del desk.environment["BORGDESK_HOME"]
    (desk.folder / "run").mkdir(0o700)
    desk.environment |= {"XDG_RUNTIME_DIR": str(desk.folder / "run"), "QT_QPA_PLATFORM": "offscreen"}
    desk.environment["TMPDIR"] = str(desk.folder / "tmp")
    (desk.folder / "tmp").mkdir()
    yield desk
    desk.close()


def reachable(folder: Path) -> list[str]:
    """Return what is in *folder* that other users can read, write or enter because nothing above it is closed."""
    found = []
    for current, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(current, name)
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & _OTHERS:
                found.append(f"{stat.filemode(mode)} {path.relative_to(folder)}")
        folders[:] = [name for name in folders if Path(current, name).lstat().st_mode & _OTHERS]
    return sorted(one for one in found if one.split()[1].split("/")[0] not in _FOREIGN or " tmp/" in one)


def in_the_open(desk: BorgDesk, *lines: str) -> Answer:
    """Run commands in a shell whose files everybody may write."""
    answer = desk.shell("umask 000; set -e\n" + "\n".join(lines))
    assert answer.code == 0, answer.err
    return answer


def test_everything_that_commands_create(desk: BorgDesk) -> None:
    """Other users reach nothing of it, and no secret is in it, nor where others can read it meanwhile."""
    inputs = desk.folder / "bash"
    inputs.mkdir()
    for name, body in (("stop", 'sleep 0.3; echo "it is $TOKEN" | tee /dev/stderr'), ("start", "echo $TOKEN")):
        header = "# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\n"
        (inputs / name).write_text(f"#!/bin/bash\n{header}{body}\n")
    for secret in (FIRST, SECOND, TOKEN, EXPORT):
        (inputs / secret).write_text(f"{secret}\n")
    (inputs / "both").write_text(f"{FIRST}\n{SECOND}\n")
    with ProcWatch((FIRST, SECOND, EXPORT, TOKEN)) as watch:
        answer = in_the_open(desk, *_LIVING)
    assert reachable(desk.folder) == []
    assert watch.in_arguments == {secret: set() for secret in (FIRST, SECOND, EXPORT, TOKEN)}
    assert watch.in_environment[FIRST] == watch.in_environment[EXPORT] == set()
    assert all("change-passphrase" in one for one in watch.in_environment[SECOND])
    assert watch.in_environment[TOKEN]
    assert [one for one in watch.in_environment[TOKEN] if "borgdesk" in one and "revisions" not in one] == []
    assert told_in(desk) == []
    assert not [secret for secret in (FIRST, SECOND, TOKEN, EXPORT) if secret in answer.out + answer.err]
    assert "it is [secret]" in answer.out


def told_in(desk: BorgDesk) -> list[str]:
    """Return the files in which a secret can be read."""
    assert list(desk.folder.rglob("secrets.json"))
    files = [path for path in desk.folder.rglob("*") if path.is_file() and path.name != "secrets.json"]
    ours = [path for path in files if path.parent.name != "bash"]
    return [
        f"{path.relative_to(desk.folder)}: {secret}"
        for path in ours
        for secret in (FIRST, SECOND, TOKEN, EXPORT)
        if secret.encode() in path.read_bytes()
    ]


def test_other_users_reach_nothing_of_a_run_under_way(desk: BorgDesk) -> None:
    desk.environment |= desk.play(create={})
    # Its parents are missing, too.
    desk.environment["BORGDESK_HOME"] = str(desk.folder / "deep" / "down" / "home")
    in_the_open(desk, "borgdesk settings list >/dev/null")
    assert reachable(desk.folder) == ["-rw-r--r-- scenario.json"]
    desk.add_pretended_repository("Docs", encryption="none", archive_name="{now}")
    desk.add_held_script("hold")
    desk.assign("Docs", "hold", Hook.PRE_BACKUP)
    running = opened_to_all(desk, "run", "Docs")
    try:
        wait_until(lambda: (desk.folder / "hold.began").exists() or running.poll() is not None, "the script runs")
        assert running.poll() is None, running.communicate()[0]
        found = reachable(desk.folder)
    finally:
        (desk.folder / "hold.go").touch()
        running.communicate(timeout=60)
    ours = ("hold.began", "journal", "scenario.json")
    assert [one for one in found if one.split()[1] not in ours] == []


def test_other_users_reach_nothing_of_the_window(desk: BorgDesk) -> None:
    window = opened_to_all(desk)
    try:
        sockets = desk.folder / "run"
        wait_until(lambda: [one for one in sockets.rglob("*") if one.is_socket()], "the window listens")
        wait_until(lambda: list(desk.folder.rglob("borgdesk.db")), "the window opened its store")
        found = reachable(desk.folder)
    finally:
        window.send_signal(signal.SIGTERM)
        window.communicate(timeout=60)
    assert window.returncode == 0
    assert found == []
    assert reachable(desk.folder) == []


def opened_to_all(desk: BorgDesk, *arguments: str) -> subprocess.Popen[str]:
    """Start a command, or the window, with files that everybody may write."""
    return subprocess.Popen(
        [sys.executable, "-m", "borgdesk", *arguments],
        env=desk.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=0,
    )


def test_folders_with_missing_parents_are_made_in_one_place() -> None:
    """The *parents* of ``mkdir`` are as open as the umask lets them be."""
    folder = Path(private.__file__).parent
    assert [
        path for path in folder.rglob("*.py") if "parents=True" in path.read_text() and path.name != "private.py"
    ] == []
