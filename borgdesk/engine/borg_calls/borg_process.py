"""Finds the Borg program and runs single calls of it, from passphrase to result."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from borgdesk import logs
from borgdesk.borg.borg2 import adapter
from borgdesk.borg.command import Borg, BorgCommand, Operation
from borgdesk.borg.environment import Consent, PassphraseDescriptor
from borgdesk.borg.options import Encryption
from borgdesk.borg.output import ArchiveProgress, Level, LogMessage, OutputEvent, OutputReader, ProgressMessage
from borgdesk.borg.replies import BorgVersion, check_version, parse_version
from borgdesk.borg.result import REMOTE, BorgResult, Evidence, classify
from borgdesk.domain.errors import BorgUnusable
from borgdesk.domain.events import Stream
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.domain.server import DIRECT, Connection
from borgdesk.engine.borg_calls.getting_borg import how_to_install
from borgdesk.engine.borg_calls.limits import Limits
from borgdesk.engine.borg_calls.passphrase_command import passphrase_from
from borgdesk.engine.borg_calls.ssh_diagnosis import ssh_output
from borgdesk.engine.borg_calls.stall_watch import StallWatch
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.processes.markers import call_marker, marked
from borgdesk.engine.processes.memory_file import memory_file
from borgdesk.engine.processes.procfs import Marker
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_VERSION_TIMEOUT = 60.0
_LARGEST_REPLY = 64 * 1024 * 1024
"""Bytes of a reply on stdout that are kept; a list of 100,000 archives has 30 MB."""

_COMMIT = "cache.commit"
_CHECKPOINT_PATIENCE = 5.0
"""Seconds for Borg to write a checkpoint; it cannot while it processes a slow chunk."""

_BORG_GRACE = 20.0
"""Seconds for Borg to roll back and release its locks."""

_STILL = 2.0
"""Seconds without I/O and computation after which a stopping Borg is considered blocked, by a server or disk that does
not respond and for which it would wait for ever."""


@dataclass(frozen=True, slots=True)
class BorgAnswer:
    """The result and the reply of a call."""

    result: BorgResult
    stdout: bytes
    cancelled: bool
    gave_up: bool = False
    """Whether it was killed because it made no progress or took too long."""
    saved: bool = False
    """Whether a stopped Borg saved what it had read, as a checkpoint."""


_ATTENDED = Limits(stall=120.0)


@dataclass(frozen=True, slots=True)
class Access:
    """How a repository is opened: passphrase, command and confirmations of the user."""

    passphrase: str | None = field(default=None, repr=False)
    passcommand: str | None = None
    unencrypted: bool = False
    """The user knows that it is not encrypted, so Borg need not ask."""
    moved: bool = False
    """The user has just confirmed that it is the same repository at another place. Valid for one call only."""
    version: BorgVersion | None = None
    """The version of the Borg that opens it; None means 1.x."""
    connection: Connection = DIRECT
    """How another machine is reached."""

    @property
    def consents(self) -> frozenset[Consent]:
        """The questions of Borg to be answered with yes."""
        answered = {
            Consent.UNKNOWN_UNENCRYPTED_REPOSITORY: self.unencrypted,
            Consent.RELOCATED_REPOSITORY: self.moved,
        }
        return frozenset(consent for consent, given in answered.items() if given)

    @contextlib.contextmanager
    def opened(self) -> Iterator[PassphraseDescriptor | None]:
        """Provide the passphrase for one call in memory, so that it is in no argv or environment."""
        if self.passphrase is not None:
            with memory_file("passphrase", self.passphrase.encode("utf-8", "surrogateescape")) as descriptor:
                yield PassphraseDescriptor(descriptor)
        else:
            yield None


def access_to(repository: Repository, passphrase: str | None) -> Access:
    """Return how to open *repository*, given its passphrase from the keyring."""
    unencrypted = repository.encryption == Encryption.NONE
    return Access(passphrase, repository.passcommand, unencrypted, connection=repository.connection)


def call(
    workspace: Workspace,
    access: Access,
    make: Callable[[Borg], BorgCommand],
    listen: Callable[[OutputEvent], None] = lambda _: None,
    cancel: Cancel | None = None,
    marker: Marker | None = None,
    limits: Limits = _ATTENDED,
    reply: Callable[[bytes], None] | None = None,
) -> BorgAnswer:
    """Call Borg and wait for its end. After a cancel, or beyond *limits*, it is stopped as suits the operation.

    A reply too long to be kept is passed to *reply* as it arrives. What *reply* or *listen* raise is raised here: that
    of *reply* at once, since there will be no result without it, and that of *listen* when Borg has done its work.

    The default *limits* are for a caller who waits for the reply: two minutes without progress.

    *marker* is put into the environment of its processes if they belong to a run.

    Raises:
        BorgUnusable: the program could not be started.
        SecretsUnavailable: the passphrase command failed.
        NoAnswer: the passphrase command did not end.
        Stopped: *cancel* was asked while that command ran.
    """
    marker, cancel = marker or call_marker(), cancel or Cancel()
    if access.passcommand is not None:
        access = replace(access, passphrase=passphrase_from(workspace, access.passcommand, marker, cancel))
    if access.passphrase is not None:
        logs.hide([access.passphrase])
    with access.opened() as passphrase:
        borg = adapter(access.version)(
            workspace.borg, workspace.environment, passphrase, consents=access.consents, connection=access.connection
        )
        if limits.stall is not None and borg.lock_wait > limits.stall / 2:
            # Waiting for another Borg is no progress either, but Borg's own message about it is better.
            borg = replace(borg, lock_wait=int(limits.stall / 2))
        command = make(borg)
        begun = _Call(listen, command.operation, cancel, marker, limits)
        begun.reply = reply
        return _run(command, begun)


def _run(command: BorgCommand, call: _Call) -> BorgAnswer:
    environment = dict(command.env) | marked(call.marker)
    argv = process.in_folder(command.folder, command.argv) if command.folder else command.argv
    program = process.Program(argv, environment, call.marker, command.pass_fds)
    _log.debug("starting %s", shlex.join(command.argv))
    try:
        ending = process.run(program, call.heard, call.watch, call.ladder())
    except process.StartFailed as error:
        raise BorgUnusable(_("Borg cannot be used: {error}").format(error=error)) from error
    call.finish()
    if call.trouble is not None:
        raise call.trouble
    result = call.result(ending.exit_code)
    unexplained = result.lost_connection and call.evidence.connection is None and ending.stopped is None
    if unexplained and not call.was_connected:
        call.ask_ssh(command, environment)
        result = call.result(ending.exit_code)
    if call.gave_up and result.outcome is Outcome.FAILURE:
        result = replace(result, sentence=call.gave_up, detail=result.detail or result.sentence)
    cancelled = ending.stopped is process.StopReason.CANCELLED
    _log.debug(
        "borg %s: exit %d, %s (%s), stopped: %s", command.operation, result.exit_code, result.outcome,
        result.msgid or "no name", ending.stopped and ending.stopped.value,
    )  # fmt: skip
    saved = cancelled and call.has_committed
    return BorgAnswer(result, bytes(call.stdout), cancelled, gave_up=bool(call.gave_up), saved=saved)


class _Call:
    """One running call: receives both output streams."""

    def __init__(
        self,
        listen: Callable[[OutputEvent], None],
        operation: Operation,
        cancel: Cancel,
        marker: Marker,
        limits: Limits,
    ) -> None:
        self.marker = marker
        self.gave_up = ""
        """Why it was stopped without a cancel."""
        self._listen = listen
        self._operation = operation
        self._cancel = cancel
        self._limits = limits
        self._pulse = StallWatch(marker, computing=limits.stall or math.inf)
        self._reader = OutputReader()
        self.has_committed = False
        """Whether Borg has saved a checkpoint since it was asked to stop."""
        self.stdout = bytearray()
        self.reply: Callable[[bytes], None] | None = None
        """Receives the reply in place of *stdout*."""
        self.trouble: Exception | None = None
        """The first exception raised by the listener or by *reply*: the program that prints does not get it."""
        self._is_pointless = False
        """Whether *reply* has raised one."""
        self.evidence = Evidence()
        self.was_connected = False
        """Whether Borg had begun its work: if the connection ends later, a new one would not show why, but services
        would be down for longer."""

    def heard(self, stream: Stream, chunk: bytes) -> None:
        self._pulse.hear(chunk)
        if stream is Stream.STDERR:
            self._take(self._reader.feed(chunk))
        elif self.reply is not None:
            self._is_pointless = self._is_pointless or not self._told(self.reply, chunk)
        elif len(self.stdout) < _LARGEST_REPLY:
            self.stdout += chunk

    def _told(self, listener: Callable[[Any], None], what: object) -> bool:
        """Pass on a part of the output; return whether that worked."""
        try:
            listener(what)
        except Exception as error:
            _log.debug("the output of borg %s cannot be processed", self._operation, exc_info=True)
            self.trouble = self.trouble or error
            return False
        return True

    def finish(self) -> None:
        self._take(self._reader.finish())

    def _take(self, events: Sequence[OutputEvent]) -> None:
        for event in events:
            self.evidence.see(event)
            self._pulse.see(event)
            self.was_connected = self.was_connected or isinstance(event, ArchiveProgress)
            if isinstance(event, ProgressMessage) and event.msgid == _COMMIT and event.finished:
                self.has_committed = True
            self._told(self._listen, event)

    def result(self, exit_code: int) -> BorgResult:
        """Return the result of the call."""
        answered = bool(bytes(self.stdout).strip())
        return classify(self._operation, exit_code, self.evidence, reply_present=answered)

    def ask_ssh(self, command: BorgCommand, environment: Mapping[str, str]) -> None:
        """Find out through ssh why the connection failed."""
        for line in ssh_output(command.location, environment, self.marker, self._cancel):
            said = LogMessage(Level.WARNING, f"{REMOTE}{line}", "root", None)
            self.evidence.see(said)
            self._told(self._listen, said)

    def watch(self, elapsed: float) -> process.StopReason | None:
        """Return a reason to stop the call if it is cancelled, stalled or takes too long."""
        if self._is_pointless:
            return process.StopReason.CANCELLED
        if self._cancel.asked:
            # A long backup commits now and then: only the checkpoint written because of the stop counts.
            self.has_committed = False
            return process.StopReason.CANCELLED
        self.gave_up = self._limits.exceeded(elapsed, self._pulse.still_for())
        return process.StopReason.TIMED_OUT if self.gave_up else None

    def ladder(self) -> Sequence[process.Rung]:
        """Return the signals to stop Borg: SIGINT makes ``create`` write a checkpoint; other commands get SIGTERM.

        A single SIGINT lets Borg read to the end of a large file. So SIGTERM follows as soon as the checkpoint is
        written: measured to leave the checkpoint and no lock. A Borg blocked on something that does not respond is
        killed sooner.
        """
        gives_up = self._standing_still()
        term = process.Rung(
            signal.SIGTERM, _BORG_GRACE, whole_tree=False, satisfied=lambda: self._cancel.abandoned or gives_up()
        )
        if self._operation is not Operation.CREATE or not self._cancel.keep_checkpoint:
            return (term,)
        still = self._standing_still()
        checkpoint = process.Rung(
            signal.SIGINT, _CHECKPOINT_PATIENCE, whole_tree=False, satisfied=lambda: self.has_committed or still()
        )
        return checkpoint, term

    def _standing_still(self) -> Callable[[], bool]:
        """Return a function that says whether, since its first call, Borg has done nothing at all for a while."""
        pulses: list[StallWatch] = []

        def still() -> bool:
            if not pulses:
                pulses.append(StallWatch(self.marker, grain=1, silence=0))
            return pulses[0].still_for() >= _STILL

        return still


def usable_version(workspace: Workspace, cancel: Cancel | None = None, *, experimental: bool = False) -> BorgVersion:
    """Return the version of the Borg program if it is supported; *experimental* accepts Borg 2.

    Asking takes 0.2 s, so the answer is cached until the program's file changes.

    Raises:
        BorgUnusable: there is no Borg, it is below 1.2, or the program is not Borg.
        NoAnswer: a folder of the search path does not respond.
        Stopped: *cancel* was asked meanwhile.
    """
    (found,) = probe([("program", f"{workspace.borg}\n{workspace.environment.get('PATH', '')}")], cancel)
    if found is NoAnswer:
        raise NoAnswer(_("Borg could not be located, because a folder in the search path (PATH) is not responding."))
    if found is None:
        raise BorgUnusable(
            _("Borg is not installed (looked for “{program}”). {what_to_do}").format(
                program=workspace.borg, what_to_do=how_to_install()
            )
        )
    path = str(found["path"])
    known = _KnownVersions(workspace.paths.cache / "borg-versions.json", str(found["file"]))
    answer = known.look_up() or _ask(workspace, path)
    version = check_version(parse_version(answer), experimental=experimental)
    known.keep(answer)
    return version


def _ask(workspace: Workspace, path: str) -> str:
    command = Borg(path, workspace.environment).version()
    try:
        code, stdout, stderr = process.capture(command.argv, command.env, _VERSION_TIMEOUT)
    except process.StartFailed as error:
        raise BorgUnusable(_("Borg cannot be used: {error}").format(error=error)) from error
    if code != 0:
        last = stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BorgUnusable(
            _("Borg cannot be used: {command} failed (exit {code}). {words}")
            .format(command=f"{path} --version", code=code, words=last)
            .strip()
        )
    return stdout.decode(errors="replace").strip()


class _KnownVersions:
    """Cached versions by the path, size and modification time of programs."""

    def __init__(self, file: Path, key: str) -> None:
        self._file = file
        self._key = key

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
