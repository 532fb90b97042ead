# ruff: noqa: E501 - sample output
"""Makes a long history for benchmarks, with output as scripts and Borg print it: five executions a run."""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from borgdesk.paths import Paths
from borgdesk.store.store import Store

REPOSITORIES = 10
SCRIPTS = 5
FIRST = datetime(2016, 1, 1)  # noqa: DTZ001 - as SQLite stores it
_SERVICES = (
    "nextcloud-web-1",
    "nextcloud-db-1",
    "paperless-app-1",
    "gitea-server-1",
    "vaultwarden-1",
    "immich-redis-1",
)
_TABLES = ("oc_filecache", "oc_activity", "documents_document", "repository", "public.users", "auth_token", "issue")
_NAMES = ("Stop containers", "Dump PostgreSQL", "Snapshot volume", "Start containers", "Ping monitor")


def make(home: Path, runs: int) -> Paths:
    """Make a database below *home*."""
    paths = Paths.below(home)
    store = Store(paths)
    store.open()
    store.close()
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        made = random.Random(7)
        with connection:
            connection.executemany(_insert("backup_jobs", _RUN), _runs(runs))
        with connection:
            connection.executemany(_insert("script_executions", _EXECUTION), _executions(runs, made))
        with connection:
            connection.executemany(_insert("borg_calls", _CALL), _calls(runs, made))
            # Rows of finished runs are noted as changes, of which a real history has few: they would be read always.
            connection.execute("DELETE FROM history_changes")
    return paths


_RUN = (
    "id", "repository", "location", "trigger", "status", "step", "outcome", "tainted", "archive", "queued_at",
    "started_at", "finished_at", "recovered", "error", "turn", "kind", "report", "uid",
)  # fmt: skip
_EXECUTION = (
    "id", "run_id", "script", "repository", "hook", "execution_order", "timeout", "run_on", "on_failure", "parameters",
    "secrets", "status", "exit_code", "started_at", "finished_at", "truncated", "recovered", "reason", "stdout", "stderr",
)  # fmt: skip
_CALL = ("run_id", "step", "status", "exit_code", "started_at", "finished_at", "truncated", "error", "stdout", "stderr")


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


def _at(run: int, seconds: int = 0) -> str:
    return (FIRST + timedelta(minutes=20 * run, seconds=seconds)).isoformat(" ") + ".000000"


def _runs(runs: int) -> Iterator[tuple[object, ...]]:
    for run in range(1, runs + 1):
        failed = run % 100 == 0
        status = "failure" if failed else "success"
        error = f'[{{"code": "text", "values": {{"sentence": "The disk of run {run} is full."}}}}]' if failed else None
        name = f"Repository {run % REPOSITORIES}"
        kind = "restore" if run % 50 == 1 else "check" if run % 50 == 2 else "backup"
        yield (
            run, name, f"/backup/{run % REPOSITORIES}", "schedule", status, "done", status, 0,
            f"{name}-{_at(run)[:19]}", _at(run), _at(run), _at(run, 400), 0, error, "", kind, "{}",
            f"{run:032x}",
        )  # fmt: skip


def _executions(runs: int, made: random.Random) -> Iterator[tuple[object, ...]]:
    number = 0
    for run in range(1, runs + 1):
        for place, name in enumerate(_NAMES):
            number += 1
            skipped = place == SCRIPTS - 1 and run % 3 == 0
            yield (
                number, run, name, f"Repository {run % REPOSITORIES}", "post_backup" if place > 2 else "pre_backup",
                place + 1, 300, "always", "stop", "{}", "[]", "skipped" if skipped else "success", 0, _at(run, place),
                _at(run, place + 2), 0, 0,
                '[{"code": "text", "values": {"sentence": "It runs only after a failure."}}]' if skipped else None,
                "" if skipped else _printed(run, place, made), _complaint(run, made) if number % 40 == 0 else "",
            )  # fmt: skip


def _printed(run: int, place: int, made: random.Random) -> str:
    if place in (0, 3):
        verb = "Stopp" if place == 0 else "Start"
        return "".join(
            f" Container {service}  {verb}ing\n Container {service}  {verb}ed {made.getrandbits(48):012x}\n"
            for service in made.sample(_SERVICES, 3)
        )
    if place == 1:
        lines = [
            f"pg_dump: dumping contents of table {t}: {made.randrange(10**6)} rows\n" for t in made.sample(_TABLES, 5)
        ]
        return f"pg_dump: last built-in OID is 16383\n{''.join(lines)}Größe: {made.randrange(10**9)} Bytes, Überträge geprüft\n"
    if place == 2:
        return f'  Logical volume "snap-{run}" created.\n  {made.getrandbits(64):016x} mounted at /mnt/snap/{made.randrange(900)}\n'
    needle = f"needle-{run}\n" if run % 20_000 == 77 else ""
    return f"OK {made.randrange(100, 999)} ms request-id={made.getrandbits(64):016x}\n{needle}"


def _complaint(run: int, made: random.Random) -> str:
    return f"warning: connection to 10.0.{run % 256}.{made.randrange(256)}:5432 reset by peer, retry in {made.randrange(30)} s\n"


def _calls(runs: int, made: random.Random) -> Iterator[tuple[object, ...]]:
    for run in range(1, runs + 1):
        files = "".join(
            f"/home/anna/{made.choice(('Documents', 'Pictures/2019', 'Musik/Ärzte', 'src/kernel'))}/file-{made.randrange(40_000)}"
            f".{made.choice(('odt', 'jpg', 'flac', 'c'))}: file changed while we backed it up\n"
            for _ in range(made.randrange(3))
        )
        statistics = (
            f"Archive name: Repository {run % REPOSITORIES}-{_at(run)[:19]}\nArchive fingerprint: {made.getrandbits(256):064x}\n"
            f"Time (start): {_at(run)}\nDuration: {made.randrange(600) / 7:.2f} seconds\nNumber of files: {made.randrange(10**6)}\n"
            f"Utilization of max. archive size: 0%\nThis archive: {made.randrange(900) / 7:.2f} GB {made.randrange(900) / 7:.2f} GB "
            f"{made.randrange(9000) / 7:.2f} MB\nChunk index: {made.randrange(10**6)} {made.randrange(10**7)}\n"
        )
        yield run, "create", "success", 0, _at(run), _at(run, 300), 0, None, "", files + statistics
        pruned = "".join(
            f"Keeping archive (rule: daily #{n}): Repository {run % 10}-{_at(run - 72 * n)[:19]} [{made.getrandbits(128):032x}]\n"
            for n in range(1, 4)
        )
        yield run, "prune", "success", 0, _at(run, 301), _at(run, 305), 0, None, "", pruned


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), int(sys.argv[2])).database)
