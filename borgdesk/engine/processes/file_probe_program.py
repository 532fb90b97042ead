"""The program that queries file systems which may hang.

:mod:`~.file_probes` starts this file as a separate process: a hanging process can be abandoned, whereas a hanging
thread would keep ours from exiting. It imports nothing of BorgDesk. The arguments are pairs of a question and its
subject; for each pair it prints one line, a Python literal.
"""
# Without pathlib and json, each of which takes as long to import as Python to start.
# ruff: noqa: PTH112, PTH113, PTH116, PTH118, PTH120, PTH123, T201

import os
import stat
import sys


def source(path: str) -> dict[str, str]:
    """Return what a source is: ``state`` is there, empty, missing, dangling or unreadable."""
    # A trailing slash would make lstat follow a link.
    path = path.rstrip("/") or "/"
    found = {}
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            found["target"] = os.path.realpath(path)
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            with os.scandir(path) as entries:
                found["state"] = "empty" if next(entries, None) is None else "there"
        else:
            readable = not stat.S_ISREG(mode) or os.access(path, os.R_OK)
            found["state"] = "there" if readable else "unreadable"
            found["why"] = "" if readable else "Permission denied"
    except (FileNotFoundError, NotADirectoryError):
        found["state"] = "dangling" if "target" in found else "missing"
    except OSError as error:
        found["state"], found["why"] = "unreadable", error.strerror or str(error)
    return found


def real(path: str) -> str:
    """Return the path with all links resolved."""
    return os.path.realpath(path)


def lineage(path: str) -> dict[str, object]:
    """Return a path with all links resolved, and device and inode of it and of each folder above it, where known."""
    path = os.path.realpath(path)
    found: list[tuple[int, int] | None] = []
    at, below = path, ""
    while at != below:
        try:
            known = os.stat(at)
            found.append((known.st_dev, known.st_ino))
        except OSError:
            found.append(None)
        at, below = os.path.dirname(at), at
    return {"path": path, "ids": found}


def repository(path: str) -> dict[str, object]:
    """Return what can be seen of a local repository without Borg: whether it exists, and its lock."""
    found: dict[str, object] = {"gone": False, "holders": [], "roster": ""}
    try:
        os.stat(os.path.join(path, "config"))
    except OSError as error:
        # All other errors, such as missing permissions, have been reported by Borg.
        found["gone"] = isinstance(error, (FileNotFoundError, NotADirectoryError))
    try:
        with os.scandir(os.path.join(path, "lock.exclusive")) as entries:
            found["holders"] = [(entry.name, entry.stat().st_mtime) for entry in entries]
    except OSError:
        pass
    try:
        with open(os.path.join(path, "lock.roster"), encoding="utf-8", errors="replace") as file:
            found["roster"] = file.read(100_000)
    except OSError:
        pass
    return found


def folder(path: str) -> bool:
    """Return whether a folder exists and can be entered."""
    return os.path.isdir(path) and os.access(path, os.X_OK)


def identity(path: str) -> str | None:
    """Return the beginning of a local repository's config file; None if there is none."""
    try:
        # Without O_NONBLOCK, opening a named pipe would block.
        descriptor = os.open(os.path.join(path, "config"), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(64 * 1024).decode() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except (OSError, ValueError):
        return None


def space(path: str) -> dict[str, int] | None:
    """Return the bytes that we may still write to a file system, and its size; None if that is not known."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    # Some network file systems report 0 for everything.
    return (
        {"free": found.f_bavail * found.f_frsize, "size": found.f_blocks * found.f_frsize} if found.f_blocks else None
    )


def program(name_and_path: str) -> dict[str, object] | None:
    """Return where a program is on a search path, and the identity of its file; None if it is not found."""
    name, _, path = name_and_path.partition("\n")
    # Not shutil.which: its import takes longer than all other questions.
    places = [name] if "/" in name else [os.path.join(folder, name) for folder in (path or os.defpath).split(":")]
    found = next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)
    if found is None:
        return None
    file = os.path.realpath(found)
    known = os.stat(file)
    return {"path": found, "file": f"{file}:{known.st_size}:{known.st_mtime_ns}"}


def main(arguments: list[str]) -> None:
    """Answer the questions one after the other, flushing each answer."""
    questions = {
        "source": source,
        "real": real,
        "lineage": lineage,
        "repository": repository,
        "folder": folder,
        "identity": identity,
        "program": program,
        "space": space,
    }
    for what, subject in zip(arguments[::2], arguments[1::2], strict=True):
        print(ascii(questions[what](subject)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
