"""libvirt: only running machines are suspended, and only those are resumed."""

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

VALUES = {"DOMAINS": "web db off"}
AS_BEFORE = {"web": "running", "db": "running", "off": "shut off"}


def _prepare(bench: Bench) -> None:
    for name, state in AS_BEFORE.items():
        bench.put(f"libvirt/{name}", f"{state}\n")


def _machines(bench: Bench) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in bench.world.glob("libvirt/*")}


@pytest.fixture
def pair(bench: Bench) -> Pair:
    bench.stub("virsh")
    bench.spy(*STATE_TOOLS)
    _prepare(bench)
    return Pair(
        "libvirt-suspend.sh",
        "libvirt-resume.sh",
        VALUES,
        lambda: _prepare(bench),
        lambda: _machines(bench) == AS_BEFORE,
    )


def test_suspends_and_resumes(bench: Bench, pair: Pair) -> None:
    done = bench.run(pair.do, VALUES | {"CONNECTION": "qemu:///session"})
    assert done.code == 0
    assert _machines(bench) == {"web": "paused", "db": "paused", "off": "shut off"}
    undone = bench.run(pair.undo)
    assert [line for line in undone.lines("virsh") if "resume" in line] == [
        "virsh -c qemu:///session resume --domain db",
        "virsh -c qemu:///session resume --domain web",
    ]
    pair.undo_twice(bench)


def test_paused_by_somebody_else_stays_paused(bench: Bench, pair: Pair) -> None:
    bench.put("libvirt/web", "paused\n")
    assert bench.run(pair.do, VALUES).code == 0
    assert bench.run(pair.undo).code == 0
    assert _machines(bench) == AS_BEFORE | {"web": "paused"}


def test_unknown_machine_suspends_nothing(bench: Bench, pair: Pair) -> None:
    done = bench.run(pair.do, {"DOMAINS": "web typo"})
    assert done.code == 1
    assert "'typo'" in done.stderr
    assert _machines(bench) == AS_BEFORE


def test_suspend_fails_half_way_then_undo(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES, fail="virsh * suspend * db").code == 1
    assert _machines(bench)["web"] == "paused"
    pair.undo_twice(bench)


def test_resume_fails_then_works(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES).code == 0
    undone = bench.run(pair.undo, fail="virsh * resume * db")
    assert undone.code == 1
    assert _machines(bench)["web"] == "running"
    pair.undo_twice(bench)


def test_killed_anywhere(bench: Bench, pair: Pair) -> None:
    assert pair.survives_every_kill(bench) > 6
    pair.survives_a_killed_undo(bench)
