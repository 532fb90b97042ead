"""The program that measures one folder, on a disk that may hang.

:mod:`~.folder_sizes` starts this file as a separate process, as :mod:`~.file_probes` does with its own. It imports
nothing of BorgDesk. The arguments are the folder, "1" to stay on its file system, and folders that are left out. Each
line it prints is a Python literal: what is known so far, and in the end what is known at all.
"""
# Without pathlib, which takes as long to import as Python to start.
# ruff: noqa: PTH116, T201

import os
import stat
import sys
import time

_PAUSE = 0.2
"""Seconds between two lines."""

_ENTRIES = 200
"""Entries of a folder after which the clock is read."""


class _Walk:
    """What was counted; each file counts once, however many names it has."""

    def __init__(self, one_file_system: bool, skipped: frozenset[str]) -> None:
        self._one_file_system, self._skipped = one_file_system, skipped
        self._size = self._files = self._unread = self._shared = 0
        self._names: dict[tuple[int, int], int] = {}
        """How many names of a file were not met yet, for each that has any."""
        self._real, self._device = "", 0
        self._told = time.monotonic()

    def measure(self, source: str) -> None:
        try:
            found = os.stat(source)
        except (FileNotFoundError, NotADirectoryError):
            print("None", flush=True)
            return
        except OSError:
            self._unread += 1
            self._tell(True)
            return
        self._real, self._device = os.path.realpath(source), found.st_dev
        if stat.S_ISDIR(found.st_mode):
            self._walk(self._real)
        else:
            self._count(found)
        self._tell(True)

    def _walk(self, top: str) -> None:
        waiting = [top]
        while waiting:
            self._tell_now_and_then()
            try:
                with os.scandir(waiting.pop()) as entries:
                    for number, entry in enumerate(entries, 1):
                        if number % _ENTRIES == 0:
                            self._tell_now_and_then()
                        self._look(entry, waiting)
            except (FileNotFoundError, NotADirectoryError):
                pass  # it was removed meanwhile
            except OSError:
                self._unread += 1

    def _look(self, entry: os.DirEntry[str], waiting: list[str]) -> None:
        try:
            # Asks nothing of what may be mounted there.
            if entry.is_dir(follow_symlinks=False) and entry.path in self._skipped:
                return
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError:
            self._unread += 1
            return
        if not stat.S_ISDIR(found.st_mode):
            self._count(found)
        elif not self._one_file_system or found.st_dev == self._device:
            waiting.append(entry.path)

    def _count(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            return
        if found.st_nlink > 1:
            file = found.st_dev, found.st_ino
            left = self._names.pop(file, 0)
            if left != 1:
                self._names[file] = (left or found.st_nlink) - 1
            if left:
                self._shared -= found.st_size if left == 1 else 0
                return
            self._shared += found.st_size
        self._files += 1
        self._size += found.st_size

    def _tell_now_and_then(self) -> None:
        if time.monotonic() >= self._told + _PAUSE:
            self._tell(False)
            self._told = time.monotonic()

    def _tell(self, done: bool) -> None:
        counts = self._size, self._files, self._unread, self._shared
        print(ascii((done, *counts, self._real, self._device)), flush=True)


def main(arguments: list[str]) -> None:
    """Measure with the lowest priority."""
    source, one_file_system, *skipped = arguments
    os.nice(19)
    _Walk(one_file_system == "1", frozenset(skipped)).measure(source)


if __name__ == "__main__":
    main(sys.argv[1:])
