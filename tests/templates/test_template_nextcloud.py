"""Nextcloud: maintenance mode is ended only if the template began it."""

import getpass
import os

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

NATIVE = {"INSTALLATION": "native", "WEB_USER": "www-data", "NEXTCLOUD_DIR": "/srv/next cloud"}
DOCKER = {"INSTALLATION": "docker", "CONTAINER": "cloud", "WEB_USER": "abc"}


@pytest.fixture
def cloud(bench: Bench) -> Bench:
    bench.stub("docker", "php", "runuser", "sudo")
    bench.put("docker/cloud/running")
    bench.put("nextcloud", "disabled")
    return bench


def _pair(bench: Bench, values: dict[str, str]) -> Pair:
    return Pair(
        "nextcloud-maintenance-on.sh",
        "nextcloud-maintenance-off.sh",
        values,
        lambda: bench.put("nextcloud", "disabled"),
        lambda: bench.fact("nextcloud") == "disabled",
    )


def test_native_runs_occ_as_the_web_user(cloud: Bench) -> None:
    done = cloud.run("nextcloud-maintenance-on.sh", NATIVE)
    assert done.code == 0, done.stderr
    assert cloud.fact("nextcloud") == "enabled"
    become = ["runuser", "-u"] if os.geteuid() == 0 else ["sudo", "-n", "-u"]
    assert done.calls[0].argv == [*become, "www-data", "--", "php", "/srv/next cloud/occ", "maintenance:mode"]
    _pair(cloud, NATIVE).undo_twice(cloud)


def test_native_as_the_web_user_itself(cloud: Bench) -> None:
    done = cloud.run("nextcloud-maintenance-on.sh", NATIVE | {"WEB_USER": getpass.getuser()})
    assert done.lines("runuser", "sudo") == []
    assert cloud.fact("nextcloud") == "enabled"


def test_docker(cloud: Bench) -> None:
    done = cloud.run("nextcloud-maintenance-on.sh", DOCKER)
    assert done.code == 0, done.stderr
    assert done.lines("docker")[-1] == "docker exec -u abc cloud php occ maintenance:mode --on"
    assert cloud.fact("nextcloud") == "enabled"
    _pair(cloud, DOCKER).undo_twice(cloud)


def test_upgrade_in_progress_is_left_alone(cloud: Bench) -> None:
    cloud.put("nextcloud", "enabled")
    done = cloud.run("nextcloud-maintenance-on.sh", NATIVE)
    assert done.code == 0
    assert "already" in done.stdout
    assert cloud.run("nextcloud-maintenance-off.sh", NATIVE).code == 0
    assert cloud.fact("nextcloud") == "enabled"


def test_second_do_of_one_run_still_knows_that_it_was_us(cloud: Bench) -> None:
    for _ in range(2):
        assert cloud.run("nextcloud-maintenance-on.sh", NATIVE).code == 0
    _pair(cloud, NATIVE).undo_twice(cloud)


def test_occ_cannot_run(cloud: Bench) -> None:
    cloud.put("occ-broken")
    done = cloud.run("nextcloud-maintenance-on.sh", NATIVE)
    assert done.code == 1
    assert "not compatible" in done.stderr


def test_on_fails_then_undo(cloud: Bench) -> None:
    assert cloud.run("nextcloud-maintenance-on.sh", NATIVE, fail="php * --on").code == 1
    _pair(cloud, NATIVE).undo_twice(cloud)


def test_off_fails_then_works(cloud: Bench) -> None:
    assert cloud.run("nextcloud-maintenance-on.sh", NATIVE).code == 0
    undone = cloud.run("nextcloud-maintenance-off.sh", NATIVE, fail="php * --off")
    assert undone.code == 1
    assert "by hand" in undone.stderr
    _pair(cloud, NATIVE).undo_twice(cloud)


@pytest.mark.parametrize("values", [NATIVE, DOCKER], ids=["native", "docker"])
def test_killed_anywhere(cloud: Bench, values: dict[str, str]) -> None:
    cloud.spy(*STATE_TOOLS)
    assert _pair(cloud, values).survives_every_kill(cloud) > 5
