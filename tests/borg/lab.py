"""Environment for recordings: a temporary folder with a source, a repository, and Borg's own state."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.command_options import CreateOptions
from borgdesk.borg.options import Encryption

TEMPLATE = "{hostname}-{now:%Y-%m-%dT%H:%M:%S.%f}"
RIGHT = "echo right"
"""A command that prints the passphrase."""


class CannotRecord(Exception):
    """The case cannot be recorded on this machine."""


@dataclass
class Answer:
    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes


@dataclass
class Lab:
    """A temporary folder with a source and Borg's own state."""

    program: str
    root: Path
    borg: Borg = field(init=False)
    passcommand: str | None = None
    """How Borg gets to a passphrase; the program itself passes one through a pipe, which recordings do not need."""

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

    def environment(self, command: BorgCommand) -> dict[str, str]:
        return {**command.env, **({"BORG_PASSCOMMAND": self.passcommand} if self.passcommand else {})}

    def run(self, command: BorgCommand, *, prefix: tuple[str, ...] = ()) -> Answer:
        done = subprocess.run(
            [*prefix, *command.argv],
            env=self.environment(command),
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
        """Return a call that the builders would refuse to make."""
        return replace(command, argv=tuple(argument.replace(old, new) for argument in command.argv))

    def signalled(self, *signals: signal.Signals) -> Answer:
        """Create an archive slowly, and send signals while the first file is read."""
        self.init()
        for number in range(3):
            self.random_file(f"big{number}", 8)
        command = self.create(compression="lzma,9")
        with (
            tempfile.TemporaryFile() as out,
            subprocess.Popen(
                command.argv,
                env=self.environment(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
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
