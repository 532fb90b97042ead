"""Waking a machine and suspending it again: a UDP socket is its network card, a TCP port its service."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair
from tests.templates.servers import free_port

MAC = "00-11-22-AA-BB-CC"
PACKET = b"\xff" * 6 + bytes.fromhex("001122aabbcc") * 16


@dataclass(slots=True)
class Machine:
    """A machine that a packet wakes and that a file named asleep (written by the stub of ssh) suspends."""

    port: int
    card: socket.socket
    packets: list[bytes] = field(default_factory=list)
    service: socket.socket | None = None

    def wake(self) -> None:
        if self.service is None:
            self.service = socket.create_server(("127.0.0.1", self.port))

    def sleep(self) -> None:
        if self.service is not None:
            self.service.close()
            self.service = None

    def listen(self, wakes: bool) -> None:
        """Receive packets until an empty one comes: record them, and wake if told to."""
        while packet := self.card.recv(2000):
            self.packets.append(packet)
            if wakes:
                self.wake()


@pytest.fixture
def machine() -> Iterator[Machine]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        made = Machine(free_port(), card)
        yield made
        made.sleep()


@contextlib.contextmanager
def _listening(machine: Machine, wakes: bool = True) -> Iterator[None]:
    thread = threading.Thread(target=machine.listen, args=(wakes,))
    thread.start()
    try:
        yield
    finally:
        machine.card.sendto(b"", machine.card.getsockname())
        thread.join()


@pytest.fixture
def values(machine: Machine) -> dict[str, str]:
    return {
        "MAC": MAC,
        "WAKE_HOST": "127.0.0.1",
        "SERVICE_PORT": str(machine.port),
        "BROADCAST": "127.0.0.1",
        "WAKE_PORT": str(machine.card.getsockname()[1]),
        "DEADLINE": "20",
        "SSH_TARGET": "me@nas",
        "SLEEP_TIMEOUT": "0",
    }


@pytest.fixture
def ssh(bench: Bench, machine: Machine) -> Iterator[Bench]:
    """Provide an ssh that asks the machine over a socket to sleep, and exits with 255 as if the connection were cut."""
    with socket.create_server(("127.0.0.1", 0)) as desk:
        port = desk.getsockname()[1]
        program_text = f"""#!/bin/bash
source "$BENCH_STUBS/record.bash"
exec 3<>/dev/tcp/127.0.0.1/{port}
echo sleep >&3
read -r -u 3 answer
finish 255
"""
        (bench.bin / "ssh").write_text(program_text)
        (bench.bin / "ssh").chmod(0o755)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    caller, _ = desk.accept()
                    with caller:
                        if caller.recv(100) == b"sleep\n":
                            machine.sleep()
                            caller.sendall(b"done\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield bench
        stop.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


def test_wakes_waits_and_sleeps_again(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    ssh.spy("python3")
    with _listening(machine):
        done = ssh.run("wake-on-lan.sh", values)
    assert done.code == 0, done.stderr
    assert machine.packets[0] == PACKET
    undone = ssh.run("wake-on-lan-sleep.sh", values)
    assert undone.code == 0, undone.stderr
    assert undone.lines("ssh") == ["ssh -n -o BatchMode=yes -o ConnectTimeout=10 -- me@nas systemctl suspend"]
    assert machine.service is None
    again = ssh.run("wake-on-lan-sleep.sh", values)
    assert (again.code, again.calls) == (0, [])


def test_machine_that_was_awake_stays_awake(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    machine.wake()
    with _listening(machine):
        assert ssh.run("wake-on-lan.sh", values).code == 0
    assert machine.packets == []
    undone = ssh.run("wake-on-lan-sleep.sh", values)
    assert (undone.code, undone.calls) == (0, [])
    assert machine.service


def test_machine_that_does_not_wake_skips_the_run(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    with _listening(machine, wakes=False):
        done = ssh.run("wake-on-lan.sh", values | {"DEADLINE": "1"})
    assert done.code == 75
    assert "not now" in done.stderr
    assert machine.packets == [PACKET]
    undone = ssh.run("wake-on-lan-sleep.sh", values)
    assert (undone.code, undone.calls) == (0, [])


def test_machine_that_wakes_late_is_still_sent_to_sleep(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    with _listening(machine, wakes=False):
        assert ssh.run("wake-on-lan.sh", values | {"DEADLINE": "1"}).code == 75
    machine.wake()
    assert ssh.run("wake-on-lan-sleep.sh", values).code == 0
    assert machine.service is None


def test_the_last_run_turns_off_the_light(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    with _listening(machine):
        assert ssh.run("wake-on-lan.sh", values).code == 0
    other = {"BORGDESK_STATE_DIR": str(ssh.root / "other")}
    (ssh.root / "other").mkdir()
    assert ssh.run("wake-on-lan.sh", values, variables=other).code == 0
    first = ssh.run("wake-on-lan-sleep.sh", values)
    assert (first.code, first.calls) == (0, [])
    assert machine.service, "the other run still uses it"
    assert ssh.run("wake-on-lan-sleep.sh", values, variables=other).code == 0
    assert machine.service is None


def test_machine_that_does_not_fall_asleep_is_tried_again(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    with _listening(machine):
        assert ssh.run("wake-on-lan.sh", values).code == 0
    undone = ssh.run("wake-on-lan-sleep.sh", values, fail="ssh *")
    assert undone.code == 1
    assert "still awake" in undone.stderr
    assert ssh.run("wake-on-lan-sleep.sh", values).code == 0
    assert machine.service is None


def test_with_wakeonlan(bench: Bench, machine: Machine, values: dict[str, str]) -> None:
    packet = PACKET.hex()
    text = f"""#!/bin/bash
source "$BENCH_STUBS/record.bash"
python3 -c 'import socket, sys
card = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
card.sendto(bytes.fromhex("{packet}"), (sys.argv[2], int(sys.argv[4])))' "$@"
finish 0
"""
    (bench.bin / "wakeonlan").write_text(text)
    (bench.bin / "wakeonlan").chmod(0o755)
    with _listening(machine):
        done = bench.run("wake-on-lan.sh", values)
    assert done.code == 0, done.stderr
    assert done.lines("wakeonlan") == [f"wakeonlan -i 127.0.0.1 -p {values['WAKE_PORT']} 00:11:22:aa:bb:cc"]


def test_packet_that_cannot_be_sent(bench: Bench, values: dict[str, str]) -> None:
    bench.spy("python3")
    done = bench.run("wake-on-lan.sh", values, fail="python3 *")
    assert done.code == 1
    assert "could not be sent" in done.stderr


@pytest.mark.parametrize(
    "bad", [{"MAC": "1:2:3"}, {"WAKE_HOST": "nas; reboot"}, {"WAKE_HOST": "x/../22"}, {"DEADLINE": "soon"}]
)
def test_bad_values(bench: Bench, values: dict[str, str], bad: dict[str, str]) -> None:
    assert bench.run("wake-on-lan.sh", values | bad).code == 1


def test_killed_anywhere(ssh: Bench, machine: Machine, values: dict[str, str]) -> None:
    ssh.spy("python3", "flock", *STATE_TOOLS)

    def cards() -> list[str]:
        desks = ssh.home / ".local" / "state" / "borgdesk-wake-on-lan" / "001122aabbcc"
        return [path.name for path in (*desks.glob("cards/*"), *desks.glob("woken"))]

    pair = Pair(
        "wake-on-lan.sh",
        "wake-on-lan-sleep.sh",
        values,
        machine.sleep,
        lambda: machine.service is None and cards() == [],
    )
    with _listening(machine):
        assert pair.survives_every_kill(ssh) >= 3
