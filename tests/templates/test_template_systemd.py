"""systemd: only running services are stopped, and only those are started again."""

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

VALUES = {"UNITS": "web.service db.service off.service"}
AS_BEFORE = {"web.service": "active", "db.service": "active", "off.service": "inactive"}


def _prepare(bench: Bench) -> None:
    for name, state in AS_BEFORE.items():
        bench.put(f"systemd/user/{name}", f"{state}\n")


def _services(bench: Bench) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in bench.world.glob("systemd/user/*")}


@pytest.fixture
def pair(bench: Bench) -> Pair:
    bench.stub("systemctl")
    bench.spy(*STATE_TOOLS)
    _prepare(bench)
    return Pair(
        "systemd-stop.sh",
        "systemd-start.sh",
        VALUES,
        lambda: _prepare(bench),
        lambda: _services(bench) == AS_BEFORE,
    )


def test_stops_and_starts(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES).code == 0
    assert _services(bench) == dict.fromkeys(AS_BEFORE, "inactive")
    undone = bench.run(pair.undo)
    assert [line for line in undone.lines("systemctl") if "start" in line] == [
        "systemctl --user start -- db.service",
        "systemctl --user start -- web.service",
    ]
    assert _services(bench) == AS_BEFORE
    pair.undo_twice(bench)


def test_services_of_the_system(bench: Bench, pair: Pair) -> None:
    bench.stub("sudo")
    bench.put("systemd/system/app.service", "active\n")
    done = bench.run(pair.do, {"UNITS": "app.service", "MANAGER": "system"})
    assert done.code == 0, done.stderr
    assert (bench.world / "systemd/system/app.service").read_text() == "inactive\n"
    assert bench.run(pair.undo).code == 0
    assert (bench.world / "systemd/system/app.service").read_text() == "active\n"
    assert _services(bench) == AS_BEFORE


def test_unknown_service_stops_nothing(bench: Bench, pair: Pair) -> None:
    done = bench.run(pair.do, {"UNITS": "web.service typo.service"})
    assert done.code == 1
    assert "'typo.service'" in done.stderr
    assert _services(bench) == AS_BEFORE


def test_stop_fails_half_way_then_undo(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES, fail="systemctl * stop * db.service").code == 1
    assert _services(bench)["web.service"] == "inactive"
    pair.undo_twice(bench)


def test_start_fails_then_works(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES).code == 0
    undone = bench.run(pair.undo, fail="systemctl * start * db.service")
    assert undone.code == 1
    assert _services(bench)["web.service"] == "active"
    pair.undo_twice(bench)


def test_killed_anywhere(bench: Bench, pair: Pair) -> None:
    assert pair.survives_every_kill(bench) > 6
    pair.survives_a_killed_undo(bench)
