"""Record what a real Borg answers, as test data: argv, exit code and both streams of one call per case.

    .venv/bin/python -m tests.borg.record [--borg PROGRAM] [CASE...]

Run from the top of the repository, once with Borg 1.2 and once with 1.4. Everything happens in a temporary folder. Each
case becomes ``tests/data/borg/<1.2|1.4>/<case>/`` with ``call.json``, ``stdout`` and ``stderr``; what names this
machine (folders, host, user) is replaced by neutral words, all else is kept byte by byte. A case that cannot be made
here (``no_space`` needs root for its tmpfs) says so and leaves the recording that is there.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import Borg, BorgCommand, CheckOptions, CreateOptions, PruneOptions
from borgdesk.borg.environment import PassphraseCommand
from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Retention

DATA = Path(__file__).parents[1] / "data" / "borg"
TEMPLATE = "{hostname}-{now:%Y-%m-%dT%H:%M:%S.%f}"
RIGHT = PassphraseCommand("echo right")
CASES: dict[str, Callable[[Lab], Answer]] = {}


class CannotRecord(Exception):
    """This machine cannot make the case."""


@dataclass
class Answer:
    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes


@dataclass
class Lab:
    """A temporary folder with a source, and a Borg whose state lives there too."""

    program: str
    root: Path
    borg: Borg = field(init=False)

    def __post_init__(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "TZ": "UTC",
            "BORG_BASE_DIR": str(self.root / "base"),
            "BORG_HOST_ID": "host@1",
            "BORG_SELFTEST": "disabled",
        }
        self.borg = Borg(self.program, environment, lock_wait=1)
        self.source.mkdir()
        (self.source / "file.txt").write_text("some text\n")
        (self.source / "grüße.txt").write_text("non-ASCII name\n")

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def repository(self) -> str:
        return str(self.root / "repository")

    def options(self, *sources: Path | str, **others: object) -> CreateOptions:
        paths = tuple(str(source) for source in sources) or (str(self.source),)
        return replace(CreateOptions(TEMPLATE, paths, list_files=True), **others)  # type: ignore[arg-type]

    def random_file(self, name: str, megabytes: int) -> Path:
        path = self.source / name
        path.write_bytes(os.urandom(megabytes * 1_000_000))
        return path

    def run(self, command: BorgCommand, *, prefix: tuple[str, ...] = ()) -> Answer:
        done = subprocess.run(
            [*prefix, *command.argv],
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
            cwd=self.root,
            check=False,
        )
        return Answer(command.argv, done.returncode, done.stdout, done.stderr)

    def must(self, command: BorgCommand) -> Answer:
        answer = self.run(command)
        if answer.exit_code:
            raise CannotRecord(answer.stderr.decode(errors="replace"))
        return answer

    def init(self, encryption: Encryption = Encryption.NONE) -> Answer:
        return self.must(self.borg.init(self.repository, encryption))

    def create(self, *sources: Path | str, **others: object) -> BorgCommand:
        return self.borg.create(self.repository, self.options(*sources, **others))

    def raw(self, command: BorgCommand, old: str, new: str) -> BorgCommand:
        """A call that the builders refuse to make."""
        return replace(command, argv=tuple(argument.replace(old, new) for argument in command.argv))

    def signalled(self, *signals: signal.Signals) -> Answer:
        """Create an archive slowly and send signals while the first file is read."""
        self.init()
        for number in range(3):
            self.random_file(f"big{number}", 8)
        command = self.create(compression="lzma,9")
        with (
            tempfile.TemporaryFile() as out,
            subprocess.Popen(
                command.argv, env=dict(command.env), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE
            ) as child,
        ):
            assert child.stderr is not None
            stderr = b""
            while b'"original_size": 8' not in stderr:
                stderr += child.stderr.readline()
            for number in signals:
                child.send_signal(number)
                time.sleep(0.1)
            stderr += child.stderr.read()
            child.wait()
            out.seek(0)
            return Answer(command.argv, child.returncode, out.read(), stderr)


def case(function: Callable[[Lab], Answer]) -> Callable[[Lab], Answer]:
    CASES[function.__name__] = function
    return function


@case
def version(lab: Lab) -> Answer:
    return lab.run(lab.borg.version())


@case
def init_encrypted(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    return lab.init(Encryption.REPOKEY_BLAKE2)


@case
def init_existing(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.borg.init(lab.repository, Encryption.NONE))


@case
def init_without_parent(lab: Lab) -> Answer:
    return lab.run(lab.borg.init(str(lab.root / "no" / "parent"), Encryption.NONE))


@case
def info(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.must(lab.create())
    return lab.run(lab.borg.info(lab.repository))


@case
def list_archives(lab: Lab) -> Answer:
    lab.init()
    for _ in range(2):
        lab.must(lab.create(comment="a comment: ü"))
    return lab.run(lab.borg.list_archives(lab.repository))


@case
def create_success(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    lab.init(Encryption.REPOKEY_BLAKE2)
    return lab.run(lab.create())


@case
def create_not_utf8(lab: Lab) -> Answer:
    lab.init()
    (Path(os.fsdecode(os.fsencode(lab.source) + b"/bad\xff name"))).write_text("x")
    return lab.run(lab.create())


@case
def create_file_changed(lab: Lab) -> Answer:
    lab.init()
    path, done = lab.source / "file.txt", threading.Event()

    def touch() -> None:
        while not done.is_set():
            os.utime(path)

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        return lab.run(lab.create())
    finally:
        done.set()
        thread.join()


def _unprivileged() -> tuple[str, ...]:
    """Root may read everything unless these rights are taken away."""
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@case
def create_permission_denied(lab: Lab) -> Answer:
    lab.init()
    (lab.source / "file.txt").chmod(0)
    return lab.run(lab.create(), prefix=_unprivileged())


@case
def create_missing_source(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.create(lab.source, lab.root / "gone"))


@case
def create_read_error(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.create(lab.source, "/proc/self/mem"))


@case
def create_mixed_warnings(lab: Lab) -> Answer:
    lab.init()
    (lab.source / "file.txt").chmod(0)
    return lab.run(lab.create(lab.source, lab.root / "gone"), prefix=_unprivileged())


@case
def create_archive_exists(lab: Lab) -> Answer:
    lab.init()
    lab.must(lab.create(archive_name="same"))
    return lab.run(lab.create(archive_name="same"))


@case
def create_bad_placeholder(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(), "{hostname}", "{nope}"))


@case
def create_bad_regex(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(excludes=("re:x",)), "re:x", "re:("))


@case
def create_bad_option(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(), "--compression=lz4", "--compression=nope"))


@case
def create_quota_exceeded(lab: Lab) -> Answer:
    lab.must(lab.raw(lab.borg.init(lab.repository, Encryption.NONE), "--log-json", "--storage-quota=10M"))
    lab.random_file("big", 24)
    return lab.run(lab.create())


@case
def create_no_space(lab: Lab) -> Answer:
    small = lab.root / "small"
    small.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", small], check=False).returncode
    ):
        raise CannotRecord("a small file system cannot be mounted")
    try:
        location = str(small / "repository")
        lab.must(lab.borg.init(location, Encryption.NONE))
        lab.random_file("big", 5)
        return lab.run(lab.borg.create(location, lab.options()))
    finally:
        subprocess.run(["umount", small], check=True)


@case
def create_sigterm(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGTERM)


@case
def create_sigint(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGINT)


@case
def create_sigint_twice(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGINT, signal.SIGINT)


@case
def create_sigkill(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGKILL)


@case
def wrong_passphrase(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.borg = replace(lab.borg, passphrase=PassphraseCommand("echo wrong"))
    return lab.run(lab.borg.info(lab.repository))


@case
def no_passphrase(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.borg = replace(lab.borg, passphrase=None)
    return lab.run(lab.borg.info(lab.repository))


@case
def passcommand_failed(lab: Lab) -> Answer:
    lab.borg = replace(lab.borg, passphrase=RIGHT)
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.borg = replace(lab.borg, passphrase=PassphraseCommand("false"))
    return lab.run(lab.borg.info(lab.repository))


@case
def not_a_repository(lab: Lab) -> Answer:
    return lab.run(lab.borg.info(str(lab.source)))


@case
def missing_repository(lab: Lab) -> Answer:
    return lab.run(lab.borg.info(lab.repository))


@case
def ssh_failed(lab: Lab) -> Answer:
    borg = replace(lab.borg, ssh_command="sh -c 'echo no route to host >&2; sleep 0.5; exit 255'")
    return lab.run(borg.info("ssh://user@localhost/repository"))


@contextlib.contextmanager
def _locked(lab: Lab) -> Iterator[None]:
    """Another Borg holds the repository's lock while the block runs."""
    flag, command = lab.root / "locked", lab.borg.version()
    child = ["sh", "-c", f"touch {flag}; exec sleep 60"]
    holder = subprocess.Popen(
        [lab.program, "with-lock", lab.repository, *child], env=dict(command.env), start_new_session=True
    )
    while not flag.exists():
        time.sleep(0.02)
    try:
        yield
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()


@case
def lock_timeout(lab: Lab) -> Answer:
    lab.init()
    with _locked(lab):
        return lab.run(lab.create())


@case
def relocated_refused(lab: Lab) -> Answer:
    lab.init()
    lab.must(lab.create())
    moved = lab.root / "moved"
    Path(lab.repository).rename(moved)
    return lab.run(lab.borg.info(str(moved)))


@case
def unencrypted_refused(lab: Lab) -> Answer:
    lab.init()
    shutil.rmtree(lab.root / "base")
    return lab.run(lab.borg.info(lab.repository))


def _two_archives(lab: Lab) -> None:
    lab.init()
    for number in range(2):
        lab.random_file("changing", 1)
        lab.must(lab.create(archive_name=f"host-2026-01-0{number + 1}"))


def _prune(lab: Lab, *, dry_run: bool) -> Answer:
    options = PruneOptions(series_glob("host-{now:%Y-%m-%d}"), Retention(last=1), dry_run)
    return lab.run(lab.borg.prune(lab.repository, options))


@case
def prune_preview(lab: Lab) -> Answer:
    _two_archives(lab)
    return _prune(lab, dry_run=True)


@case
def prune(lab: Lab) -> Answer:
    _two_archives(lab)
    return _prune(lab, dry_run=False)


@case
def compact(lab: Lab) -> Answer:
    _two_archives(lab)
    _prune(lab, dry_run=False)
    return lab.run(lab.borg.compact(lab.repository))


@case
def check(lab: Lab) -> Answer:
    _two_archives(lab)
    return lab.run(lab.borg.check(lab.repository, CheckOptions()))


@case
def check_damaged(lab: Lab) -> Answer:
    _two_archives(lab)
    segment = max((Path(lab.repository) / "data").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)
    return lab.run(lab.borg.check(lab.repository, CheckOptions()))


@case
def break_lock(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.borg.break_lock(lab.repository))


def _neutral(content: bytes, lab: Lab) -> bytes:
    """*content* without what names this machine."""
    program = Path(lab.program)
    words = {str(lab.root): "/sample", str(program): "borg"}
    if program.parent.parent.name not in ("usr", "local", ""):
        words[str(program.parent.parent)] = "/opt/borg"
    for word, neutral in words.items():
        content = content.replace(word.encode(), neutral.encode())
    host, user = socket.gethostname(), getpass.getuser()
    for form in ('"%s"', " %s ", '"%s-', "::%s-", " %s-"):
        content = content.replace((form % host).encode(), (form % "host").encode())
    return content.replace(f'"username": "{user}"'.encode(), b'"username": "user"')


def _write(folder: Path, answer: Answer, lab: Lab) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    call = {"argv": answer.argv, "exit_code": answer.exit_code}
    text = json.dumps(call, indent=1, ensure_ascii=False) + "\n"
    (folder / "call.json").write_bytes(_neutral(text.encode(), lab))
    (folder / "stdout").write_bytes(_neutral(answer.stdout, lab))
    (folder / "stderr").write_bytes(_neutral(answer.stderr, lab))


def main() -> int:
    parser = argparse.ArgumentParser(description="Record what a real Borg answers.")
    parser.add_argument("--borg", default="borg")
    parser.add_argument("cases", nargs="*", choices=[[], *CASES])
    arguments = parser.parse_args()
    program = shutil.which(arguments.borg)
    if program is None:
        sys.exit(f"there is no {arguments.borg}")
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    branch = ".".join(answer.split()[1].split(".")[:2])
    for name in arguments.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="record-", ignore_cleanup_errors=True) as folder:
            lab = Lab(program, Path(folder))
            try:
                recorded = CASES[name](lab)
            except CannotRecord as reason:
                sys.stdout.write(f"{branch} {name}: cannot be recorded here: {reason}\n")
                continue
            _write(DATA / branch / name, recorded, lab)
            sys.stdout.write(f"{branch} {name}: {recorded.exit_code}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
