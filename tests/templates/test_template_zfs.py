"""ZFS snapshots, against a stub: the kernel module is not in Debian itself. Above all, no dataset is ever destroyed."""

import time

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

VALUES = {"DATASETS": "tank/home tank/srv", "BUSY_TIMEOUT": "5"}


@pytest.fixture
def pair(bench: Bench) -> Pair:
    bench.stub("zfs")
    bench.put("zfs/tank,home", "/home")
    bench.put("zfs/tank,srv", "/srv")
    bench.put("zfs/tank,home@mine", "1")

    def prepare() -> None:
        for left in bench.world.glob("zfs/*@borgdesk-*"):
            left.unlink()

    return Pair("zfs-snapshot-create.sh", "zfs-snapshot-drop.sh", VALUES, prepare, lambda: _as_before(bench))


def _snapshots(bench: Bench) -> list[str]:
    return sorted(path.name for path in bench.world.glob("zfs/*@*"))


def _as_before(bench: Bench) -> bool:
    names = sorted(path.name for path in bench.world.glob("zfs/*"))
    return names == ["tank,home", "tank,home@mine", "tank,srv"] and not (bench.world / "dataset-destroyed").exists()


def test_all_in_one_instant(bench: Bench, pair: Pair) -> None:
    done = bench.run(pair.do, VALUES)
    assert done.code == 0, done.stderr
    assert done.lines("zfs")[-1] == "zfs snapshot tank/home@borgdesk-backup tank/srv@borgdesk-backup"
    assert "/home/.zfs/snapshot/borgdesk-backup" in done.stdout
    undone = bench.run(pair.undo, VALUES)
    assert undone.lines("zfs") == [
        "zfs destroy -- tank/home@borgdesk-backup",
        "zfs destroy -- tank/srv@borgdesk-backup",
    ]
    pair.undo_twice(bench)


def test_snapshot_of_another_run_is_not_touched(bench: Bench, pair: Pair) -> None:
    bench.put("zfs/tank,srv@borgdesk-backup", f"{int(time.time())}")
    done = bench.run(pair.do, VALUES)
    assert done.code == 1
    assert "another run" in done.stderr
    assert bench.run(pair.undo).code == 0
    assert "tank,srv@borgdesk-backup" in _snapshots(bench)


def test_leftover_from_before_the_boot_is_replaced(bench: Bench, pair: Pair) -> None:
    bench.put("zfs/tank,srv@borgdesk-backup", "1")
    assert bench.run(pair.do, VALUES).code == 0
    assert int(bench.fact("zfs/tank,srv@borgdesk-backup")) > 1
    pair.undo_twice(bench)


@pytest.mark.parametrize(
    "note", ["tank/home", "tank/home@mine", "tank/home@borgdesk-a%borgdesk-b", "tank@borgdesk-a,x"]
)
def test_note_that_is_no_snapshot_of_ours_is_refused(bench: Bench, pair: Pair, note: str) -> None:
    (bench.state / "zfs-snapshots").write_text(f"{note}\n")
    undone = bench.run(pair.undo)
    assert undone.code == 1
    assert "is not touched" in undone.stderr
    assert undone.calls == []
    assert _as_before(bench)


@pytest.mark.parametrize(
    "bad",
    [{"SNAPSHOT": "backup"}, {"SNAPSHOT": "borgdesk-a%b"}, {"DATASETS": "tank/home@x"}, {"DATASETS": "-r"}],
)
def test_bad_values(bench: Bench, pair: Pair, bad: dict[str, str]) -> None:
    done = bench.run(pair.do, VALUES | bad)
    assert (done.code, done.calls) == (1, [])


def test_dataset_with_nothing_to_read(bench: Bench, pair: Pair) -> None:
    bench.put("zfs/tank,srv", "legacy")
    done = bench.run(pair.do, VALUES)
    assert done.code == 1
    assert "legacy" in done.stderr
    pair.undo_twice(bench)


def test_create_fails_then_undo(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES, fail="zfs snapshot *").code == 1
    pair.undo_twice(bench)


def test_busy_snapshot_is_waited_for(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, VALUES).code == 0
    bench.put("zfs-busy")
    undone = bench.run(pair.undo, VALUES | {"BUSY_TIMEOUT": "0"})
    assert undone.code == 1
    assert "busy" in undone.stderr
    bench.put("zfs-busy")
    pair.undo_twice(bench)


def test_killed_anywhere(bench: Bench, pair: Pair) -> None:
    bench.spy(*STATE_TOOLS)
    assert pair.survives_every_kill(bench) > 5
    pair.survives_a_killed_undo(bench)
