"""Opens files that another program, or anybody, has made: nothing is waited for, and only regular files are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _


@contextmanager
def foreign_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        InvalidInput: it cannot be read, or is not a regular file.
    """
    try:
        descriptor = _opened(path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidInput(_("{path} is not a file.").format(path=path))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                yield file
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InvalidInput(_("{path} cannot be read: {error}.").format(path=path, error=error.strerror)) from error


def _opened(path: Path) -> int:
    try:
        # Without O_NONBLOCK, opening a named pipe blocks.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError as error:
        raise InvalidInput(_("“{path}” is not the name of a file.").format(path=path)) from error
