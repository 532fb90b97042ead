#!/usr/bin/env python3
"""Make the tarball: a folder from which BorgDesk runs wherever it is unpacked, with Python 3.11, 3.12 or 3.13.

usage: tarball.py FOLDER

Writes FOLDER/borgdesk-VERSION-linux-x86_64.tar.xz. Needs what tree.py needs.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

import tree
from tree import ROOT, version

_README = """BorgDesk {version}

Start bin/borgdesk. It needs Python 3.11, 3.12 or 3.13, Borg 1.2 or newer, and these packages of Debian or their like:
{packages}

borgdesk/docs/html/index.html is the documentation; the window opens it with F1.
"""


def main() -> int:
    if sys.argv[2:] or not sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 64
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    name = f"borgdesk-{version()}-linux-x86_64"
    file = target / f"{name}.tar.xz"
    with tempfile.TemporaryDirectory(prefix="borgdesk-tarball-") as folder:
        root = Path(folder, name)
        tree.add_program(root / "borgdesk")
        tree.add_requirements(root / "vendor")
        (root / "bin").mkdir()
        (root / "bin/borgdesk").write_bytes((ROOT / "packaging/borgdesk").read_bytes())
        (root / "README").write_text(_README.format(version=version(), packages=", ".join(tree.packages())))
        (root / "LICENSE").write_bytes((ROOT / "LICENSE").read_bytes())
        tree.normalise(root)
        with tarfile.open(file, "w:xz", format=tarfile.GNU_FORMAT) as archive:
            for path in [root, *sorted(root.rglob("*"))]:
                archive.add(path, path.relative_to(folder), recursive=False, filter=anonymous)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    return 0


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry that belongs to nobody who built it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


if __name__ == "__main__":
    sys.exit(main())
