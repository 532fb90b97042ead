"""A real systemd user manager, started in a mount namespace and a cgroup of its own; needs root."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SYSTEMD = Path("/usr/lib/systemd/systemd")
PATIENCE = 60.0
"""Seconds; waited only if a test fails."""

# Everything ends with the standard input, and so with the tests. The manager has no unit to start but its sockets and
# timers, and finds no unit of the person who runs the tests.
MANAGER = """
mount -t tmpfs none /run/systemd && mkdir /run/systemd/system && mount -t cgroup2 none /sys/fs/cgroup || exit 1
mkdir "/sys/fs/cgroup/$1" && [ -e "/sys/fs/cgroup/$1/cgroup.kill" ] || exit 1
sh -c 'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs" && exec "$2" --user --unit=basic.target' sh "$@" </dev/null &
echo mounted
cat
echo 1 >"/sys/fs/cgroup/$1/cgroup.kill"
wait
"""


class UserManager:
    """A systemd user manager whose programs have *environment*."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self.units = folder / "config" / "systemd" / "user"
        (folder / "run").mkdir(mode=0o700)
        self.environment = {
            **environment,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }

    def start(self) -> None:
        """Start it, and wait until it is ready; skips the test where that is not possible."""
        if os.geteuid() != 0:
            pytest.skip("starting a user manager needs root")
        if not SYSTEMD.exists() or shutil.which("systemctl") is None:
            pytest.skip("systemd is not installed")
        self._group = f"borgdesk-test-{os.getpid()}"
        address = self._folder / "notify"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(str(address))
            notified.settimeout(PATIENCE)
            self._shell = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", MANAGER, "sh", self._group, SYSTEMD],
                env={**self.environment, "NOTIFY_SOCKET": str(address)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert self._shell.stdout is not None
            if self._shell.stdout.readline() != b"mounted\n":
                _, complaint = self._shell.communicate()
                pytest.skip(f"no user manager can be started here: {complaint.decode().strip()}")
            while b"READY=1" not in notified.recv(4096):
                pass

    def log_out(self) -> None:
        """Let it stop its services and end, as when the last session of a user ends, and wait for that."""
        self._end(lambda _: self.systemctl("exit"))

    def end(self) -> None:
        """Kill it and all of its services, if it is there."""
        if self._shell.poll() is None:
            self._end(lambda group: (group / "cgroup.kill").write_text("1"))

    def _end(self, begin: Callable[[Path], object]) -> None:
        group = Path(f"/proc/{self._shell.pid}/root/sys/fs/cgroup", self._group)
        with (group / "cgroup.events").open() as events:
            begin(group)
            while "populated 1" in events.read():
                changed = select.poll()
                changed.register(events, select.POLLPRI)
                assert changed.poll(PATIENCE * 1000)
                events.seek(0)
        for path in sorted(group.rglob("*/"), reverse=True):
            path.rmdir()
        group.rmdir()
        self._shell.communicate()

    def inside(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program that sees the mounts that the manager sees."""
        argv = ["nsenter", f"--mount=/proc/{self._shell.pid}/ns/mnt", "--", *words]
        return subprocess.run(argv, env=self.environment, check=check, capture_output=True, text=True)

    def mount(self, folder: Path, place: Path) -> None:
        """Let what is in *folder* appear at *place*, as a disk that is connected does."""
        self.inside("mount", "--bind", str(folder), str(place))

    def unmount(self, place: Path, unit: str) -> None:
        """Disconnect it, and wait until the manager has noticed."""
        self.inside("umount", str(place))
        end = time.monotonic() + PATIENCE
        while self.systemctl("show", "--property=ActiveState", unit) != "ActiveState=inactive":
            assert time.monotonic() < end

    def drop_in(self, unit: str, text: str) -> Path:
        path = self.units / f"{unit}.d" / "test.conf"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return path

    def systemctl(self, *words: str) -> str:
        return subprocess.run(
            ["systemctl", "--user", *words], env=self.environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def reset(self, service: str) -> None:
        """Forget how a service ended, and how often it was started; one that has ended well is forgotten already."""
        subprocess.run(["systemctl", "--user", "reset-failed", service], env=self.environment, check=False)

    def stopped(self, service: str) -> None:
        """Wait until a service that ends has ended: a job for it waits for that."""
        self.systemctl("stop", service)
