#!/usr/bin/env python3
"""Make the Debian package: one file for Debian 12, Debian 13 and Ubuntu 24.04, which installs without a network.

usage: deb.py FOLDER

Writes FOLDER/borgdesk_VERSION_amd64.deb. Needs dpkg-deb and what tree.py needs. SOURCE_DATE_EPOCH is the time of all
files in it (default: that of the last commit).
"""

from __future__ import annotations

import email.utils
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tree
from tree import ROOT, epoch, version

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

APPLICATION_ID = "org.borgdesk.BorgDesk"
MAINTAINER = "The BorgDesk authors <borgdesk@borgdesk.invalid>"
_PARTS = ROOT / "packaging" / "debian"
_ICON_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
_RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}
"""Packages with another name since Debian 13 and Ubuntu 24.04."""
_COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: BorgDesk

Files: *
Copyright: 2025-2026 The BorgDesk authors
License: GPL-3.0+
 On Debian systems, the text of the GNU General Public License, version 3, is in /usr/share/common-licenses/GPL-3.

Files: usr/lib/borgdesk/shipped/vendor/*
Copyright: 2000-2026 The authors of the requirements
License: various
 The folder of each requirement, or its .dist-info folder, has its license.
 Qt, PySide6: LGPL-3. PyQt6, PyQt6-QScintilla: GPL-3.
"""


def main() -> int:
    if sys.argv[2:] or not sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 64
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="borgdesk-deb-") as folder:
        root = Path(folder, "root")
        fill(root)
        add_control(root)
        tree.normalise(root)
        file = target / f"borgdesk_{version()}_amd64.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "--build", root, file], check=True)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    return 0


def fill(root: Path) -> None:
    """Put all files where they are installed."""
    home = root / "usr/lib/borgdesk"
    tree.add_program(home / "shipped/borgdesk")
    tree.add_requirements(home / "shipped/vendor")
    shutil.copy(_PARTS / "versions", home / "versions")
    _copy(_PARTS / "borgdesk", root / "usr/bin")
    _copy(ROOT / f"resources/{APPLICATION_ID}.desktop", root / "usr/share/applications")
    _copy(ROOT / f"packaging/{APPLICATION_ID}.metainfo.xml", root / "usr/share/metainfo")
    _copy(ROOT / f"resources/{APPLICATION_ID}.xml", root / "usr/share/mime/packages")
    add_icons(root / "usr/share/icons/hicolor")
    documents = root / "usr/share/doc/borgdesk"
    documents.mkdir(parents=True)
    move_web_pages(home / "shipped/borgdesk/docs/html", documents / "html")
    (documents / "copyright").write_text(_COPYRIGHT)
    _compress(debian_changelog().encode(), documents / "changelog.gz")
    shutil.copy(ROOT / "CHANGELOG.md", documents)
    manual = root / "usr/share/man/man1"
    manual.mkdir(parents=True)
    _compress((_PARTS / "borgdesk.1").read_bytes(), manual / "borgdesk.1.gz")
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(_PARTS / "lintian-overrides", overrides / "borgdesk")


def move_web_pages(folder: Path, target: Path) -> None:
    """Put them where people look for documentation, and where a browser in a sandbox of snapd may read it."""
    shutil.move(folder, target)
    folder.symlink_to(os.path.relpath(target, folder.parent))


def debian_changelog() -> str:
    """Return the list of changes as Debian's tools read it, which refers to ours."""
    moment = email.utils.formatdate(epoch())
    return (
        f"borgdesk ({version()}) unstable; urgency=medium\n\n"
        "  * /usr/share/doc/borgdesk/CHANGELOG.md tells what has changed.\n\n"
        f" -- {MAINTAINER}  {moment}\n"
    )


def add_icons(target: Path) -> None:
    """Draw the icon in all sizes, beside the picture that scales."""
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QGuiApplication, QIcon

    application = QGuiApplication.instance() or QGuiApplication([])
    source = ROOT / f"resources/icons/{APPLICATION_ID}.svg"
    _copy(source, target / "scalable/apps")
    icon = QIcon(str(source))
    for size in _ICON_SIZES:
        folder = target / f"{size}x{size}/apps"
        folder.mkdir(parents=True)
        icon.pixmap(QSize(size, size), 1.0).save(str(folder / f"{APPLICATION_ID}.png"))
    application.shutdown()


def depends() -> str:
    """Return the packages that it needs: those of a checkout, and Python."""
    names = tree.packages()
    needed = [f"{_RENAMED[name]} | {name}" if name in _RENAMED else name for name in names]
    needed[needed.index("borgbackup")] = "borgbackup (>= 1.2)"
    return ", ".join(["python3 (>= 3.11)", "python3 (<< 3.14)", "libc6 (>= 2.34)", *needed])


def add_control(root: Path) -> None:
    """Write what dpkg is to know and to do."""
    control = root / "DEBIAN"
    control.mkdir()
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) // 1024
    for name in ("control", "postinst", "prerm"):
        text = (_PARTS / name).read_text()
        (control / name).write_text(text.format(version=version(), size=size, depends=depends(), maintainer=MAINTAINER))


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder)


def _compress(content: bytes, file: Path) -> None:
    file.write_bytes(gzip.compress(content, 9, mtime=0))


if __name__ == "__main__":
    sys.exit(main())
