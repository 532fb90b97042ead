"""Borg as a process: which program it is, and one call of it from its secret to its result."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.borg.command import Borg, BorgCommand, Operation
from borgdesk.borg.environment import Consent, Passphrase, PassphraseCommand, PassphraseDescriptor
from borgdesk.borg.options import Encryption
from borgdesk.borg.output import OutputEvent, OutputReader, ProgressMessage
from borgdesk.borg.replies import BorgVersion, check_version, parse_version
from borgdesk.borg.result import BorgResult, Evidence, classify
from borgdesk.domain.errors import BorgUnusable
from borgdesk.domain.events import Stream
from borgdesk.domain.repository import Repository
from borgdesk.engine import process
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.procfs import Marker
from borgdesk.engine.workspace import Workspace

_VERSION_TIMEOUT = 60.0
_LARGEST_REPLY = 64 * 1024 * 1024
"""Bytes of an answer on stdout that are kept; a list of 100,000 archives has 30 MB."""

_COMMIT = "cache.commit"
_CHECKPOINT_PATIENCE = 5.0
"""Seconds for Borg to write a checkpoint; it cannot while it works on one slow chunk."""

_BORG_GRACE = 20.0
"""Seconds for Borg to roll back and release its locks."""

_WITHOUT_RUN: Marker = frozenset()


@dataclass(frozen=True, slots=True)
class BorgAnswer:
    """How a call ended, and what it answered."""

    result: BorgResult
    stdout: bytes
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Access:
    """How a repository is opened: the secret part of a call."""

    passphrase: str | None = field(default=None, repr=False)
    passcommand: str | None = None
    unencrypted: bool = False
    """The user knows that it is not encrypted, so Borg need not ask about it."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[Passphrase | None]:
        """Where Borg gets the passphrase from, for one call. A pipe holds it: nobody's argv or environment does."""
        if self.passcommand is not None:
            yield PassphraseCommand(self.passcommand)
        elif self.passphrase is not None:
            reading, writing = os.pipe()
            try:
                os.write(writing, self.passphrase.encode())
                os.close(writing)
                yield PassphraseDescriptor(reading)
            finally:
                os.close(reading)
        else:
            yield None


def borg_marker(state_dir: Path | str) -> Marker:
    """What all Borg processes of a run have in their environment."""
    return frozenset({f"BORGDESK_STATE_DIR={state_dir}", "BORGDESK_EXECUTION_ID=borg"})


def access_to(repository: Repository, passphrase: str | None) -> Access:
    """How *repository* is opened, with the passphrase that the keyring has for it."""
    return Access(passphrase, repository.passcommand, repository.encryption == Encryption.NONE)


def call(
    workspace: Workspace,
    access: Access,
    make: Callable[[Borg], BorgCommand],
    listen: Callable[[OutputEvent], None] = lambda _: None,
    cancel: Cancel | None = None,
    marker: Marker = _WITHOUT_RUN,
    timeout: float | None = None,
) -> BorgAnswer:
    """Call Borg and wait for its end. Cancelling, or *timeout* seconds, climb the ladder that suits the operation.

    Raises:
        BorgUnusable: the program could not be started.
    """
    with access.opened() as passphrase:
        consents = frozenset({Consent.UNKNOWN_UNENCRYPTED_REPOSITORY} if access.unencrypted else ())
        command = make(Borg(workspace.borg, workspace.environment, passphrase, consents=consents))
        return _run(command, listen, cancel or Cancel(), marker, timeout)


def _run(
    command: BorgCommand,
    listen: Callable[[OutputEvent], None],
    cancel: Cancel,
    marker: Marker,
    timeout: float | None,
) -> BorgAnswer:
    call = _Call(listen)
    environment = dict(command.env) | dict(assignment.split("=", 1) for assignment in marker)
    program = process.Program(command.argv, environment, marker, command.pass_fds)
    try:
        ending = process.run(program, call.heard, call.watch(cancel, timeout), call.ladder(command.operation, cancel))
    except process.StartFailed as error:
        raise BorgUnusable(f"Borg cannot be used: {error}") from error
    call.finish()
    result = classify(
        command.operation, ending.exit_code, call.evidence, reply_present=bool(bytes(call.stdout).strip())
    )
    return BorgAnswer(result, bytes(call.stdout), ending.stopped is not None)


class _Call:
    """One call under way: hears both streams."""

    def __init__(self, listen: Callable[[OutputEvent], None]) -> None:
        self._listen = listen
        self._reader = OutputReader()
        self._committed = False
        self.stdout = bytearray()
        self.evidence = Evidence()

    def heard(self, stream: Stream, chunk: bytes) -> None:
        if stream is Stream.STDERR:
            self._take(self._reader.feed(chunk))
        elif len(self.stdout) < _LARGEST_REPLY:
            self.stdout += chunk

    def finish(self) -> None:
        self._take(self._reader.finish())

    def _take(self, events: Sequence[OutputEvent]) -> None:
        for event in events:
            self.evidence.see(event)
            if isinstance(event, ProgressMessage) and event.msgid == _COMMIT and event.finished:
                self._committed = True
            self._listen(event)

    def watch(self, cancel: Cancel, timeout: float | None) -> process.Watch:
        """Stops the call when it is cancelled, or after *timeout* seconds."""

        def watch(elapsed: float) -> process.StopReason | None:
            if cancel.asked:
                # A long backup commits now and then: what counts is what Borg saves because it is stopped.
                self._committed = False
                return process.StopReason.CANCELLED
            return process.StopReason.TIMED_OUT if timeout is not None and elapsed >= timeout else None

        return watch

    def ladder(self, operation: Operation, cancel: Cancel) -> Sequence[process.Rung]:
        """SIGINT makes ``create`` write a checkpoint; what else there is ignores it, so SIGTERM it is.

        One SIGINT alone lets Borg read on to the end of a big file. So SIGTERM follows as soon as the checkpoint is
        written: measured to leave the checkpoint and no lock.
        """
        term = process.Rung(signal.SIGTERM, _BORG_GRACE, whole_tree=False)
        if operation is not Operation.CREATE or not cancel.keep_checkpoint:
            return (term,)
        checkpoint = process.Rung(
            signal.SIGINT, _CHECKPOINT_PATIENCE, whole_tree=False, satisfied=lambda: self._committed
        )
        return checkpoint, term


def usable_version(workspace: Workspace) -> BorgVersion:
    """The version of the Borg program, if it is one we can use.

    Asking costs 0.2 s, so the answer is kept for as long as the program's file stays the same.

    Raises:
        BorgUnusable: there is no Borg, it is below 1.2, or it is not Borg at all.
    """
    path = shutil.which(workspace.borg, path=workspace.environment.get("PATH"))
    if path is None:
        raise BorgUnusable(
            f"There is no Borg on this machine (looked for “{workspace.borg}”). Install the package borgbackup, "
            "or name the program in BORGDESK_BORG."
        )
    known = _KnownVersions(workspace.paths.cache / "borg-versions.json", path)
    answer = known.look_up() or _ask(workspace, path)
    version = check_version(parse_version(answer))
    known.keep(answer)
    return version


def _ask(workspace: Workspace, path: str) -> str:
    command = Borg(path, workspace.environment).version()
    try:
        code, stdout, stderr = process.capture(command.argv, command.env, _VERSION_TIMEOUT)
    except process.StartFailed as error:
        raise BorgUnusable(f"Borg cannot be used: {error}") from error
    if code != 0:
        last = stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BorgUnusable(f"Borg cannot be used: {path} --version failed (exit {code}). {last}".strip())
    return stdout.decode(errors="replace").strip()


class _KnownVersions:
    """What programs said of their version, by path, size and time of their file. A cache: losing it is no harm."""

    def __init__(self, file: Path, program: str) -> None:
        self._file = file
        real = Path(program).resolve()
        stat = real.stat()
        self._key = f"{real}:{stat.st_size}:{stat.st_mtime_ns}"

    def look_up(self) -> str | None:
        answer = self._read().get(self._key)
        return answer if isinstance(answer, str) else None

    def keep(self, answer: str) -> None:
        if self.look_up() == answer:
            return
        with contextlib.suppress(OSError):
            partial = self._file.with_suffix(f".{os.getpid()}.partial")
            partial.write_text(json.dumps({self._key: answer}))
            partial.replace(self._file)

    def _read(self) -> Mapping[str, object]:
        try:
            content = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
