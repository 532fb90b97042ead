"""Database servers that run on this computer itself, and what can be dumped from them."""

from __future__ import annotations

import re

from borgdesk.engine.services.machine import Machine, without_spaces
from borgdesk.engine.services.service import OUTPUT_DIR, Need, Service, ServiceKind

_SOCKETS = "/run/postgresql"
_SOCKET = re.compile(r"\.s\.PGSQL\.(\d+)")
_USUAL_PORT = "5432"
_LIST = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
_OF_THE_SERVER = {"information_schema", "performance_schema", "mysql", "sys"}
_MARIADB_SOCKETS = ("/run/mysqld/mysqld.sock", "/run/mysql/mysql.sock", "/var/lib/mysql/mysql.sock")


def postgresql(machine: Machine) -> list[Service]:
    """Return each server of PostgreSQL."""
    if not machine.has("psql") or not machine.has("pg_dump"):
        return []
    versions = _clusters(machine)
    ports = sorted({*versions, *_ports_of_sockets(machine)}, key=int) or [""]
    found = [_server(machine, port, versions.get(port, "")) for port in ports]
    return [one for one in found if one is not None]


def _clusters(machine: Machine) -> dict[str, str]:
    """Return the versions of the clusters that Debian knows and that run, by port."""
    found = {}
    for line in machine.ask("pg_lsclusters", "-h"):
        match line.split():
            case [version, _name, port, status, *_others] if port.isdigit() and status.startswith("online"):
                found[port] = version
    return found


def _ports_of_sockets(machine: Machine) -> list[str]:
    try:
        names = [path.name for path in machine.file(_SOCKETS).iterdir()]
    except OSError:
        return []
    return [match[1] for name in names if (match := _SOCKET.fullmatch(name))]


def _server(machine: Machine, port: str, version: str) -> Service | None:
    way = ("-p", port) if port else ()
    names = machine.ask("psql", "-w", "-XAt", *way, "-d", "postgres", "-c", _LIST)
    if not names and not port:
        return None
    is_usual = port in ("", _USUAL_PORT)
    values = {OUTPUT_DIR: machine.dumps("postgresql" if is_usual else f"postgresql-{port}")}
    if not is_usual:
        values["DB_PORT"] = port
    if not names:
        values["RUN_AS"] = "postgres"
    items = without_spaces(names)
    return Service(
        ServiceKind.POSTGRESQL,
        ("postgresql-dump.sh",),
        values,
        version or ("" if is_usual else port),
        items,
        "DATABASES" if items and len(items) == len(names) else "",
        names_all=False,
        need=Need.NOTHING if names or machine.is_root else Need.SUDO,
        is_proposed=bool(names) or machine.is_root,
    )


def mariadb(machine: Machine) -> list[Service]:
    """Return the server of MariaDB or MySQL."""
    client = next((name for name in ("mariadb", "mysql") if machine.has(name)), None)
    if client is None or not (machine.has("mariadb-dump") or machine.has("mysqldump")):
        return []
    names = machine.ask(client, "-N", "-B", "--connect-timeout=3", "-e", "SHOW DATABASES")
    if not names and not any(machine.file(socket).exists() for socket in _MARIADB_SOCKETS):
        return []
    own = [name for name in names if name not in _OF_THE_SERVER]
    if names and not own:
        return []
    items = without_spaces(own)
    return [
        Service(
            ServiceKind.MARIADB,
            ("mysql-dump.sh",),
            {OUTPUT_DIR: machine.dumps("mariadb")},
            items=items,
            parameter="DATABASES" if items and len(items) == len(own) else "",
            names_all=False,
            need=Need.NOTHING if names else Need.LOGIN,
            is_proposed=bool(names),
        )
    ]
