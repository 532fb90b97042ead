"""LVM snapshots, against stubs: not every kernel has the device mapper."""

from pathlib import Path

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

ORIGIN = "lv_name=home\nsegtype=linear\norigin=\nlv_path=/dev/vg/home\n"


@pytest.fixture
def pair(bench: Bench, tmp_path: Path) -> Pair:
    bench.stub("lvs", "lvcreate", "lvremove", "blkid", "mount", "umount", "findmnt")
    bench.put("lvm/vg,home", ORIGIN)
    folder = tmp_path / "mnt"
    folder.mkdir()
    values = {"VOLUME": "vg/home", "MOUNT_POINT": str(folder), "BUSY_TIMEOUT": "0"}

    def prepare() -> None:
        (bench.world / "mounted").unlink(missing_ok=True)
        (bench.world / "lvm" / "vg,borgdesk-backup").unlink(missing_ok=True)

    return Pair("lvm-snapshot-create.sh", "lvm-snapshot-drop.sh", values, prepare, lambda: _as_before(bench))


def _volumes(bench: Bench) -> list[str]:
    return sorted(path.name for path in bench.world.glob("lvm/*"))


def _as_before(bench: Bench) -> bool:
    spoiled = (bench.world / "volume-removed").exists() or (bench.world / "mounted").exists()
    return _volumes(bench) == ["vg,home"] and not spoiled


def test_snapshot_is_mounted_read_only(bench: Bench, pair: Pair) -> None:
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 0, done.stderr
    assert done.lines("lvcreate") == ["lvcreate --yes --snapshot --name borgdesk-backup --extents 10%ORIGIN -- vg/home"]
    assert done.lines("mount") == [f"mount -o ro -- /dev/vg/borgdesk-backup {pair.parameters['MOUNT_POINT']}"]
    undone = bench.run(pair.undo, pair.parameters)
    assert undone.lines("umount", "lvremove") == [
        f"umount -- {pair.parameters['MOUNT_POINT']}",
        "lvremove --force --yes -- vg/borgdesk-backup",
    ]
    pair.undo_twice(bench)


def test_size_thin_and_xfs(bench: Bench, pair: Pair) -> None:
    bench.put("filesystem", "xfs\n")
    done = bench.run(pair.do, pair.parameters | {"SIZE": "5G"})
    assert "--size 5G" in done.lines("lvcreate")[0]
    assert " ro,nouuid " in done.lines("mount")[0]
    pair.undo_twice(bench)
    bench.put("lvm/vg,home", ORIGIN.replace("linear", "thin"))
    done = bench.run(pair.do, pair.parameters)
    assert done.lines("lvcreate") == [
        "lvcreate --yes --snapshot --name borgdesk-backup --setactivationskip n -- vg/home"
    ]
    pair.undo_twice(bench)


def test_btrfs_on_lvm_is_refused(bench: Bench, pair: Pair) -> None:
    bench.put("filesystem", "btrfs\n")
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 1
    assert done.lines("mount") == []
    pair.undo_twice(bench)


def test_snapshot_that_ran_full_is_told_once(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    path = bench.world / "lvm" / "vg,borgdesk-backup"
    path.write_text(path.read_text().replace("lv_attr=swi-a-s", "lv_attr=swi-I-s"))
    undone = bench.run(pair.undo, pair.parameters)
    assert undone.code == 1
    assert "do not trust" in undone.stderr
    assert _as_before(bench)
    pair.undo_twice(bench)


@pytest.mark.parametrize("step", ["lvcreate *", "mount *", "blkid *"])
def test_do_fails_half_way_then_undo(bench: Bench, pair: Pair, step: str) -> None:
    done = bench.run(pair.do, pair.parameters, fail=step)
    # An unknown file system is no reason to stop: mount detects it.
    assert done.code == (0 if step.startswith("blkid") else 1)
    pair.undo_twice(bench)


@pytest.mark.parametrize("step", ["lvremove *", "umount *", "lvs *"])
def test_undo_fails_then_works(bench: Bench, pair: Pair, step: str) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    undone = bench.run(pair.undo, pair.parameters, fail=step)
    assert undone.code == 1
    assert "was not removed" in undone.stderr
    pair.undo_twice(bench)


def test_snapshot_of_another_run_is_not_touched(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    bench.fresh()
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 1
    assert "another run" in done.stderr
    assert bench.run(pair.undo, pair.parameters).code == 0
    assert _volumes(bench) == ["vg,borgdesk-backup", "vg,home"]
    assert bench.fact("mounted")


def test_leftover_from_before_the_boot_is_replaced(bench: Bench, pair: Pair) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    bench.fresh()
    path = bench.world / "lvm" / "vg,borgdesk-backup"
    path.write_text("origin=home\nlv_time=1\nlv_path=/dev/vg/borgdesk-backup\n")
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 0, done.stderr
    pair.undo_twice(bench)


def test_volume_of_the_same_name_is_never_removed(bench: Bench, pair: Pair) -> None:
    bench.put(
        "lvm/vg,borgdesk-backup", "lv_name=borgdesk-backup\norigin=\nlv_path=/dev/vg/borgdesk-backup\nlv_time=1\n"
    )
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 1
    assert "choose another name" in done.stderr
    for note in ("vg/home", "vg/borgdesk-backup"):
        (bench.state / "lvm-1").write_text(f"{note}\nhome\n{pair.parameters['MOUNT_POINT']}\n")
        assert bench.run(pair.undo, pair.parameters).code == 1
    assert _volumes(bench) == ["vg,borgdesk-backup", "vg,home"]


def test_mount_point_in_use(bench: Bench, pair: Pair) -> None:
    bench.put("mounted", f"/dev/sdz {pair.parameters['MOUNT_POINT']}\n")
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 1
    assert "mounted" in done.stderr
    assert _volumes(bench) == ["vg,home"]
    assert bench.run(pair.undo, pair.parameters).code == 0
    assert bench.fact("mounted")


@pytest.mark.parametrize(
    "bad", [{"VOLUME": "home"}, {"VOLUME": "-f/x"}, {"SNAPSHOT": "home"}, {"SIZE": "lots"}, {"MOUNT_POINT": "mnt"}]
)
def test_bad_values(bench: Bench, pair: Pair, bad: dict[str, str]) -> None:
    done = bench.run(pair.do, pair.parameters | bad)
    assert (done.code, done.calls) == (1, [])


def test_killed_anywhere(bench: Bench, pair: Pair) -> None:
    bench.spy(*STATE_TOOLS)
    assert pair.survives_every_kill(bench) > 8
    pair.survives_a_killed_undo(bench)
