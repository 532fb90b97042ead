"""The guardian's fallback for when BorgDesk itself is gone: replaced, removed, or on a disk that is unavailable.

All of it is loaded before the first script of a run starts: it imports nothing later and uses neither database nor
keyring. Scripts are started through a supervisor, which records their exit codes as usual, so that a later recovery
does not run them again.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
import time

from borgdesk.engine.processes import supervisor
from borgdesk.engine.processes.process_environment import read_environment
from borgdesk.engine.processes.supervisor import HALF
from borgdesk.translation import _, ngettext

TYPE_CHECKING = False  # importing typing takes longer than all other imports here
if TYPE_CHECKING:
    from collections.abc import Callable

_TERM, _KILL, _PIPE, _FILE_SIZE = 15, 9, 13, 25
"""Signals by number: importing their names takes longer than starting the guardian."""

_GRACE = 1.0
"""Seconds that processes left by a dead run get to end by themselves."""

_TERM_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL for a script that timed out."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
"""Seconds between two attempts to start a script if the system lacks resources."""

_GLANCE = 0.05


class Owed:
    """A script to be run when the application has died, with everything it needs."""

    def __init__(
        self,
        number: int,
        name: str,
        timeout: float,
        text: bytes,
        request: tuple[bytes, ...],
        held: tuple[str, str, int] | None = None,
    ) -> None:
        """*number* is the execution id, *timeout* is in seconds, *request* is the message to its supervisor.

        The last argument in *request* is a file with the *text* of the script. If the script starts again what several
        runs keep stopped, *held* is the folder of the holds, the key, and the number of the run.
        """
        self.number = number
        self.name = name
        self.timeout = timeout
        self.text = text
        self.request = request
        self.held = held
        self.is_left = False
        """Whether another run starts it."""

    @property
    def record(self) -> bytes:
        """The path of its record."""
        return self.request[0]


def pack(mark: str, owed: list[Owed]) -> bytes:
    """Serialise a run's *mark* and what it owes for another process of the same Python."""
    values = [(one.number, one.name, one.timeout, one.text, one.request, one.held) for one in owed]
    return marshal.dumps((mark, values))


def unpack(packed: bytes) -> tuple[str, list[Owed]]:
    """Deserialise what :func:`pack` returned."""
    mark, owed = marshal.loads(packed)  # noqa: S302 - from the application, through a pipe that only it has
    return mark, [Owed(*values) for values in owed]


def texts_in(packed: bytes) -> list[bytes]:
    """Return the script texts in what :func:`pack` returned."""
    return [one.text for one in unpack(packed)[1]]


def put_back(packed: bytes) -> tuple[list[str], list[str]]:
    """Kill what the dead run left running, and run the scripts it owes, in order and each once.

    Returns the names of the scripts that ended, and of those that did not.
    """
    mark, owed = unpack(packed)
    numbers = {str(one.number) for one in owed}
    _signal_until_gone(mark, lambda who: who == "borg" or (who.isdigit() and who not in numbers), _GRACE)
    for one in owed:
        _see_to(mark, one)
    done = [one.name for one in owed if one.is_left or _has_ended(one)]
    return done, [one.name for one in owed if one.name not in done]


def _see_to(mark: str, one: Owed) -> None:
    """Run a script to its end, unless it has ended; wait for one that is running."""
    end = time.monotonic() + one.timeout
    if one.held is not None and not _is_ours(one, one.held, end):
        return
    _start(mark, one, end)
    if one.held is not None and _has_ended(one):
        _give_back(one, one.held)


def load_holds() -> None:
    """Load what decides about services that several runs keep stopped. Most runs do without."""
    import borgdesk.engine.runs.hold_file  # noqa: F401 - it is found among the loaded modules later


def _is_ours(one: Owed, held: tuple[str, str, int], end: float) -> bool:
    """Return whether a script that starts something for several runs is up to this one, and wait for nobody else."""
    from borgdesk.engine.runs import hold_file, hold_process

    folder, key, run = held
    pause = _FIRST_PAUSE
    while not (_has_ended(one) or _is_under_way(one)):
        try:
            who = hold_process.this_process()
            answer, other, marks = hold_file.give_back(folder, key, run, who, stopped=True)
        except OSError as error:
            say(f"“{one.name}” has to wait: {error.strerror}")
            if time.monotonic() + pause > end:
                return False
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            continue
        if answer not in (hold_file.LAST, hold_file.AGAIN):
            say(f"“{one.name}” is left to run {other}")
            one.is_left = answer != hold_file.BUSY
            return False
        for reader in marks:
            _signal_until_gone(reader, lambda who: who == "borg", _GRACE)
        break
    return True


def _give_back(one: Owed, held: tuple[str, str, int]) -> None:
    from borgdesk.engine.runs import hold_file

    folder, key, run = held
    code = _read(one.record)[HALF:].split()[1:2]
    if code != [b"0"]:
        return  # whoever writes the history keeps the notes for the next attempt
    try:
        hold_file.gave_back(folder, key, run, started=True)
    except OSError as error:
        say(f"that “{one.name}” ended cannot be recorded: {error.strerror}")


def _start(mark: str, one: Owed, end: float) -> None:
    pause = _FIRST_PAUSE
    while not _has_ended(one):
        if _is_under_way(one):
            _wait_for(mark, one, end)
            return
        say(f"“{one.name}” is started")
        problem = _run(mark, one)
        if problem is None or time.monotonic() + pause > end:
            return
        say(f"“{one.name}” could not be started: {problem}")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _has_ended(one: Owed) -> bool:
    return _read(one.record)[HALF:].startswith(b"ended")


def _is_under_way(one: Owed) -> bool:
    state, supervised_by, boot = [*_read(one.record)[:HALF].split(), b"", b"", b""][:3]
    if state != b"running" or boot != supervisor.boot():
        return False
    try:
        return supervisor.identity(int(supervised_by.partition(b":")[0])) == supervised_by
    except OSError:
        return False


def _read(path: bytes) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 4 * HALF)
    finally:
        os.close(descriptor)


def _wait_for(mark: str, one: Owed, end: float) -> None:
    while _is_under_way(one) and not _has_ended(one):
        if time.monotonic() >= end:
            _stop(mark, one)
            return
        time.sleep(_GLANCE)


def _run(mark: str, one: Owed) -> str | None:
    """Start a script and wait for its end; return why it was not started, or None."""
    try:
        return _run_supervised(mark, one)
    except OSError as error:
        return error.strerror


def _run_supervised(mark: str, one: Owed) -> str | None:
    ours, commands = os.pipe()
    replies, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        # The supervisor's module is loaded already; as a program of its own it might be gone.
        os.close(commands)
        os.close(replies)
        supervisor.serve(ours, theirs, (_PIPE, _FILE_SIZE))
        os._exit(0)
    os.close(ours)
    os.close(theirs)
    try:
        supervisor.receive(replies)
        supervisor.send(commands, _with_its_text(one))
        answer = supervisor.receive(replies)
        if answer is None or answer[0] != supervisor.STARTED:
            return os.strerror(int(answer[1])) if answer is not None else _("its supervisor was ended")
        outputs = [os.open(f"/proc/{pid}/fd/{int(pipe)}", os.O_RDONLY | os.O_CLOEXEC) for pipe in answer[2:4]]
        _until_ended(mark, one, replies, outputs)
    finally:
        os.close(commands)
        os.close(replies)
        os.waitpid(pid, 0)
    return None


def in_memory(text: bytes) -> bytes:
    """Create a file of *text* in memory; return its name, which is valid as long as this process lives."""
    descriptor = os.memfd_create("script")
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return b"/proc/%d/fd/%d" % (os.getpid(), descriptor)


def _with_its_text(one: Owed) -> tuple[bytes, ...]:
    """Return the message to its supervisor, with a file of its text in memory: the one on disk may be gone."""
    record, folder, count, *words = one.request
    last = int(count) - 1
    if _has(words[last], one.text):
        return one.request
    say(f"“{one.name}” is run from memory")
    words[last] = in_memory(one.text)
    return (record, folder, count, *words)


def _has(path: bytes, text: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return os.read(descriptor, len(text) + 1) == text
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _until_ended(mark: str, one: Owed, replies: int, outputs: list[int]) -> None:
    """Read its output, so that it does not block, but discard it: secrets in it cannot be masked here."""
    events = select.poll()
    for descriptor in (replies, *outputs):
        events.register(descriptor, select.POLLIN)
    end = time.monotonic() + one.timeout
    while True:
        ready = events.poll(max(0.0, end - time.monotonic()) * 1000)
        for descriptor, _event in ready:
            if descriptor == replies:
                return
            if not os.read(descriptor, 1 << 16):
                events.unregister(descriptor)
                os.close(descriptor)
        if time.monotonic() >= end:
            _stop(mark, one)
            end = time.monotonic() + _TERM_GRACE


def _stop(mark: str, one: Owed) -> None:
    say(f"“{one.name}” took longer than {one.timeout:.0f} s and is ended")
    _signal_until_gone(mark, lambda who: who == str(one.number), _TERM_GRACE)


def _signal_until_gone(mark: str, concerns: Callable[[str], bool], grace: float) -> None:
    """Send SIGTERM, and SIGKILL after *grace* seconds, to the run's processes whose execution *concerns* selects."""
    told: set[int] = set()
    end = time.monotonic() + grace
    while (found := _processes(mark, concerns)) and time.monotonic() < end + _TERM_GRACE:
        late = time.monotonic() >= end
        for pid in found:
            if late or pid not in told:
                _signal(pid, _KILL if late else _TERM)
        told.update(found)
        time.sleep(_GLANCE)


def _processes(mark: str, concerns: Callable[[str], bool]) -> list[int]:
    """Return the pids of the run's processes whose execution *concerns* selects, oldest first."""
    name, _, value = mark.partition("=")
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes time to import
        if entry.isdigit() and int(entry) != os.getpid():
            variables = _environment(int(entry))
            if variables.get(name) == value and concerns(variables.get("BORGDESK_EXECUTION_ID", "")):
                found.append(int(entry))
    return sorted(found)


def _environment(pid: int) -> dict[str, str]:
    try:
        entries = os.fsdecode(read_environment(pid)).split("\0")
    except OSError:
        return {}
    return {name: value for name, _, value in (entry.partition("=") for entry in entries)}


def _signal(pid: int, number: int) -> None:
    try:  # noqa: SIM105 - contextlib takes time to import
        os.kill(pid, number)
    except OSError:
        pass


def listed(names: list[str]) -> str:
    """Join names of scripts; :mod:`borgdesk.domain.enumeration` does the same, but would have to be imported."""
    quoted = [_("“{name}”").format(name=name) for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return _("{some} and {last}").format(some=", ".join(quoted[:-1]), last=quoted[-1])


def in_words(done: list[str], not_done: list[str]) -> str:
    """Return what happened to the owed scripts, as a sentence."""
    sentences = []
    if done:
        sentences.append(
            ngettext("{scripts} ran afterwards.", "{scripts} ran afterwards.", len(done)).format(scripts=listed(done))
        )
    if not_done:
        sentences.append(
            ngettext(
                "{scripts} did not finish. Check that all services are running.",
                "{scripts} did not finish. Check that all services are running.",
                len(not_done),
            ).format(scripts=listed(not_done))
        )
    return " ".join(sentences) or _("There was nothing to put back.")


def tell(title: str, text: str) -> None:
    """Show a notification, if there is a desktop and a program for that."""
    try:
        words = ["notify-send", "--app-name=BorgDesk", "--urgency=critical", "--", title, text]
        os.posix_spawnp(words[0], words, os.environ)
    except OSError:
        pass


def say(text: str) -> None:
    """Write to the guardian's log."""
    sys.stderr.write(f"guardian: {text}\n")
    sys.stderr.flush()
