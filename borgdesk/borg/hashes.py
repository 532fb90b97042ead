"""Hashes of the files in an archive, as ``borg list`` computes and prints them: it reads all their data for that."""

from __future__ import annotations

from collections.abc import Iterator

from borgdesk.borg.replies import UnexpectedReply
from borgdesk.translation import _

FORMAT = "{sha256}{NUL}{path}{NUL}"
"""The hash is empty for what has no content of its own."""


class HashReader:
    """Makes pairs of SHA-256 and path of Borg's output, chunk by chunk."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[str, str]]:
        """The pairs that *chunk* completes.

        Raises:
            UnexpectedReply: that is no list of hashes.
        """
        fields = (self._rest + chunk).split(b"\0")
        complete = (len(fields) - 1) // 2 * 2
        self._rest = b"\0".join(fields[complete:])
        try:
            for place in range(0, complete, 2):
                yield fields[place].decode(), fields[place + 1].decode()
        except UnicodeDecodeError as error:
            raise UnexpectedReply(_("Borg's list of hashes cannot be understood.")) from error

    def finish(self) -> None:
        """Nothing comes any more.

        Raises:
            UnexpectedReply: the last pair is not complete.
        """
        if self._rest:
            raise UnexpectedReply(_("Borg's list of hashes is not complete."))
