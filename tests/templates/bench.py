"""Test bench for one template: a folder of stub programs, a private run, and a record of every program it started.

Every program that a test names (stub or spy) records its arguments and environment before it acts. It can be told to
fail, or to kill the whole script, including itself, with SIGKILL before or after it has acted. Each run is checked for
secret parameter values, which may appear in no argument, no output and no remaining file.
"""

import shutil
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from borgdesk.domain.parameters import block_lines

TEMPLATES = Path(__file__).resolve().parents[2] / "resources" / "templates"
STUBS = Path(__file__).resolve().parent / "stubs"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STATE_TOOLS = ("sync", "mv", "rm")
"""Programs that write a template's notes; as spies, they become places to kill it at."""


def block(template: str) -> dict[str, Any]:
    """Return the TOML of a template's parameter block."""
    found = block_lines((TEMPLATES / template).read_text(encoding="utf-8"))
    assert found, f"{template} has no parameter block"
    return tomllib.loads("\n".join(found[1]))


@dataclass(frozen=True, slots=True)
class Call:
    """A program that the template started."""

    argv: list[str]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a template."""

    code: int
    stdout: str
    stderr: str
    calls: list[Call]

    def lines(self, *tools: str) -> list[str]:
        """Return the command lines of the named programs, in order."""
        return [" ".join(call.argv) for call in self.calls if call.argv[0] in tools]


@dataclass(slots=True)
class Bench:
    """One run of BorgDesk, as a script sees it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.bin, self.home, self.state, self.world, self._calls):
            folder.mkdir(parents=True)

    @property
    def bin(self) -> Path:
        """The folder of stubs and spies, first in PATH."""
        return self.root / "bin"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def state(self) -> Path:
        """BORGDESK_STATE_DIR of the run."""
        return self.root / "state"

    @property
    def world(self) -> Path:
        """The state that the stubs simulate: containers, mounts, snapshots."""
        return self.root / "world"

    @property
    def _calls(self) -> Path:
        return self.root / "calls"

    def stub(self, *tools: str) -> None:
        """Add stub programs to PATH."""
        for tool in tools:
            (self.bin / tool).symlink_to(STUBS / tool)

    def spy(self, *tools: str) -> None:
        """Wrap real programs so that their calls are recorded, failed or killed like those of stubs."""
        for tool in tools:
            real = shutil.which(tool, path=SYSTEM_PATH)
            assert real, f"{tool} is not installed"
            program = self.bin / tool
            program.write_text(f'#!/bin/bash\nreal={real}\nsource "$BENCH_STUBS/spy.bash"\n')
            program.chmod(0o755)

    def fresh(self) -> None:
        """Begin another run without notes and records."""
        for folder in (self.state, self._calls):
            shutil.rmtree(folder)
            folder.mkdir()

    def put(self, name: str, text: str = "") -> Path:
        """Set a value in the simulated state."""
        path = self.world / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def fact(self, name: str) -> str:
        """Return a value of the simulated state, or ""."""
        path = self.world / name
        return path.read_text().strip() if path.exists() else ""

    def run(
        self,
        template: str,
        parameters: dict[str, str] | None = None,
        *,
        fail: str = "",
        kill: str = "",
        path: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> Result:
        """Run a template as BorgDesk does: with values, else defaults, else unset.

        fail is a glob of command lines that are to end with 1; kill is "3:before" or "3:after", for the third call.
        """
        declared = block(template).get("parameters", {})
        values = {name: p["default"] for name, p in declared.items() if "default" in p} | (parameters or {})
        # A pair shares its values, so one dictionary serves both sides here, too.
        values = {name: value for name, value in values.items() if name in declared}
        shutil.rmtree(self._calls)
        self._calls.mkdir()
        environment = {
            "PATH": path or f"{self.bin}:{SYSTEM_PATH}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "BORGDESK_STATE_DIR": str(self.state),
            "BORGDESK_RUN_ID": "17",
            "REPOSITORY_NAME": "photos",
            "BENCH_STUBS": str(STUBS),
            "BENCH_WORLD": str(self.world),
            "BENCH_CALLS": str(self._calls),
            "BENCH_FAIL": fail,
            "BENCH_KILL": kill,
        }
        done = subprocess.run(
            [TEMPLATES / template],
            env=environment | self.environment | values | (variables or {}),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode(), self._recorded())
        self._no_leak(result, [values[name] for name, p in declared.items() if p.get("secret") and values.get(name)])
        return result

    def _recorded(self) -> list[Call]:
        calls = []
        for path in sorted(self._calls.glob("*.argv"), key=lambda path: int(path.stem)):
            pairs = path.with_suffix(".env").read_bytes().decode(errors="replace").split("\0")
            environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            calls.append(Call(path.read_bytes().decode(errors="replace").split("\0")[:-1], environment))
        return calls

    def _no_leak(self, result: Result, secrets: list[str]) -> None:
        for secret in secrets:
            assert secret not in result.stdout, "secret on stdout"
            assert secret not in result.stderr, "secret on stderr"
            for call in result.calls:
                assert all(secret not in word for word in call.argv), f"secret in an argument: {call.argv[0]}"
            if result.code >= 0:
                for path in (*self.state.rglob("*"), *self.home.rglob("*")):
                    assert not path.is_file() or secret.encode() not in path.read_bytes(), f"secret left in {path.name}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A do side and its undo side, and a check that the original state is restored."""

    do: str
    undo: str
    parameters: dict[str, str]
    prepare: Callable[[], object]
    restored: Callable[[], bool]

    def undo_twice(self, bench: Bench, where: str = "") -> None:
        for time in ("first", "second"):
            result = bench.run(self.undo, self.parameters)
            assert result.code == 0, f"{where}: {time} undo: {result.stderr}"
            assert self.restored(), f"{where}: {time} undo left something behind: {result.stdout}{result.stderr}"
        assert not list(bench.state.iterdir()), f"{where}: notes are left"

    def survives_every_kill(self, bench: Bench) -> int:
        """Kill the do side before and after each program it starts, and undo twice; return the number of places."""
        self.prepare()
        bench.fresh()
        whole = bench.run(self.do, self.parameters)
        assert whole.code == 0, whole.stderr
        self.undo_twice(bench)
        for number, call in enumerate(whole.calls, start=1):
            for moment in ("before", "after"):
                where = f"killed {moment} call {number} ({' '.join(call.argv)})"
                self.prepare()
                bench.fresh()
                killed = bench.run(self.do, self.parameters, kill=f"{number}:{moment}")
                assert killed.code == -9, f"{where}: {killed}"
                # Killed while writing its notes, a script may leave a .partial file, which nobody reads.
                for leftover in bench.state.glob("*.partial"):
                    leftover.unlink()
                for leftover in bench.state.glob("*.command"):
                    if not leftover.with_suffix(".services").exists():
                        leftover.unlink()
                self.undo_twice(bench, where)
        return len(whole.calls)

    def survives_a_killed_undo(self, bench: Bench) -> None:
        """Kill the undo side before and after each program it starts, then let it run as a recovery would."""
        self.prepare()
        bench.fresh()
        assert bench.run(self.do, self.parameters).code == 0
        whole = bench.run(self.undo, self.parameters)
        assert whole.code == 0, whole.stderr
        for number, call in enumerate(whole.calls, start=1):
            for moment in ("before", "after"):
                where = f"undo killed {moment} call {number} ({' '.join(call.argv)})"
                self.prepare()
                bench.fresh()
                assert bench.run(self.do, self.parameters).code == 0
                assert bench.run(self.undo, self.parameters, kill=f"{number}:{moment}").code == -9, where
                for leftover in bench.state.glob("compose-*"):
                    if not leftover.with_suffix(".services").exists():
                        leftover.unlink()
                self.undo_twice(bench, where)
