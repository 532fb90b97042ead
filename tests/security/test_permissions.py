"""Whatever the umask, other users can reach nothing that BorgDesk creates; a walk after real processes proves it."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.run import Hook
from tests.cli.lab import BorgDesk, wait_until

_OTHERS = 0o077
_FOREIGN = ("source", "out", "papers.borg", "borg-base", "bash", "tmp")
"""What the test itself or Borg creates: Borg has a umask of its own, and what is restored has the modes it had."""


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


def in_the_open(desk: BorgDesk, *lines: str) -> None:
    """Run commands in a shell whose files everybody may write."""
    answer = desk.shell("umask 000; set -e\n" + "\n".join(lines))
    assert answer.code == 0, answer.err


def test_other_users_reach_nothing_that_commands_create(desk: BorgDesk) -> None:
    for name in ("stop", "start"):
        (desk.folder / "bash").mkdir(exist_ok=True)
        (desk.folder / "bash" / name).write_text(
            f"#!/bin/bash\n# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\necho {name}\n"
        )
    papers, bash, out = (shlex.quote(str(desk.folder / name)) for name in ("papers.borg", "bash", "out"))
    source = shlex.quote(str(desk.source))
    in_the_open(
        desk,
        f"echo phrase-of-some-length | borgdesk repo add Papers --location {papers} --source {source} "
        "--init repokey-blake2 --passphrase-stdin",
        f"borgdesk script add {bash}/stop",
        f"borgdesk script add {bash}/start",
        "echo hidden | borgdesk assignment add Papers stop --hook pre-backup --secret TOKEN",
        "borgdesk assignment add Papers start --hook post-backup",
        "borgdesk run Papers",
        "borgdesk script test start",
        "borgdesk schedule set Papers --daily 02:30",
        "borgdesk archive list Papers >$HOME/bash/list",
        "borgdesk archive contents Papers latest >$HOME/bash/list || borgdesk archive files Papers latest >/dev/null",
        f"mkdir -m 700 {out}",
        f"borgdesk restore Papers latest --to {out}",
        "borgdesk restore Papers latest --in-place --on-conflict replace",
        "borgdesk settings set window.autostart true",
        "borgdesk --install-desktop",
        "borgdesk --debug config export $HOME/set-up.json",
        "echo phrase-of-some-length | borgdesk config export --with-secrets $HOME/set-up-with-secrets.json",
        "borgdesk key export Papers $HOME/key.txt",
        "borgdesk emergency-sheet Papers $HOME/sheet.pdf",
    )
    assert reachable(desk.folder) == []
    assert list(desk.folder.rglob("secrets.json"))


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
