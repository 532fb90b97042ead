"""Redis snapshots, with a real server that requires a password."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.bench import Bench
from tests.templates.servers import Server, program, redis

PASSWORD = "redis-secret-7"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with redis() as running:
        assert _ask(running, "SET", "key", "some-value-to-find") == "OK"
        yield running


def _ask(server: Server, *words: str) -> str:
    done = subprocess.run(
        [program("redis-cli"), "-s", server.socket, *words],
        env=os.environ | {"REDISCLI_AUTH": PASSWORD},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def values(server: Server, tmp_path: Path) -> dict[str, str]:
    return {"OUTPUT_DIR": str(tmp_path / "my dumps"), "DB_SOCKET": str(server.socket), "DB_PASSWORD": PASSWORD}


@pytest.fixture
def cli(bench: Bench) -> Bench:
    bench.spy("redis-cli", "mv")
    return bench


def _dump(values: dict[str, str]) -> Path:
    return Path(values["OUTPUT_DIR"]) / "dump.rdb"


def _is_whole(path: Path) -> bool:
    done = subprocess.run([program("redis-check-rdb"), path], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "looks OK" in done.stdout


@pytest.mark.parametrize("method", ["transfer", "bgsave"])
def test_whole_snapshot(cli: Bench, values: dict[str, str], method: str) -> None:
    done = cli.run("redis-save.sh", values | {"METHOD": method})
    assert done.code == 0, done.stderr
    assert [path.name for path in _dump(values).parent.iterdir()] == ["dump.rdb"]
    assert _is_whole(_dump(values))
    assert b"some-value-to-find" in _dump(values).read_bytes()
    assert _dump(values).stat().st_mode & 0o777 == 0o600
    assert all("DB_PASSWORD" not in call.environment for call in done.calls)


def test_bgsave_is_a_new_save_each_time(cli: Bench, server: Server, values: dict[str, str]) -> None:
    chosen = values | {"METHOD": "bgsave", "OUTPUT_DIR": ""}
    assert cli.run("redis-save.sh", chosen).code == 0
    before = int(_ask(server, "LASTSAVE"))
    assert cli.run("redis-save.sh", chosen).code == 0
    assert int(_ask(server, "LASTSAVE")) > before
    assert not Path(values["OUTPUT_DIR"]).exists()


def test_server_that_cannot_save(cli: Bench, server: Server, values: dict[str, str]) -> None:
    # A folder in place of the file: the save fails after BGSAVE has begun it.
    (server.data / "in-the-way").mkdir(exist_ok=True)
    name = _ask(server, "CONFIG", "GET", "dbfilename").splitlines()[1]
    _ask(server, "CONFIG", "SET", "dbfilename", "in-the-way")
    done = cli.run("redis-save.sh", values | {"METHOD": "bgsave"})
    _ask(server, "CONFIG", "SET", "dbfilename", name)
    assert done.code == 1
    assert "could not save" in done.stderr
    assert not _dump(values).exists()


@pytest.mark.parametrize("method", ["transfer", "bgsave"])
def test_wrong_password(cli: Bench, values: dict[str, str], method: str) -> None:
    done = cli.run("redis-save.sh", values | {"METHOD": method, "DB_PASSWORD": "wrong-one-here"})
    assert done.code == 1
    assert not _dump(values).exists()


def test_failure_leaves_the_old_copy(cli: Bench, values: dict[str, str]) -> None:
    _dump(values).parent.mkdir()
    _dump(values).write_text("old")
    assert cli.run("redis-save.sh", values, fail="redis-cli * --rdb *").code == 1
    (cli.bin / "redis-cli").write_text("#!/bin/sh\necho REDIS0011 cut off here\n")
    done = cli.run("redis-save.sh", values)
    assert done.code == 1
    assert "not a whole snapshot" in done.stderr
    assert _dump(values).read_text() == "old"


@pytest.mark.parametrize("moment", ["1:before", "1:after", "2:before", "2:after"])
def test_killed_anywhere_leaves_no_half_copy(cli: Bench, values: dict[str, str], moment: str) -> None:
    assert cli.run("redis-save.sh", values, kill=moment).code == -9
    assert not _dump(values).exists() or _is_whole(_dump(values))
    assert cli.run("redis-save.sh", values).code == 0
    assert [path.name for path in _dump(values).parent.iterdir()] == ["dump.rdb"]


@pytest.mark.parametrize("diskless", ["yes", "no"])
def test_inside_a_container(cli: Bench, server: Server, values: dict[str, str], diskless: str) -> None:
    assert _ask(server, "CONFIG", "SET", "repl-diskless-sync", diskless) == "OK"
    cli.stub("docker")
    cli.put("docker/cache/running")
    done = cli.run("redis-save.sh", values | {"CONTAINER": "cache"})
    assert done.code == 0, done.stderr
    assert done.lines("docker")[0].startswith("docker exec -e REDISCLI_AUTH cache redis-cli -s ")
    assert _is_whole(_dump(values))


def test_valkey_by_its_own_name(bench: Bench, values: dict[str, str]) -> None:
    tools = "bash timeout truncate mkdir rm mv sync head tail od tr env id cat".split()
    for tool in tools:
        (bench.bin / tool).symlink_to(program(tool))
    (bench.bin / "valkey-cli").symlink_to(program("redis-cli"))
    assert bench.run("redis-save.sh", values, path=str(bench.bin)).code == 0
    assert _is_whole(_dump(values))
