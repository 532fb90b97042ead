"""Calls ``git`` so that nothing of the repository it works on is executed, with a time limit and without questions.

A library folder may have been unpacked from anywhere, with a ``.git`` that says what git is to run: hooks, a monitor of
files, filters, editors, ssh commands, helpers of remotes. So git never reads the configuration of such a repository. It
works in a folder of our own (:mod:`borgdesk.engine.git.work_tree`), which borrows the objects and branches; and of
all commands, none is called that writes files into the work tree or compares them, because these would use filters.
The user's own configuration (``~/.gitconfig``) counts: it has their name, their ssh command and their passwords.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.characters import readable
from borgdesk.domain.errors import BorgDeskError, stopped_before_changes
from borgdesk.domain.events import Stream
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import call_marker, marked
from borgdesk.translation import _

LOCAL_LIMIT, NETWORK_LIMIT = 30.0, 120.0
"""Seconds that a call may take."""
_ENOUGH = 256 * 1024
"""Bytes kept of each output of a call that uses the network."""

_OWN = (
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
)  # fmt: skip
"""Variables of git that say what the user wants; all others say where the caller's repository is."""

_PROTOCOLS = ("file", "ssh", "https", "http")
"""Not ``ext`` and other helpers, which run what an address says."""

_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_EDITOR": "/bin/false",
    "GIT_SEQUENCE_EDITOR": "/bin/false",
    "GIT_PAGER": "cat",
    "GIT_ALLOW_PROTOCOL": ":".join(_PROTOCOLS),
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "",
}

_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.commitGraph=false",
    "core.pager=cat",
    "core.quotePath=false",
    "credential.interactive=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
    "push.gpgSign=false",
    "protocol.ext.allow=never",
    "i18n.logOutputEncoding=UTF-8",
)
"""Also what the user's own configuration may say otherwise."""

_OTHER_SIDE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.alternateRefsCommand=true",
    "receive.denyCurrentBranch=refuse",
    "receive.autogc=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
"""For a remote that is a folder of this machine: git works there as the user, and with the configuration it finds."""

_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=10 -o ServerAliveCountMax=3"


class GitFailed(BorgDeskError):
    """git could not do what it was asked."""

    def __init__(self, sentence: str, said: str = "") -> None:
        """*said* is what git printed."""
        super().__init__(sentence)
        self.said = said


@dataclass(frozen=True, slots=True)
class Git:
    """git with one environment."""

    environment: Mapping[str, str]

    @classmethod
    def within(cls, base: Mapping[str, str], **places: str) -> Git:
        """Return git for a repository; *places* are the variables that say where its parts are."""
        kept = {name: value for name, value in base.items() if not name.startswith(("GIT_", "BORG")) or name in _OWN}
        return cls({**kept, **_QUIET, **places})

    def having(self, **variables: str) -> Git:
        """Return git with more variables."""
        return Git({**self.environment, **variables})

    def call(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what git prints.

        Raises:
            GitFailed: it ends with an error, or not in time.
        """
        code, out, err = self.ask(*arguments, stdin=stdin)
        if code:
            raise _failed(err.decode("utf-8", "replace"))
        return out

    def ask(self, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        """Return the exit code and both outputs.

        Raises:
            GitFailed: it cannot be started, or does not end in time.
        """
        try:
            return process.capture(_argv(arguments), self.environment, LOCAL_LIMIT, stdin)
        except process.StartFailed as error:
            raise GitFailed(str(error)) from error

    def call_remote(self, *arguments: str, folder: str, cancel: Cancel | None = None) -> None:
        """Run git in *folder* for something that uses the network; it has no terminal that it could ask on.

        Raises:
            GitFailed: it ends with an error, or not in time.
            Stopped: *cancel* was asked.
        """
        if cancel is not None and cancel.asked:
            raise stopped_before_changes()
        marker = call_marker()
        heard = {stream: bytearray() for stream in Stream}

        def hear(stream: Stream, chunk: bytes) -> None:
            heard[stream] += chunk[: _ENOUGH - len(heard[stream])]

        def watch(elapsed: float) -> process.StopReason | None:
            if cancel is not None and cancel.asked:
                return process.StopReason.CANCELLED
            return process.StopReason.TIMED_OUT if elapsed >= NETWORK_LIMIT else None

        environment = {**self.environment, **self._ssh()} | marked(marker)
        try:
            program = process.Program(_argv(("-C", folder, *arguments)), environment, marker)
            ending = process.run(program, hear, watch)
        except process.StartFailed as error:
            raise GitFailed(str(error)) from error
        if cancel is not None and cancel.asked:
            raise stopped_before_changes()
        if ending.stopped is not None:
            raise GitFailed(_("The remote did not respond within {seconds:.0f} seconds.").format(seconds=NETWORK_LIMIT))
        if ending.exit_code:
            said = b"\n".join(bytes(heard[stream]) for stream in Stream)
            raise _failed(said.decode("utf-8", "replace"))

    def _ssh(self) -> dict[str, str]:
        """Return the ssh command: the user's own if they have one, which then has no terminal either."""
        if any(name in self.environment for name in ("GIT_SSH", "GIT_SSH_COMMAND")) or self.value("core.sshCommand"):
            return {}
        return {"GIT_SSH_COMMAND": _SSH}

    def value(self, key: str) -> str:
        """Return a value of the user's configuration; empty if there is none."""
        code, out, _err = self.ask("config", "--get", key)
        return "" if code else out.decode("utf-8", "replace").strip()


def at_other_side(service: str) -> str:
    """Return the command by which git serves a remote that is a folder of this machine; its hooks are off, too."""
    options = " ".join(f"-c {option}" for option in _OTHER_SIDE)
    return f"GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 git {options} {service}"


def is_folder(address: str) -> bool:
    """Return whether the address of a remote is a folder of this machine, as git decides it."""
    if address.startswith("file://"):
        return True
    before, colon, _rest = address.partition(":")
    return not colon or "/" in before


def _argv(arguments: Sequence[str]) -> list[str]:
    options = [word for option in _SAFE for word in ("-c", option)]
    return ["git", "--no-pager", *options, *arguments]


def _failed(said: str) -> GitFailed:
    if "terminal prompts disabled" in said or "could not read Username" in said or "could not read Password" in said:
        sentence = _(
            "The remote wants a password, which BorgDesk does not ask for. Use an SSH key, or let git store the "
            "password (git config --global credential.helper)."
        )
        return GitFailed(sentence, said)
    words = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in words if line.startswith(("fatal: ", "error: "))]
    line = (told or words or [_("it gives no reason")])[0].removeprefix("fatal: ").removeprefix("error: ")
    return GitFailed(_("git reports an error: {words}.").format(words=readable(line).rstrip(".")), said)
