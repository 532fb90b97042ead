"""MongoDB dumps, against a stub: Debian has no mongodump."""

from pathlib import Path

import pytest

from tests.templates.bench import Bench

PASSWORD = 'p"a\\ss word'


@pytest.fixture
def mongo(bench: Bench, tmp_path: Path) -> Bench:
    bench.stub("mongodump", "docker")
    bench.spy("mv")
    bench.put("docker/mongo/running")
    return bench


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    return {"OUTPUT_DIR": str(tmp_path / "dumps"), "DB_USER": "backup", "DB_PASSWORD": PASSWORD}


def _files(values: dict[str, str]) -> list[str]:
    return sorted(path.name for path in Path(values["OUTPUT_DIR"]).glob("*"))


def test_password_goes_through_standard_input(mongo: Bench, values: dict[str, str]) -> None:
    done = mongo.run("mongodb-dump.sh", values)
    assert done.code == 0, done.stderr
    login = "--username backup --authenticationDatabase admin"
    assert done.lines("mongodump") == [f"mongodump --config=/dev/stdin --host localhost --port 27017 {login} --archive"]
    assert mongo.fact("mongo-config") == 'password: "p\\"a\\\\ss word"'
    assert _files(values) == ["all-databases.mongodump"]
    assert "DB_PASSWORD" not in done.calls[0].environment


def test_connection_string(mongo: Bench, values: dict[str, str]) -> None:
    uri = "mongodb://backup:secret@db/?tls=true"
    done = mongo.run("mongodb-dump.sh", {"OUTPUT_DIR": values["OUTPUT_DIR"], "DB_URI": uri, "DATABASE": "shop"})
    assert done.lines("mongodump") == ["mongodump --config=/dev/stdin --db shop --archive"]
    assert mongo.fact("mongo-config") == f'uri: "{uri}"'
    assert _files(values) == ["shop.mongodump"]


def test_inside_a_container_with_oplog(mongo: Bench, values: dict[str, str]) -> None:
    done = mongo.run("mongodb-dump.sh", values | {"CONTAINER": "mongo", "OPLOG": "true"})
    assert done.code == 0, done.stderr
    assert done.lines("docker")[0].startswith("docker exec -i mongo mongodump --config=/dev/stdin ")
    assert "--oplog" in done.lines("mongodump")[0]


def test_what_cannot_work_is_refused(mongo: Bench, values: dict[str, str]) -> None:
    for bad in ({"DB_PASSWORD": ""}, {"OPLOG": "true", "DATABASE": "shop"}, {"DB_PASSWORD": "two\nlines"}):
        done = mongo.run("mongodb-dump.sh", values | bad)
        assert (done.code, done.calls) == (1, [])


def test_failed_or_cut_dump_leaves_the_old_one(mongo: Bench, values: dict[str, str]) -> None:
    old = Path(values["OUTPUT_DIR"]) / "all-databases.mongodump"
    old.parent.mkdir()
    old.write_text("old")
    assert mongo.run("mongodb-dump.sh", values, fail="mongodump *").code == 1
    mongo.put("mongo-cut")
    done = mongo.run("mongodb-dump.sh", values)
    assert done.code == 1
    assert "not a whole archive" in done.stderr
    assert old.read_text() == "old"
    assert _files(values) == ["all-databases.mongodump"]


@pytest.mark.parametrize("moment", ["1:before", "1:after", "2:before", "2:after"])
def test_killed_anywhere_leaves_no_half_dump(mongo: Bench, values: dict[str, str], moment: str) -> None:
    assert mongo.run("mongodb-dump.sh", values, kill=moment).code == -9
    for path in Path(values["OUTPUT_DIR"]).glob("*.mongodump"):
        assert path.read_bytes().endswith(b"\xff\xff\xff\xff")
    mongo.fresh()
    assert mongo.run("mongodb-dump.sh", values).code == 0
    assert _files(values) == ["all-databases.mongodump"]
