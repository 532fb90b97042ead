"""The systemd units: their text, and what is written, refused and taken back. systemctl is a stand-in here."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.schedule import units
from borgdesk.engine.schedule.unit_texts import NAMES, RUN, TICK, TIMER, UnitsUnusable, home_in, mount_unit, render
from borgdesk.engine.schedule.units import NoUserManager, Units, install, refresh, start_run, state, uninstall

SYSTEMCTL = """#!/bin/sh
shift
echo "$*" >>"$CALLS"
case "$1" in
    "$FAILING") echo "Failed to $1: not today." >&2; exit 1 ;;
    disable) [ -e "$XDG_CONFIG_HOME/systemd/user/$3" ] || { echo "Unit $3 does not exist." >&2; exit 1; } ;;
    show) echo "UnitFileState=$STATE" ;;
    list-units) printf %s "$UNDER_WAY" ;;
esac
"""
ANALYZE = """#!/bin/sh
echo "$3:5: $SAID" >&2
exit "$CODE"
"""


class Machine:
    """The folders of a user, and a systemctl that notes how it is called."""

    def __init__(self, folder: Path) -> None:
        self.programs, self.calls = folder / "programs", folder / "calls"
        self.units = folder / "config" / "systemd" / "user"
        self.private = folder / "runtime" / "systemd" / "private"
        self.programs.mkdir()
        self.private.parent.mkdir(parents=True)
        self.private.touch()
        self.provide("systemctl", SYSTEMCTL)
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "CALLS": str(self.calls),
            "FAILING": "nothing",
            "STATE": "enabled",
            "UNDER_WAY": "",
        }

    def provide(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def called(self) -> list[str]:
        """Return the calls of systemctl since the last time."""
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return calls

    def age(self) -> None:
        """Let the units look as if an older BorgDesk had written them."""
        (self.units / RUN).write_text("[Service]\nExecStart=/old/borgdesk\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(text: str) -> pytest.RaisesExc[BorgDeskError]:
    return pytest.raises(BorgDeskError, match=text)


# --- Their text ------------------------------------------------------------------------------------------------------


def test_the_services_start_this_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "borgdesk").write_text("#!/bin/sh\n")
    (tmp_path / "borgdesk").chmod(0o755)
    texts = render({})
    assert f'ExecStart=:"{tmp_path}/borgdesk" due --start\n' in texts[TICK]
    assert f'ExecStart=:"{tmp_path}/borgdesk" run --scheduled %i\n' in texts[RUN]


def test_a_program_in_a_folder_that_systemd_refuses_is_started_by_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", '/o\'brien/100% "of" $HOME;/py\\thon')
    assert (
        'ExecStart=:"/bin/sh" "-c" "exec \\"$@\\"" "sh" "/o\'brien/100%% \\"of\\" $HOME;/py\\\\thon" "-I" "-c" '
        in render({})[TICK]
    )


def test_a_run_that_is_killed_leaves_its_guardian_alone_and_is_no_failure_if_it_warned() -> None:
    assert {"Type=exec", "KillMode=process", "SuccessExitStatus=1 75 130", "TimeoutStopSec=15min"} <= set(
        render({})[RUN].splitlines()
    )


def test_variables_are_passed_only_if_they_are_set() -> None:
    environment = {
        "BORGDESK_HOME": "/b",
        "XDG_DATA_HOME": "",
        "TZ": "Europe/Vienna",
        "BORG_PASSPHRASE": "x",
        "HOME": "/h",
    }
    for name in (TICK, RUN):
        lines = [line for line in render(environment)[name].splitlines() if line.startswith("Environment")]
        assert lines == ['Environment="BORGDESK_HOME=/b"', 'Environment="TZ=Europe/Vienna"']


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_units_tell_whose_they_are(name: str) -> None:
    assert home_in(render({"BORGDESK_HOME": f"/{name}"})) == f"/{name}"


def test_what_is_no_utf_8_is_refused() -> None:
    with refused("not valid UTF-8"):
        render({"BORGDESK_HOME": "/caf\udce9"})


# --- Installing ------------------------------------------------------------------------------------------------------


def test_installing_writes_the_units_and_turns_the_timer_on(machine: Machine) -> None:
    install(machine.environment)
    assert machine.called()[1:] == ["daemon-reload", f"enable --now {TIMER}"]
    assert {name: (machine.units / name).read_text() for name in NAMES} == render(machine.environment)
    assert {stat.S_IMODE((machine.units / name).stat().st_mode) for name in NAMES} == {0o644}
    assert sorted(path.name for path in machine.units.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("failing", ["daemon-reload", "enable"])
def test_nothing_is_left_if_systemd_refuses(machine: Machine, failing: str) -> None:
    with refused(f"systemctl --user {failing}.*not today"):
        install({**machine.environment, "FAILING": failing})
    assert list(machine.units.iterdir()) == []
    assert machine.called()[-2:] == [f"disable --now {TIMER}", "daemon-reload"]


def test_older_units_are_back_if_systemd_refuses_the_new_ones(machine: Machine) -> None:
    install(machine.environment)
    machine.age()
    before = {path: path.read_bytes() for path in machine.units.iterdir()}
    with refused("not today"):
        install({**machine.environment, "FAILING": "enable"})
    assert {path: path.read_bytes() for path in machine.units.iterdir()} == before
    assert f"disable --now {TIMER}" not in machine.called()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_a_program_that_cannot_be_started_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with refused("/no/such/python is not executable"):
        install(machine.environment)
    assert not machine.units.exists()


@pytest.mark.parametrize(("code", "said"), [("0", "Unknown key name, ignoring."), ("1", "Bad unit.")])
def test_what_systemd_does_not_understand_is_refused(machine: Machine, code: str, said: str) -> None:
    machine.provide("systemd-analyze", ANALYZE)
    with refused(f"they were not installed: {TIMER}:5: {said}"):
        install({**machine.environment, "CODE": code, "SAID": said})
    assert not machine.units.exists()


def test_what_systemd_remarks_is_no_reason_to_refuse(machine: Machine) -> None:
    machine.provide("systemd-analyze", ANALYZE)
    install({**machine.environment, "CODE": "0", "SAID": "This key will be removed one day."})
    assert (machine.units / TIMER).exists()


def test_units_are_not_verified_where_systemd_cannot(machine: Machine) -> None:
    (machine.programs / "sh").symlink_to("/bin/sh")
    install({**machine.environment, "PATH": str(machine.programs)})
    assert (machine.units / TIMER).exists()


def test_a_folder_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.units.parent.mkdir(parents=True)
    machine.units.symlink_to("/proc/self/fdinfo")
    with refused(f"{machine.units}/.* cannot be written"):
        install(machine.environment)
    assert f"enable --now {TIMER}" not in machine.called()


def test_a_folder_that_is_none_is_named(machine: Machine) -> None:
    machine.units.parent.mkdir(parents=True)
    machine.units.touch()
    with refused(f"{machine.units} cannot be read: Not a directory"):
        install(machine.environment)


def test_a_systemctl_that_hangs_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_LIMIT", 0.1)
    machine.provide("systemctl", "#!/bin/sh\nexec sleep 600\n")
    with refused("systemctl did not respond"):
        state(machine.environment)


@pytest.mark.parametrize("lacking", ["socket", "program", "answer"])
def test_without_a_user_manager_nothing_is_written(machine: Machine, lacking: str) -> None:
    environment = machine.environment
    if lacking == "socket":
        machine.private.unlink()
    elif lacking == "program":
        (machine.programs / "systemctl").unlink()
        environment["PATH"] = str(machine.programs)
    else:
        machine.provide("systemctl", "#!/bin/sh\necho 'Failed to connect to bus: Connection refused' >&2; exit 1\n")
    with pytest.raises(NoUserManager):
        install(environment)
    assert not machine.units.exists()
    assert state(environment).units is Units.UNAVAILABLE


# --- Disks -----------------------------------------------------------------------------------------------------------

DISKS = {RepositoryId(3): "/media/me/My disk", RepositoryId(5): "/mnt/b"}
LINKS = ["media-me-My\\x20disk.mount.wants/borgdesk-disk-3.service", "mnt-b.mount.wants/borgdesk-disk-5.service"]


def links(machine: Machine) -> list[str]:
    return sorted(str(path.relative_to(machine.units)) for path in machine.units.glob("*.wants/*"))


@pytest.mark.parametrize(
    "path", ["/", "/media/me/My disk", "/mnt/.a/.b", "//x///y/", "/é-\\x/_:%", "/.hidden"], ids=lambda path: path
)
def test_the_unit_of_a_mount_has_the_name_that_systemd_gives_it(path: str) -> None:
    escaped = subprocess.run(
        ["systemd-escape", "--path", "--suffix=mount", path], check=True, capture_output=True, text=True
    )
    assert mount_unit(path) == escaped.stdout.strip()


def test_a_mount_point_that_systemd_cannot_watch() -> None:
    with refused("cannot watch .* too long"):
        mount_unit("/media/" + "é" * 100)


def test_a_disk_has_a_unit_that_its_mount_starts(machine: Machine) -> None:
    install(machine.environment, DISKS)
    text = (machine.units / "borgdesk-disk-3.service").read_text()
    assert "due --connected 3\n" in text
    assert text.endswith("[Install]\nWantedBy=media-me-My\\x20disk.mount\n")
    assert links(machine) == LINKS
    assert (machine.units / LINKS[0]).readlink() == machine.units / "borgdesk-disk-3.service"
    assert state(machine.environment, DISKS).units is Units.CURRENT
    assert state(machine.environment).units is Units.OUTDATED


def test_the_units_of_disks_follow_the_schedules(machine: Machine) -> None:
    install(machine.environment)
    (machine.units / "timers.target.wants").mkdir()
    (machine.units / "timers.target.wants" / TIMER).symlink_to(machine.units / TIMER)
    timer = f"timers.target.wants/{TIMER}"
    assert refresh(machine.environment, DISKS)
    assert links(machine) == [*LINKS, timer]
    assert not refresh(machine.environment, DISKS)
    assert refresh(machine.environment, {RepositoryId(5): "/mnt/c"})
    assert links(machine) == ["mnt-c.mount.wants/borgdesk-disk-5.service", timer]
    assert not (machine.units / "borgdesk-disk-3.service").exists()
    assert uninstall(machine.environment)
    assert [path.name for path in machine.units.rglob("*") if not path.is_dir()] == []


def test_a_disk_that_the_user_has_turned_off_stays_so(machine: Machine) -> None:
    install(machine.environment, DISKS)
    (machine.units / LINKS[1]).unlink()
    machine.age()
    assert refresh(machine.environment, DISKS)
    assert links(machine) == LINKS[:1]
    install(machine.environment, DISKS)
    assert links(machine) == LINKS


def test_while_the_timer_is_turned_off_no_disk_is_turned_on(machine: Machine) -> None:
    install(machine.environment)
    assert refresh(machine.environment, DISKS)
    assert links(machine) == []


def test_if_systemd_fails_the_units_of_disks_are_as_before(machine: Machine) -> None:
    install(machine.environment, DISKS)
    with refused("not today"):
        install({**machine.environment, "FAILING": "enable"}, {RepositoryId(9): "/mnt/b"})
    assert links(machine) == LINKS
    assert sorted(path.name for path in machine.units.glob("borgdesk-disk*")) == [
        "borgdesk-disk-3.service",
        "borgdesk-disk-5.service",
    ]


# --- What is there already -------------------------------------------------------------------------------------------


def test_the_state_of_the_units(machine: Machine) -> None:
    environment = machine.environment
    assert state(environment).units is Units.MISSING
    install(environment)
    assert state(environment).units is Units.CURRENT
    assert state({**environment, "PATH": environment["PATH"] + ":/opt/bin"}).units is Units.CURRENT
    assert state({**environment, "STATE": "disabled"}).units is Units.TURNED_OFF
    assert state({**environment, "BORGDESK_HOME": "/other"}).units is Units.FOREIGN
    assert state({**environment, "TZ": "Asia/Tokyo"}).units is Units.OUTDATED
    machine.age()
    assert state(environment).units is Units.OUTDATED


def test_units_that_are_current_or_missing_need_no_refreshing(machine: Machine) -> None:
    assert not refresh(machine.environment)
    assert not machine.units.exists()
    install(machine.environment)
    machine.called()
    assert not refresh(machine.environment)
    assert machine.called() == []


def test_outdated_units_are_refreshed_without_turning_them_on(machine: Machine) -> None:
    install(machine.environment)
    machine.age()
    machine.called()
    assert refresh(machine.environment)
    assert {name: (machine.units / name).read_text() for name in NAMES} == render(machine.environment)
    assert machine.called()[1:] == ["daemon-reload"]


def test_units_of_another_borgdesk_are_left_alone(machine: Machine) -> None:
    install(machine.environment)
    trial = {**machine.environment, "BORGDESK_HOME": "/trial"}
    assert not refresh(trial)
    for change in (install, uninstall):
        with pytest.raises(UnitsUnusable, match="without BORGDESK_HOME"):
            change(trial)
    assert {name: (machine.units / name).read_text() for name in NAMES} == render(machine.environment)
    uninstall(machine.environment)
    install(trial)
    with pytest.raises(UnitsUnusable, match="BORGDESK_HOME is /trial"):
        uninstall(machine.environment)


def test_masked_units_stay_masked(machine: Machine) -> None:
    install(machine.environment)
    (machine.units / TIMER).unlink()
    (machine.units / TIMER).symlink_to("/dev/null")
    assert state({**machine.environment, "STATE": "masked"}).units is Units.TURNED_OFF
    assert not refresh(machine.environment)
    with refused(f"systemctl --user unmask {TIMER}"):
        install(machine.environment)
    assert uninstall(machine.environment)
    assert [path.name for path in machine.units.iterdir()] == [TIMER]


def test_uninstalling_removes_the_units_and_nothing_else(machine: Machine) -> None:
    assert not uninstall(machine.environment)
    assert machine.called() == []
    install(machine.environment)
    machine.called()
    drop_in = machine.units / f"{TIMER}.d" / "override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Timer]\n")
    (machine.units / "other.service").touch()
    assert uninstall(machine.environment)
    assert [call for call in machine.called() if "list" not in call][:2] == [f"disable --now {TIMER}", "daemon-reload"]
    assert sorted(path.name for path in machine.units.iterdir()) == [drop_in.parent.name, "other.service"]
    assert drop_in.exists()


def test_the_unit_of_a_run_under_way_is_removed_later(machine: Machine) -> None:
    install(machine.environment)
    assert uninstall({**machine.environment, "UNDER_WAY": "borgdesk-run@7.service loaded active running"})
    assert [path.name for path in machine.units.iterdir()] == [RUN]
    assert state({**machine.environment, "STATE": ""}).units is Units.MISSING
    assert not refresh({**machine.environment, "BORGDESK_HOME": "/other"})
    assert refresh(machine.environment)
    assert list(machine.units.iterdir()) == []


def test_units_can_be_removed_without_a_user_manager(machine: Machine) -> None:
    install(machine.environment)
    wanted = machine.units / "timers.target.wants"
    wanted.mkdir()
    (wanted / TIMER).symlink_to(machine.units / TIMER)
    machine.private.unlink()
    assert uninstall(machine.environment)
    assert list(machine.units.rglob("*")) == [wanted]


def test_a_run_is_started_by_the_id_of_its_repository(machine: Machine) -> None:
    start_run(machine.environment, RepositoryId(7))
    assert machine.called() == ["start --no-block borgdesk-run@7.service"]
    with refused("systemctl --user start --no-block borgdesk-run@7.service.*not today"):
        start_run({**machine.environment, "FAILING": "start"}, RepositoryId(7))


def test_lingering_is_known(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pwd

    monkeypatch.setattr(units, "_LINGER", tmp_path)
    assert not state(machine.environment).lingers
    (tmp_path / pwd.getpwuid(os.getuid()).pw_name).touch()
    assert state(machine.environment).lingers
