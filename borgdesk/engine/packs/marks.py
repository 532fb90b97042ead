"""What a reader should look at twice in the text of a script: more rights, deletion, the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.translation import N_, _


class Mark(StrEnum):
    """Why a line is marked."""

    RIGHTS = "rights"
    DELETES = "deletes"
    NETWORK = "network"
    CODE = "code"


WORDS = {
    Mark.RIGHTS: N_("acts as another user"),
    Mark.DELETES: N_("deletes or overwrites"),
    Mark.NETWORK: N_("uses the network"),
    Mark.CODE: N_("runs text as a program"),
}

_BEFORE, _AFTER = r"(?<![\w.-])", r"(?![\w-])"
_COMMANDS = {
    Mark.RIGHTS: "sudo doas su pkexec runuser setpriv chown setcap",
    Mark.DELETES: "rm rmdir shred unlink dd wipefs truncate mkfs blkdiscard fdisk parted sgdisk destroy prune",
    Mark.NETWORK: "curl wget ssh scp sftp rsync nc ncat socat telnet ftp git",
    Mark.CODE: "eval exec base64 xxd source",
}
_MORE = {
    Mark.RIGHTS: (r"os\.set(?:e|res)?uid",),
    Mark.DELETES: (r"-delete\b", r"rmtree\(", r"\.unlink\(", r"os\.remove\(", r"mkfs\.\w+"),
    Mark.NETWORK: (r"https?://", r"/dev/(?:tcp|udp)/", r"\burllib\b", r"\brequests\.", r"\bsocket\."),
    Mark.CODE: (r"\bcompile\(", r"__import__", r"\|\s*(?:ba|da|z|k)?sh\b", r"\b(?:ba|da)?sh\s+-c\b"),
}
_PATTERNS = {
    mark: re.compile("|".join((f"{_BEFORE}(?:{'|'.join(words.split())}){_AFTER}", *_MORE[mark])))
    for mark, words in _COMMANDS.items()
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A line that should be read twice."""

    line: int
    mark: Mark

    @property
    def sentence(self) -> str:
        """What it does, for people."""
        return _("Line {line}: {message}").format(line=self.line, message=_(WORDS[self.mark]))


def marks(text: str) -> tuple[Marked, ...]:
    """Return the lines of a script that should be read twice, in their order; comments are left out.

    This finds what is written plainly. It is a help for readers, not a proof that a script is harmless.
    """
    return tuple(_marks(text))


def _marks(text: str) -> Iterator[Marked]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            yield from (Marked(number, mark) for mark, pattern in _PATTERNS.items() if pattern.search(line))
