"""MySQL and MariaDB dumps, with a real MariaDB that requires a password."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.bench import Bench
from tests.templates.servers import PASSWORD, Server, mariadb, program

SETUP = """
CREATE DATABASE app; USE app;
CREATE TABLE t (id INT PRIMARY KEY, b BLOB) ENGINE=InnoDB;
INSERT INTO t VALUES (2, x'00ff'), (1, x'c3a4');
CREATE PROCEDURE p() SELECT 1;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id;
CREATE DATABASE `-odd a/b`;
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with mariadb() as running:
        subprocess.run(_root(running), input=SETUP, text=True, check=True, capture_output=True)
        yield running


def _root(server: Server) -> list[str]:
    return [program("mariadb"), "--no-defaults", f"--socket={server.socket}", "-u", "root"]


@pytest.fixture
def values(server: Server, tmp_path: Path) -> dict[str, str]:
    return {
        "OUTPUT_DIR": str(tmp_path / "my dumps"),
        "DB_SOCKET": str(server.socket),
        "DB_USER": server.user,
        "DB_PASSWORD": PASSWORD,
    }


@pytest.fixture
def mysql(bench: Bench) -> Bench:
    bench.spy("mariadb", "mariadb-dump", "mv")
    return bench


def _files(values: dict[str, str]) -> list[str]:
    return sorted(path.name for path in Path(values["OUTPUT_DIR"]).glob("*"))


def test_all_databases_restore(mysql: Bench, server: Server, values: dict[str, str]) -> None:
    done = mysql.run("mysql-dump.sh", values)
    assert done.code == 0, done.stderr
    assert _files(values) == ["-odd a%2Fb.sql", "app.sql"]
    dump = Path(values["OUTPUT_DIR"]) / "app.sql"
    assert dump.stat().st_mode & 0o777 == 0o600
    text = dump.read_text()
    for part in ("PROCEDURE `p`", "EVENT `e`", "TRIGGER", "0x00FF"):
        assert part in text
    subprocess.run(_root(server), input="DROP DATABASE app", text=True, check=True, capture_output=True)
    subprocess.run(_root(server), input=text, text=True, check=True, capture_output=True)
    again = mysql.run("mysql-dump.sh", values | {"DATABASES": "app"})
    assert again.code == 0
    assert dump.read_text() == text, "an unchanged database gives the same bytes"
    for call in [*done.calls, *again.calls]:
        assert "DB_PASSWORD" not in call.environment
        assert PASSWORD not in call.environment.values()


def test_lock_instead_of_transaction(mysql: Bench, values: dict[str, str]) -> None:
    done = mysql.run("mysql-dump.sh", values | {"DATABASES": "app", "CONSISTENCY": "lock"})
    assert done.code == 0, done.stderr
    assert "--lock-all-tables" in done.lines("mariadb-dump")[0]


def test_wrong_password_never_asks(mysql: Bench, values: dict[str, str]) -> None:
    done = mysql.run("mysql-dump.sh", values | {"DB_PASSWORD": "wrong-one-here"})
    assert done.code == 1
    assert "cannot be listed" in done.stderr
    assert _files(values) == []


def test_one_bad_database_does_not_stop_the_others(mysql: Bench, values: dict[str, str]) -> None:
    done = mysql.run("mysql-dump.sh", values | {"DATABASES": "missing\napp"})
    assert done.code == 1
    assert "'missing' was not dumped" in done.stderr
    assert _files(values) == ["app.sql"]


def test_cut_dump_leaves_the_old_one(mysql: Bench, values: dict[str, str]) -> None:
    old = Path(values["OUTPUT_DIR"]) / "app.sql"
    old.parent.mkdir()
    old.write_text("old")
    # Without comments there is no end mark, as in a truncated dump.
    done = mysql.run("mysql-dump.sh", values | {"DATABASES": "app", "EXTRA_OPTIONS": "--skip-comments"})
    assert done.code == 1
    assert "cut off" in done.stderr
    assert mysql.run("mysql-dump.sh", values | {"DATABASES": "app"}, fail="mariadb-dump *").code == 1
    assert old.read_text() == "old"
    assert _files(values) == ["app.sql"]


@pytest.mark.parametrize("moment", ["1:before", "1:after", "2:before", "2:after"])
def test_killed_anywhere_leaves_no_half_dump(mysql: Bench, values: dict[str, str], moment: str) -> None:
    chosen = values | {"DATABASES": "app"}
    assert mysql.run("mysql-dump.sh", chosen, kill=moment).code == -9
    for path in Path(values["OUTPUT_DIR"]).glob("*.sql"):
        assert "-- Dump completed" in path.read_text()
    mysql.fresh()
    assert mysql.run("mysql-dump.sh", chosen).code == 0
    assert _files(values) == ["app.sql"]


def test_inside_a_container(mysql: Bench, values: dict[str, str]) -> None:
    mysql.stub("docker")
    mysql.put("docker/db/running")
    done = mysql.run("mysql-dump.sh", values | {"CONTAINER": "db"})
    assert done.code == 0, done.stderr
    assert "app.sql" in _files(values)
    assert all(line.startswith("docker exec -e MYSQL_PWD db ") for line in done.lines("docker"))
