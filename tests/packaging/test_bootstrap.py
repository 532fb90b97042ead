"""packaging/bootstrap.sh on simulated machines: what it installs, what it prints, what it leaves unchanged."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
TOOLS = "bash cat comm cut dirname env flock grep head rm sed sha256sum sort tr true".split()
ORDINARY_USER = 1000
ROOT = 0


class Machine:
    """A copy of the project's packaging folder, and a PATH that only has stubs and harmless tools."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.bin = folder / "bin"
        self.notes = folder / "notes"
        for made in (self.project / "packaging", self.bin, self.notes):
            made.mkdir(parents=True)
        shutil.copy(PACKAGING / "bootstrap.sh", self.project / "packaging")
        self.write_list("run", "borgbackup  # makes the backups", "", "# Qt", "libgl1")
        self.write_list("test", "xvfb")
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.project / "packaging" / name).touch()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, tool
            (self.bin / tool).symlink_to(found)
        self.stub("python3", f'exec {Path(sys.base_prefix) / "bin" / "python3"} "$@"')
        self.stub("systemctl", "exit 0")
        self.stub("apt-cache", f'grep -qx -- "$3" {self.notes}/known')
        self.stub("dpkg-query", f"cat {self.notes}/dpkg")
        self.stub("apt-get", f'echo "$@" >>{self.notes}/apt-get')
        for name in ("apt-get", "dpkg", "known"):
            (self.notes / name).touch()
        self.user(ROOT)

    def stub(self, name: str, *lines: str) -> None:
        program = self.bin / name
        program.write_text("\n".join([f"#!{self.bin}/bash", *lines, ""]))
        program.chmod(0o755)

    def user(self, uid: int) -> None:
        self.stub("id", f"echo {uid}")

    def write_list(self, name: str, *lines: str) -> None:
        (self.project / "packaging" / f"apt-{name}.txt").write_text("\n".join([*lines, ""]))

    def installed(self, *packages: str) -> None:
        self.dpkg(*(f"installed {package}, " for package in packages))

    def dpkg(self, *lines: str) -> None:
        (self.notes / "dpkg").write_text("\n".join([*lines, ""]))

    def known_to_apt(self, *packages: str) -> None:
        (self.notes / "known").write_text("".join(f"{package}\n" for package in packages))

    def require(self, requirement: str) -> None:
        (self.project / "packaging" / "requirements.txt").write_text(f"{requirement}\n")

    @property
    def python(self) -> Path:
        return self.project / ".venv" / "bin" / "python"

    def traces(self) -> list[tuple[Path, int, int]]:
        """Return what a set-up that did anything would have changed."""
        venv = self.project / ".venv"
        looked_at = [*venv.iterdir(), *(venv / "bin").iterdir(), *venv.glob("lib/python3*/site-packages/*")]
        return [(path, path.lstat().st_ino, path.lstat().st_mtime_ns) for path in looked_at]

    @property
    def apt_get_calls(self) -> list[str]:
        return (self.notes / "apt-get").read_text().splitlines()

    def set_up(self, purpose: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.project / "packaging" / "bootstrap.sh", purpose],
            env={
                "PATH": str(self.bin),
                "HOME": str(self.notes),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.notes),
                **environment,
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def write_wheel(file: Path) -> None:
    """Write the smallest wheel: one empty module, named as the file says."""
    name, version, *_ = file.name.split("-")
    information = f"{name}-{version}.dist-info"
    with ZipFile(file, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("sudo", [None, "exit 1"], ids=["no sudo", "sudo asks for a password"])
def test_a_user_without_root_is_told_what_to_install(machine: Machine, sudo: str | None) -> None:
    machine.user(ORDINARY_USER)
    machine.installed("libgl1")
    if sudo is not None:
        machine.stub("sudo", sudo)

    told = machine.set_up("test")

    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr == (
        "set-up: Debian packages are missing; install them with: "
        "sudo apt-get update && sudo apt-get install --no-install-recommends borgbackup xvfb\n"
    )
    assert machine.apt_get_calls == []
    assert not (machine.project / ".venv").exists()


def test_running_needs_fewer_packages_than_testing(machine: Machine) -> None:
    machine.user(ORDINARY_USER)

    told = machine.set_up("run")

    assert told.stderr.endswith("--no-install-recommends borgbackup libgl1\n")


def test_root_gets_the_missing_packages_installed_without_an_update(machine: Machine) -> None:
    machine.installed("libgl1")
    machine.known_to_apt("borgbackup")

    machine.set_up(PYTHON="/bin/false")

    assert machine.apt_get_calls == ["install -q -y --no-install-recommends borgbackup"]


def test_only_what_is_really_installed_counts(machine: Machine) -> None:
    machine.user(ORDINARY_USER)
    machine.dpkg(
        "config-files borgbackup, ",
        "installed borgbackup-doc, ",
        "installed libgl1t64, libgl-any, libgl1 (= 1.7.0)",
    )

    told = machine.set_up("run")

    assert told.stderr.endswith("--no-install-recommends borgbackup\n")


def test_sudo_that_asks_nothing_is_used(machine: Machine) -> None:
    machine.user(ORDINARY_USER)
    machine.known_to_apt("borgbackup", "libgl1")
    machine.stub("sudo", f'printf "%s " "$@" >>{machine.notes}/sudo', "shift", 'exec "$@"')

    machine.set_up(PYTHON="/bin/false")

    assert machine.apt_get_calls == ["install -q -y --no-install-recommends borgbackup libgl1"]
    assert "-n env DEBIAN_FRONTEND=noninteractive apt-get install" in (machine.notes / "sudo").read_text()


def test_package_lists_are_updated_when_apt_does_not_know_a_name(machine: Machine) -> None:
    machine.installed("libgl1")

    machine.set_up(PYTHON="/bin/false")

    assert machine.apt_get_calls == ["update -q", "install -q -y --no-install-recommends borgbackup"]


def test_package_lists_are_updated_when_they_are_too_old_to_install_from(machine: Machine) -> None:
    machine.installed("libgl1")
    machine.known_to_apt("borgbackup")
    machine.stub(
        "apt-get", f'echo "$1" >>{machine.notes}/apt-get', f"[ $1 = update ] || grep -q update {machine.notes}/apt-get"
    )

    machine.set_up(PYTHON="/bin/false")

    assert machine.apt_get_calls == ["install", "update", "install"]


def test_a_failing_apt_get_ends_the_set_up(machine: Machine) -> None:
    machine.stub("apt-get", "exit 100")

    told = machine.set_up()

    assert told.returncode == 1
    assert told.stderr.splitlines()[-1] == "set-up: apt-get could not install: borgbackup libgl1"
    assert not (machine.project / ".venv").exists()


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    machine.installed("borgbackup", "libgl1")
    machine.stub("python3.9", "exit 1")

    told = machine.set_up(PYTHON="python3.9")

    assert told.returncode == 1
    assert told.stderr.startswith("set-up: Python 3.11 or newer is needed and 'python3.9' is not")
    assert not (machine.project / ".venv").exists()


@pytest.fixture(scope="module")
def finished_machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Set up one machine completely: creating a .venv takes seconds."""
    machine = Machine(tmp_path_factory.mktemp("finished"))
    machine.installed("borgbackup", "libgl1")
    for name in ("shipped", "other"):
        write_wheel(machine.notes / f"{name}-1-py3-none-any.whl")
    machine.require("")
    done = machine.set_up()
    assert done.returncode == 0, done.stderr
    return machine


@pytest.mark.xdist_group("finished_machine")
def test_a_second_call_changes_nothing(finished_machine: Machine) -> None:
    finished_machine.require("")
    finished_machine.set_up()
    before = finished_machine.traces()

    second = finished_machine.set_up()

    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert finished_machine.traces() == before


@pytest.mark.xdist_group("finished_machine")
def test_the_project_can_be_imported_from_any_folder(finished_machine: Machine) -> None:
    told = subprocess.run(
        [finished_machine.python, "-c", "import sys; print(*sys.path, sep='\\n')"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(finished_machine.project) in told.stdout.splitlines()


@pytest.mark.xdist_group("finished_machine")
def test_changed_requirements_are_installed(finished_machine: Machine) -> None:
    digest = hashlib.sha256((finished_machine.notes / "shipped-1-py3-none-any.whl").read_bytes()).hexdigest()
    finished_machine.require(f"shipped==1 --hash=sha256:{digest}")

    told = finished_machine.set_up()

    assert told.returncode == 0, told.stderr
    subprocess.run([finished_machine.python, "-c", "import shipped"], check=True)


@pytest.mark.xdist_group("finished_machine")
@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("other==1", "--require-hashes"),
        (f"other==1 --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
        (f"nowhere==1 --hash=sha256:{'0' * 64}", "No matching distribution"),
    ],
    ids=["no hash", "wrong hash", "not in the index"],
)
def test_a_requirement_that_cannot_be_trusted_ends_every_set_up(
    finished_machine: Machine, requirement: str, reason: str
) -> None:
    finished_machine.require(requirement)

    for _ in range(2):
        told = finished_machine.set_up()
        assert told.returncode == 1
        assert reason in told.stderr
        assert told.stderr.splitlines()[-1] == "set-up: pip could not install packaging/requirements.txt"


@pytest.mark.xdist_group("finished_machine")
def test_the_environment_of_a_moved_project_is_made_again(finished_machine: Machine, machine: Machine) -> None:
    shutil.rmtree(machine.project)
    shutil.copytree(finished_machine.project, machine.project, symlinks=True)
    machine.installed("borgbackup", "libgl1")
    machine.require("")

    told = machine.set_up()

    assert told.returncode == 0, told.stderr
    pip = machine.project / ".venv" / "bin" / "pip"
    version = subprocess.run([pip, "--version"], capture_output=True, text=True, check=True)
    assert f"{machine.project}/.venv/" in version.stdout


def test_an_unknown_purpose_is_wrong_usage(machine: Machine) -> None:
    assert machine.set_up("play").returncode == 64
