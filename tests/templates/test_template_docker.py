"""Docker and Compose: only running containers are stopped, and all of them are restarted."""

from pathlib import Path

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair

NAMES = ["web", "worker", "db"]
VALUES = {"CONTAINERS": "web worker\ndb"}


@pytest.fixture
def docker(bench: Bench) -> Bench:
    bench.stub("docker")
    for name in (*NAMES, "idle"):
        bench.put(f"docker/{name}/label", "backup.stop=true" if name != "worker" else "")
    _all_up(bench)
    return bench


def _all_up(bench: Bench) -> None:
    for name in NAMES:
        bench.put(f"docker/{name}/running")


def _up(bench: Bench) -> list[str]:
    return sorted(path.parent.name for path in bench.world.glob("docker/*/running"))


def _pair(bench: Bench) -> Pair:
    return Pair(
        "docker-stop.sh", "docker-start.sh", VALUES, lambda: _all_up(bench), lambda: _up(bench) == sorted(NAMES)
    )


def test_stops_in_order_and_starts_in_reverse(docker: Bench) -> None:
    done = docker.run("docker-stop.sh", VALUES | {"GRACE": "90"})
    assert done.code == 0
    assert [line for line in done.lines("docker") if "stop" in line] == [
        f"docker stop -t 90 -- {name}" for name in NAMES
    ]
    assert _up(docker) == []
    undone = docker.run("docker-start.sh", VALUES)
    assert undone.lines("docker") == [f"docker start -- {name}" for name in reversed(NAMES)]
    _pair(docker).undo_twice(docker)


def test_what_was_down_or_paused_stays_so(docker: Bench) -> None:
    paused = docker.put("docker/db/paused")
    done = docker.run("docker-stop.sh", {"CONTAINERS": "web idle db"})
    assert done.code == 0
    assert _up(docker) == ["db", "worker"]
    assert docker.run("docker-start.sh").code == 0
    assert _up(docker) == sorted(NAMES)
    assert paused.exists()


def test_by_label(docker: Bench) -> None:
    assert docker.run("docker-stop.sh", {"LABEL": "backup.stop=true"}).code == 0
    assert _up(docker) == ["worker"]
    _pair(docker).undo_twice(docker)


def test_unknown_container_stops_nothing(docker: Bench) -> None:
    done = docker.run("docker-stop.sh", {"CONTAINERS": "web typo"})
    assert done.code == 1
    assert "'typo'" in done.stderr
    _pair(docker).undo_twice(docker)


def test_container_that_would_vanish_is_refused(docker: Bench) -> None:
    docker.put("docker/db/autoremove")
    done = docker.run("docker-stop.sh", VALUES)
    assert done.code == 1
    assert "--rm" in done.stderr
    assert _up(docker) == sorted(NAMES)


def test_dead_daemon_is_no_stopped_container(docker: Bench) -> None:
    docker.put("docker-down")
    assert docker.run("docker-stop.sh", VALUES).code == 1
    assert docker.run("docker-stop.sh", {"LABEL": "x"}).code == 1


def test_stop_fails_half_way_then_undo(docker: Bench) -> None:
    done = docker.run("docker-stop.sh", VALUES, fail="docker stop * worker")
    assert done.code == 1
    assert _up(docker) == ["db", "worker"]
    _pair(docker).undo_twice(docker)


def test_start_that_fails_keeps_its_note_for_the_next_try(docker: Bench) -> None:
    assert docker.run("docker-stop.sh", VALUES).code == 0
    undone = docker.run("docker-start.sh", VALUES, fail="docker start * db")
    assert undone.code == 1
    assert "'db'" in undone.stderr
    assert _up(docker) == ["web", "worker"]
    _pair(docker).undo_twice(docker)


def test_waits_for_health(docker: Bench) -> None:
    docker.put("docker/db/health", "starting")
    values = VALUES | {"HEALTH_TIMEOUT": "1"}
    assert docker.run("docker-stop.sh", values).code == 0
    undone = docker.run("docker-start.sh", values)
    assert undone.code == 1
    assert "not healthy after 1 s" in undone.stderr
    assert _up(docker) == sorted(NAMES)
    docker.put("docker/db/health", "healthy")
    assert docker.run("docker-stop.sh", values).code == 0
    assert docker.run("docker-start.sh", values).code == 0


def test_killed_anywhere(docker: Bench) -> None:
    docker.spy(*STATE_TOOLS)
    assert _pair(docker).survives_every_kill(docker) > 10
    _pair(docker).survives_a_killed_undo(docker)


@pytest.fixture
def project(bench: Bench, tmp_path: Path) -> Bench:
    bench.stub("docker")
    (tmp_path / "my project").mkdir()
    _compose_up(bench)
    return bench


def _compose_up(bench: Bench) -> None:
    for name in ("app", "db", "cache"):
        bench.put(f"compose/{name}", "running\n")
    bench.put("compose/once", "exited\n")


def _compose(bench: Bench) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in bench.world.glob("compose/*")}


AS_BEFORE = {"app": "running", "db": "running", "cache": "running", "once": "exited"}


def _compose_pair(bench: Bench, tmp_path: Path) -> Pair:
    values = {"PROJECT_DIR": str(tmp_path / "my project"), "FILES": "a.yaml\nb c.yaml", "PROJECT_NAME": "shop"}
    return Pair(
        "compose-stop.sh",
        "compose-start.sh",
        values,
        lambda: _compose_up(bench),
        lambda: _compose(bench) == AS_BEFORE,
    )


def test_compose_stops_what_runs_and_no_more(project: Bench, tmp_path: Path) -> None:
    pair = _compose_pair(project, tmp_path)
    done = project.run(pair.do, pair.parameters)
    assert done.code == 0, done.stderr
    assert set(_compose(project).values()) == {"exited"}
    stop = done.calls[-1].argv
    assert stop == [
        *("docker", "compose", "--project-directory", str(tmp_path / "my project"), "-p", "shop"),
        *("-f", "a.yaml", "-f", "b c.yaml", "stop", "-t", "60", "--", "app", "cache", "db"),
    ]
    undone = project.run(pair.undo, pair.parameters)
    assert [" ".join(call.argv[-5:]) for call in undone.calls] == ["start -- app cache db"]
    pair.undo_twice(project)


def test_compose_chosen_services(project: Bench, tmp_path: Path) -> None:
    pair = _compose_pair(project, tmp_path)
    assert project.run(pair.do, pair.parameters | {"SERVICES": "app once"}).code == 0
    # A second assignment of the same template has its own notes.
    assert project.run(pair.do, pair.parameters | {"SERVICES": "db"}).code == 0
    assert _compose(project) == AS_BEFORE | {"app": "exited", "db": "exited"}
    pair.undo_twice(project)


def test_compose_unknown_service_stops_nothing(project: Bench, tmp_path: Path) -> None:
    done = project.run("compose-stop.sh", {"PROJECT_DIR": str(tmp_path / "my project"), "SERVICES": "app dB"})
    assert done.code == 1
    assert "'dB'" in done.stderr
    assert _compose(project) == AS_BEFORE


def test_compose_stop_fails_then_undo(project: Bench, tmp_path: Path) -> None:
    pair = _compose_pair(project, tmp_path)
    project.put("compose/app", "running\n")
    assert project.run(pair.do, pair.parameters, fail="docker compose * stop *").code == 1
    pair.undo_twice(project)


def test_compose_start_fails_then_works(project: Bench, tmp_path: Path) -> None:
    pair = _compose_pair(project, tmp_path)
    assert project.run(pair.do, pair.parameters).code == 0
    assert project.run(pair.undo, pair.parameters, fail="docker compose * start *").code == 1
    pair.undo_twice(project)


def test_compose_killed_anywhere(project: Bench, tmp_path: Path) -> None:
    project.spy(*STATE_TOOLS)
    pair = _compose_pair(project, tmp_path)
    assert pair.survives_every_kill(project) > 5
    pair.survives_a_killed_undo(project)
