"""The Debian package in bare systems without a network: installed, used, upgraded during a run, removed.

Needs root, debootstrap and a mirror, and takes minutes, so ``make packages`` runs it. ``UBUNTU_MIRROR`` names one of
Ubuntu. ``BARE_ROOTS`` may name a folder in which the roots were made before; they are copied.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = Path(__file__).with_name("bare_root.sh")
SUITES = {"Debian 12": "bookworm", "Debian 13": "trixie", "Ubuntu 24.04": "noble"}
OPTIONS = {"noble": ("--no-check-gpg", "--components=main,universe")}
"""Debian has no keys of Ubuntu, whose Borg is in another component."""
SCRIPT = "/usr/share/debootstrap/scripts/jammy"
"""Sets up Ubuntu; Debian 12 has none for later releases, which are set up in the same way."""
TOOLS = ("dbus", "procps", "xauth", "xdotool", "xvfb")
"""What a bare Debian has not, and the scenario needs: a display, a bus, and something that looks at windows."""

pytestmark = [
    pytest.mark.packages,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("debootstrap") is None, reason="needs root and debootstrap"),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, ROOT / "packaging/deb.py", folder], check=True)
    (file,) = folder.glob("*.deb")
    return file


@pytest.fixture(scope="module")
def newer(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package with a higher version."""
    folder = tmp_path_factory.mktemp("newer")
    subprocess.run(["dpkg-deb", "-R", package, folder / "root"], check=True)
    for name in ("control", "postinst"):
        file = folder / "root/DEBIAN" / name
        file.write_text(file.read_text().replace("0.1.0", "0.2.0"))
    made = folder / "borgdesk_0.2.0_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-b", folder / "root", made], check=True)
    return made


def bare_root(suite: str, package: Path, folder: Path) -> Path:
    """Return a new Debian that has what the package depends on."""
    root = folder / suite
    if ready := os.environ.get("BARE_ROOTS"):
        subprocess.run(["cp", "-a", "--one-file-system", Path(ready, suite), root], check=True)
    else:
        needed = ",".join([*depends(package, suite), *TOOLS])
        options = ["--variant=minbase", f"--include={needed}", *OPTIONS.get(suite, ())]
        origin = [mirror_of_ubuntu(), SCRIPT] if suite == "noble" else []
        subprocess.run(["debootstrap", *options, suite, root, *origin], check=True)
    return root


def mirror_of_ubuntu() -> str:
    """Return the mirror that the environment names; Debian's own comes with debootstrap."""
    if not (mirror := os.environ.get("UBUNTU_MIRROR")):
        pytest.skip("UBUNTU_MIRROR names no mirror of Ubuntu")
    return mirror


def depends(package: Path, suite: str) -> list[str]:
    """Return the packages that it needs, by their names in a release: the newest comes first."""
    listed = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    which = -1 if suite == "bookworm" else 0
    return list(dict.fromkeys(part.split("|")[which].split()[0] for part in listed.split(",")))


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_from_the_first_installation_to_the_last_removal(
    suite: str, package: Path, newer: Path, tmp_path: Path
) -> None:
    root = bare_root(suite, package, tmp_path)
    for file in (package, newer, SCENARIO):
        shutil.copy(file, root / "tmp")
    scenario = [f"/tmp/{file.name}" for file in (SCENARIO, package, newer)]
    # Processes, network and mounts of its own, which end with it.
    inside = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" env -i "$@"'
    done = subprocess.run(
        [
            *("unshare", "--pid", "--net", "--mount", "--ipc", "--fork", "--kill-child", "sh", "-c", inside, root),
            *("HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "sh", *scenario),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("== good\n")
