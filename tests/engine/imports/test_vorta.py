"""Profiles of Vorta: what becomes of them, and files that are none."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook
from borgdesk.domain.schedule import Conditions
from borgdesk.engine.imports.findings import Found, FoundRepository
from borgdesk.engine.imports.vorta import read_vorta
from tests.engine.imports.vorta_files import VortaDatabase, write_export

HOME = Path("/home/someone")


@pytest.fixture
def database(tmp_path: Path) -> VortaDatabase:
    return VortaDatabase(tmp_path / "settings.db")


def read(path: Path) -> Found:
    return read_vorta(path, HOME)


def only(found: Found) -> FoundRepository:
    (repository,) = found.repositories
    return repository


def reasons(found: Found) -> dict[str, str]:
    return {one.what: one.reason for one in found.not_taken}


def test_a_profile_becomes_a_repository(database: VortaDatabase) -> None:
    repository = database.repository("ssh://u@host/./repo", password="s3cret")
    profile = database.profile(
        "Größe & Co",
        repository,
        ["/home/someone", "/etc"],
        exclude_patterns="*.tmp\n# a comment\n\n~/Downloads",
        prune_on=1,
        prune_hour=0,
        schedule_mode="fixed",
        schedule_fixed_hour=16,
        schedule_fixed_minute=5,
    )
    database.exclusion(profile, "*/cache")
    database.exclusion(profile, "*/off", enabled=0)
    database.exclusion(profile, "browser-cache", source="preset")
    found = only(read(database.path))
    assert (found.name, found.location, found.sources) == (
        "Größe & Co",
        "ssh://u@host/./repo",
        ("/home/someone", "/etc"),
    )
    assert found.excludes == ("*/cache", "*.tmp", "/home/someone/Downloads")
    assert found.compression == "zstd,3"
    assert found.archive_name == "{hostname}-groe-co-{now:%Y-%m-%dT%H:%M:%S}"
    assert found.retention == Retention("10H", daily=7, weekly=4, monthly=6, yearly=2)
    assert found.passphrase == "s3cret"
    assert "s3cret" not in repr(found)
    assert found.cron == "5 16 * * *"
    assert found.conditions == Conditions(on_battery=True, on_metered=False)
    assert "Größe & Co: exclude preset “browser-cache”" in reasons(read(database.path))


def test_an_old_database_is_read_too(tmp_path: Path) -> None:
    old = VortaDatabase(tmp_path / "old.db", schema=6)
    old.profile("Old", old.repository("/backup"), ["/srv"], schedule_mode="interval", schedule_interval_hours=6)
    found = only(read(old.path))
    assert (found.name, found.sources, found.cron, found.uses) == ("Old", ("/srv",), "42 */6 * * *", ())
    assert found.archive_name == ""


def test_commands_become_scripts_that_find_their_variables(database: VortaDatabase) -> None:
    database.profile(
        "Home",
        database.repository("/backup"),
        ["/srv"],
        pre_backup_cmd="docker stop db",
        post_backup_cmd='docker start db; echo "$profile_name $profile_slug: $returncode"',
    )
    before, after = only(read(database.path)).uses
    assert (before.hook, before.script.name) == (Hook.PRE_BACKUP, "docker stop db")
    assert before.script.content == b"#!/bin/sh\ndocker stop db\n"
    assert [use.script.timeout for use in (before, after)] == [3600, 3600], "Vorta has no limit"
    assert after.hook is Hook.POST_BACKUP
    assert after.script.content.decode().splitlines() == [
        "#!/bin/sh",
        'profile_name="$REPOSITORY_NAME"; export profile_name',
        'returncode="${BORGDESK_BORG_EXIT_CODE:-2}"; export returncode',
        "profile_slug='home'; export profile_slug",
        'docker start db; echo "$profile_name $profile_slug: $returncode"',
    ]
    assert any("also runs if the one before it fails" in note for note in only(read(database.path)).notes)


@pytest.mark.parametrize(
    ("unit", "count", "cron", "exact"),
    [
        ("minutes", 15, "*/15 * * * *", True),
        ("minutes", 25, "*/20 * * * *", False),
        ("minutes", 60, "42 * * * *", True),
        ("hours", 1, "42 * * * *", True),
        ("hours", 5, "42 */4 * * *", False),
        ("hours", 12, "42 */12 * * *", True),
        ("hours", 24, "42 3 * * *", True),
        ("hours", 36, "42 3 * * *", False),
        ("days", 1, "42 3 * * *", True),
        ("days", 3, "42 3 */3 * *", False),
        ("weeks", 1, "42 3 * * 7", True),
        ("weeks", 2, "42 3 * * 7", False),
        ("weeks", 4, "42 3 1 * *", False),
    ],
)
def test_intervals(database: VortaDatabase, unit: str, count: int, cron: str, exact: bool) -> None:
    values = {"schedule_mode": "interval", "schedule_interval_unit": unit, "schedule_interval_count": count}
    database.profile("Home", database.repository("/backup"), ["/srv"], **values)
    found = only(read(database.path))
    assert found.cron == cron
    assert any("the nearest schedule" in note for note in found.notes) is not exact


def test_regular_checks_belong_to_the_schedule(database: VortaDatabase) -> None:
    values = {"validation_on": 1, "validation_weeks": 3}
    database.profile("Home", database.repository("/backup"), ["/srv"], schedule_mode="fixed", **values)
    assert only(read(database.path)).check_every == 21


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"schedule_mode": "fixed", "schedule_fixed_hour": 24}, id="hour"),
        pytest.param({"schedule_mode": "fixed", "schedule_fixed_minute": -1}, id="minute"),
        pytest.param({"schedule_mode": "interval", "schedule_interval_count": 0}, id="nothing"),
        pytest.param({"schedule_mode": "interval", "schedule_interval_unit": "fortnights"}, id="unit"),
        pytest.param({"schedule_mode": "sometimes"}, id="mode"),
    ],
)
def test_a_schedule_that_is_none_is_left_out(database: VortaDatabase, values: dict[str, Any]) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"], **values)
    found = read(database.path)
    assert only(found).cron is None
    assert reasons(found)["Home: schedule"] == "Its values are not valid."


def test_what_has_no_counterpart_is_said(database: VortaDatabase) -> None:
    repository = database.repository("/backup", extra_borg_arguments="--remote-ratelimit 5")
    database.profile(
        "Home", repository, ["/srv"], ssh_key="id_x", exclude_if_present=".nobackup", validation_on=1, compression="x"
    )
    database.insert("wifisettingmodel", ssid="cafe", allowed=0, profile_id=1)
    database.profile("Empty", None, [])
    assert set(reasons(read(database.path))) == {
        "Empty: profile",
        "Home: options of Borg (“--remote-ratelimit 5”)",
        "Home: compression",
        "Home: networks that are not allowed",
        "Home: regular checks",
    }


def test_the_key_is_named_by_its_path(database: VortaDatabase) -> None:
    database.profile("Home", database.repository("ssh://u@host/./repo"), ["/srv"], ssh_key="id_x")
    database.profile("Bad", database.repository("ssh://u@host/./bad"), ["/srv"], ssh_key="id%x")
    found = read(database.path)
    assert [one.ssh_key for one in found.repositories] == ["/home/someone/.ssh/id_x", ""]
    assert "Bad: SSH key “id%x”" in reasons(found)


def test_options_of_borg_are_passed_on(database: VortaDatabase) -> None:
    repository = database.repository("/backup", extra_borg_arguments="--sparse --files-cache disabled")
    database.profile("Home", repository, ["/srv"], exclude_if_present=".nobackup\na b")
    assert only(read(database.path)).extra_arguments == (
        "--exclude-if-present=.nobackup '--exclude-if-present=a b' --sparse --files-cache=disabled"
    )


def test_retention_with_an_invalid_rule_keeps_everything(database: VortaDatabase) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"], prune_on=1, prune_day=-5)
    found = read(database.path)
    assert only(found).retention == Retention()
    assert "Home: retention" in reasons(found)


def test_an_export(tmp_path: Path) -> None:
    sources = [{"dir": "/a", "profile": 1}, {"dir": "/b", "profile": 1}]
    path = write_export(tmp_path / "home.json", SourceFileModel=sources, password="pass")
    found = only(read(path))
    assert (found.location, found.sources, found.passphrase) == ("/backup/home", ("/a", "/b"), "pass")
    without = write_export(tmp_path / "old.json", schema=15)
    assert "Home: passphrase" in reasons(read(without))


# Files that are none of Vorta's, damaged ones and hostile ones


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "is neither a profile that Vorta exported nor its database.", id="empty"),
        pytest.param(b"{", "is not valid JSON.", id="unfinished"),
        pytest.param(b"\xff\xfe\x00", "is neither a profile that Vorta exported nor its database.", id="binary"),
        pytest.param(b'{"a":' * 100_000, "is nested too deeply.", id="deep"),
        pytest.param(
            b'{"SchemaVersion": {"version": 9}, "name": "\\ud800"}', "is not valid JSON.", id="half a character"
        ),
        pytest.param(b"[1]", "is neither", id="list"),
        pytest.param(b"{}", "is not a profile that Vorta exported.", id="nothing"),
        pytest.param(b'{"SchemaVersion": {"version": "9"}, "name": "x"}', "must be a whole number", id="text"),
        pytest.param(b'{"SchemaVersion": {"version": 24}, "name": "x"}', "was written by a newer Vorta", id="future"),
        pytest.param(b'{"SchemaVersion": {"version": 0}, "name": "x"}', "no valid schema version", id="zero"),
        pytest.param(b"SQLite format 3\0 and no more", "is damaged", id="truncated"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "profile"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        read(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 98765),
        ("repo", "text"),
        ("compression", ["zstd"]),
        ("prune_on", "yes"),
        ("prune_hour", 2.5),
        ("SourceFileModel", {"dir": "/"}),
        ("SourceFileModel", ["/"]),
        ("password", {"a": 1}),
        ("pre_backup_cmd", True),
    ],
)
def test_wrong_types_are_a_sentence_that_names_them_and_not_the_value(tmp_path: Path, name: str, value: object) -> None:
    path = write_export(tmp_path / "home.json", 23, **{"prune_on": True, name: value})
    with pytest.raises(InvalidInput, match=name) as caught:
        read(path)
    assert json.dumps(value) not in str(caught.value)


def test_a_database_of_the_future(tmp_path: Path) -> None:
    future = VortaDatabase(tmp_path / "settings.db", schema=24)
    with pytest.raises(InvalidInput, match=r"schema 24; schemas up to 23 can be read"):
        read(future.path)


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    with pytest.raises(InvalidInput, match="has no table “schemaversion”"):
        read(path)


def test_a_truncated_database(database: VortaDatabase) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"])
    os.truncate(database.path, 9000)
    with pytest.raises(InvalidInput, match="is damaged"):
        read(database.path)


def test_a_database_in_use_is_neither_read_nor_waited_for(database: VortaDatabase) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("DELETE FROM repomodel")
        with pytest.raises(InvalidInput, match="Vorta is using"):
            read(database.path)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        # Locked, but nothing has been changed: nobody is disturbed by reading.
        assert read(database.path).repositories == ()


def test_the_database_and_its_folder_stay_as_they_are(database: VortaDatabase) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"])
    before, content = database.path.stat(), database.path.read_bytes()
    beside = sorted(database.path.parent.iterdir())
    database.path.chmod(0o400)
    read(database.path)
    assert database.path.read_bytes() == content
    assert database.path.stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(database.path.parent.iterdir()) == beside


def test_a_gigabyte_of_history_is_not_read(database: VortaDatabase) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"])
    os.truncate(database.path, 1 << 30)
    assert only(read(database.path)).name == "Home"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param(
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n LIMIT 10001) "
            "INSERT INTO sourcedirmodel(dir, profile_id, added_at) SELECT '/', 1, '' FROM n",
            "has more than 10000 rows",
            id="rows",
        ),
        pytest.param(
            "INSERT INTO sourcedirmodel(dir, profile_id, added_at) VALUES (zeroblob(20000000), 1, '')",
            "is damaged: string or blob too big",
            id="huge value",
        ),
        pytest.param(
            "DROP TABLE sourcedirmodel; CREATE TABLE sourcedirmodel(id INTEGER PRIMARY KEY, dir TEXT AS "
            "(hex(zeroblob(1000000)))); WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n LIMIT 1000) "
            "INSERT INTO sourcedirmodel(id) SELECT i FROM n",
            "has values of more than 64 MiB",
            id="computed values",
        ),
        pytest.param(
            "DROP TABLE sourcedirmodel; DROP TABLE repomodel; CREATE VIEW repomodel AS "
            "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i FROM n) SELECT i AS id FROM n",
            "has no table “repomodel”",
            id="endless view",
        ),
        pytest.param(
            "INSERT INTO sourcedirmodel(dir, profile_id, added_at) VALUES (x'00ff', 1, '')",
            "“dir” must be a text, not binary data",
            id="binary",
        ),
        pytest.param(
            "UPDATE backupprofilemodel SET prune_on = 'x'", "“prune_on” must be yes or no, not a text", id="types"
        ),
    ],
)
def test_hostile_databases(database: VortaDatabase, statement: str, said: str) -> None:
    database.profile("Home", database.repository("/backup"), ["/srv"])
    database.execute(statement)
    with pytest.raises(InvalidInput, match=said):
        read(database.path)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device"])
def test_no_file_at_all(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    with pytest.raises(InvalidInput, match=r"is not a file|cannot be read"):
        read(path)
