"""The program that asks for the sizes of many files, in file systems which may hang.

:mod:`~.file_sizes` starts this file as a separate process, as :mod:`~.file_probes` does with its own. It imports
nothing of BorgDesk. Each question on standard input is the number of bytes that follow, in four bytes, and these: paths
that end with NUL. Each answer on standard output has four numbers per path, in eight bytes each.
"""

import array
import os
import stat
import struct
import sys


def main() -> None:
    """Answer until the input ends."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    links: dict[tuple[int, int], int] = {}
    while head := questions.read(4):
        (length,) = struct.unpack("!I", head)
        found = array.array("q")
        for path in questions.read(length).split(b"\0")[:-1]:
            try:
                status = os.lstat(path)
            except (OSError, ValueError):
                found.extend((0, 0, 0, 0))
                continue
            link = 0
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                link = links.setdefault((status.st_dev, status.st_ino), len(links) + 1)
            size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
            found.extend((status.st_mode, size, status.st_mtime_ns // 1000, link))
        answers.write(found.tobytes())
        answers.flush()


if __name__ == "__main__":
    main()
