"""PostgreSQL dumps, with a real server that requires a password."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.bench import Bench
from tests.templates.servers import PASSWORD, Server, postgresql, program

ODD = "it's a=b / 100%"
"""A database name with characters that are special in shells, connection strings or file names."""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgresql() as running:
        _sql(running, "postgres", "CREATE DATABASE app", f'CREATE DATABASE "{ODD}"', "CREATE ROLE reader")
        _sql(running, "app", "CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 1000) i")
        yield running


def _sql(server: Server, database: str, *statements: str) -> str:
    where = ["-h", str(server.socket), "-p", str(server.port), "-U", server.user, "-d", database]
    done = subprocess.run(
        [program("psql"), *where, "-XAtw", *(word for sql in statements for word in ("-c", sql))],
        env=os.environ | {"PGPASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def values(server: Server, tmp_path: Path) -> dict[str, str]:
    return {
        "OUTPUT_DIR": str(tmp_path / "my dumps"),
        "DB_HOST": str(server.socket),
        "DB_PORT": str(server.port),
        "DB_USER": server.user,
        "DB_PASSWORD": PASSWORD,
    }


@pytest.fixture
def postgres(bench: Bench) -> Bench:
    bench.spy("psql", "pg_dump", "pg_dumpall", "mv")
    return bench


def _files(values: dict[str, str]) -> list[str]:
    return sorted(path.name for path in Path(values["OUTPUT_DIR"]).glob("*"))


def test_all_databases_restore(postgres: Bench, server: Server, values: dict[str, str]) -> None:
    done = postgres.run("postgresql-dump.sh", values)
    assert done.code == 0, done.stderr
    assert _files(values) == ["app.dump", "globals.sql", "it's a=b %2F 100%25.dump", "postgres.dump"]
    folder = Path(values["OUTPUT_DIR"])
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "CREATE ROLE reader" in (folder / "globals.sql").read_text()
    restored = subprocess.run(
        [program("pg_restore"), "-f", "-", folder / "app.dump"], capture_output=True, text=True, check=True
    )
    assert "a9b7ba70783b617e9998dc4dd82eb3c5" in restored.stdout, "the digest of 1000"
    assert b"a9b7ba70783b617e9998dc4dd82eb3c5" in (folder / "app.dump").read_bytes(), "not compressed"
    for call in done.calls:
        assert "DB_PASSWORD" not in call.environment
        assert PASSWORD not in call.environment.values()


def test_over_tcp_and_chosen_databases(postgres: Bench, values: dict[str, str]) -> None:
    chosen = values | {"DB_HOST": "127.0.0.1", "DATABASES": "app", "GLOBALS": "no"}
    assert postgres.run("postgresql-dump.sh", chosen).code == 0
    assert _files(values) == ["app.dump"]


def test_globals_without_passwords(postgres: Bench, values: dict[str, str]) -> None:
    assert postgres.run("postgresql-dump.sh", values | {"DATABASES": "app", "GLOBALS": "without-passwords"}).code == 0
    assert "SCRAM" not in (Path(values["OUTPUT_DIR"]) / "globals.sql").read_text()


def test_no_password_never_asks(postgres: Bench, values: dict[str, str]) -> None:
    done = postgres.run("postgresql-dump.sh", values | {"DB_PASSWORD": ""})
    assert done.code == 1
    assert "password" in done.stderr
    assert _files(values) == []


def test_one_bad_database_does_not_stop_the_others(postgres: Bench, values: dict[str, str]) -> None:
    done = postgres.run("postgresql-dump.sh", values | {"DATABASES": "missing app"})
    assert done.code == 1
    assert "'missing' was not dumped" in done.stderr
    assert _files(values) == ["app.dump", "globals.sql"]


def test_failed_dump_leaves_the_old_one(postgres: Bench, values: dict[str, str]) -> None:
    old = Path(values["OUTPUT_DIR"]) / "app.dump"
    old.parent.mkdir()
    old.write_text("old")
    assert postgres.run("postgresql-dump.sh", values | {"DATABASES": "app"}, fail="pg_dump *").code == 1
    assert old.read_text() == "old"
    assert _files(values) == ["app.dump", "globals.sql"]


@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_anywhere_leaves_no_half_dump(postgres: Bench, values: dict[str, str], call: int, moment: str) -> None:
    chosen = values | {"DATABASES": "app"}
    folder = Path(values["OUTPUT_DIR"])
    assert postgres.run("postgresql-dump.sh", chosen, kill=f"{call}:{moment}").code == -9
    for path in folder.glob("*.dump"):
        subprocess.run([program("pg_restore"), "-l", path], check=True, capture_output=True)
    postgres.fresh()
    assert postgres.run("postgresql-dump.sh", chosen).code == 0
    assert _files(values) == ["app.dump", "globals.sql"]


def test_dump_program_that_dies_half_way(bench: Bench, values: dict[str, str]) -> None:
    old = Path(values["OUTPUT_DIR"]) / "app.dump"
    old.parent.mkdir()
    old.write_text("old")
    (bench.bin / "pg_dump").write_text("#!/bin/sh\necho PGDMP and half of the data\nexit 1\n")
    (bench.bin / "pg_dump").chmod(0o755)
    assert bench.run("postgresql-dump.sh", values | {"DATABASES": "app"}).code == 1
    assert old.read_text() == "old"
    assert _files(values) == ["app.dump", "globals.sql"]


def test_lying_dump_program_is_found_out(bench: Bench, values: dict[str, str]) -> None:
    bench.stub("docker")
    bench.put("docker/pg/running")
    for tool in ("pg_dump", "pg_dumpall"):
        (bench.bin / tool).write_text("#!/bin/sh\necho cut\n")
        (bench.bin / tool).chmod(0o755)
    done = bench.run("postgresql-dump.sh", values | {"DATABASES": "app"})
    assert done.code == 1
    assert "is no dump" in done.stderr
    assert "is cut off" in done.stderr
    assert _files(values) == []


def test_inside_a_container(postgres: Bench, values: dict[str, str]) -> None:
    postgres.stub("docker")
    postgres.put("docker/pg/running")
    done = postgres.run("postgresql-dump.sh", values | {"CONTAINER": "pg"})
    assert done.code == 0, done.stderr
    assert "app.dump" in _files(values)
    assert done.lines("docker")[0].startswith("docker exec -e PGPASSWORD pg psql -w")


def test_as_another_user(bench: Bench, values: dict[str, str]) -> None:
    bench.stub("runuser", "sudo", "psql", "pg_dump", "pg_dumpall")
    bench.put("pg-databases", "app\n")
    done = bench.run("postgresql-dump.sh", values | {"RUN_AS": "postgres", "DB_PASSWORD": ""})
    assert done.code == 0, done.stderr
    become = "runuser -u postgres -- pg_dump" if os.geteuid() == 0 else "sudo -n -u postgres -- pg_dump"
    assert any(line.startswith(become) for line in done.lines("runuser", "sudo"))
    assert bench.run("postgresql-dump.sh", values | {"RUN_AS": "postgres"}).code == 1
