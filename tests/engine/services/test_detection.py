"""What runs here is found by programs on the search path and by files, and what does not answer is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.assignment import resolve_values
from borgdesk.domain.parameters import ParameterType
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.scripts.templates import templates
from borgdesk.engine.services.detection import services_on
from borgdesk.engine.services.machine import Machine
from borgdesk.engine.services.service import Need, Service, ServiceKind

Programs = Callable[..., None]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for name in ("bin", "home", "root"):
        (tmp_path / name).mkdir()
    environment = {"PATH": str(tmp_path / "bin"), "XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    return Machine(environment, tmp_path / "home", tmp_path / "root", is_root=False)


@pytest.fixture
def program(tmp_path: Path) -> Programs:
    """Put a program on the search path whose answers depend on its first words."""

    def put(name: str, *answers: tuple[str, str], otherwise: str = "exit 1") -> None:
        cases = [f"  \"{words}\"*) cat <<'END'\n{text.rstrip(chr(10))}\nEND\n;;\n" for words, text in answers]
        file = tmp_path / "bin" / name
        lines = ["#!/bin/bash", "PATH=/usr/bin:/bin", 'case "$*" in', *cases, f"*) {otherwise} ;;", "esac"]
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o755)

    return put


def container(name: str, image: str, *compose: str, swarm: str = "") -> str:
    labels = compose or ("", "", "", "")
    return "\t".join((name, image, *labels, swarm))


def mount(kind: str, source: str, *, writable: bool = True) -> dict[str, object]:
    return {"Type": kind, "Source": source, "RW": writable}


def only(found: list[Service], kind: ServiceKind) -> Service:
    (one,) = (service for service in found if service.kind is kind)
    return one


def check_templates(found: list[Service]) -> None:
    """Check that the templates exist, know every value, and lack none."""
    known = {template.file_name: template.header for template in templates()}
    for service in found:
        headers = [known[name] for name in service.templates]
        for header in headers:
            values = {name: value for name, value in service.values.items() if header.parameter(name)}
            _values, missing = resolve_values(header, values)
            assert not missing
        for name, value in service.values.items():
            parameter = next(one for header in headers if (one := header.parameter(name)) is not None)
            if parameter.type is ParameterType.CHOICE:
                assert value in parameter.choices


def test_services_of_an_inactive_profile_are_stopped_container_by_container(
    machine: Machine, program: Programs, tmp_path: Path
) -> None:
    project = ("paperless", str(tmp_path), f"{tmp_path}/compose.yaml")
    (tmp_path / "compose.yaml").touch()
    rows = [
        container("paperless-web-1", "paperless", *project, "web"),
        container("paperless-debug-1", "debug", *project, "debug"),
    ]
    asked = f"compose --project-directory {tmp_path} -p paperless -f {tmp_path}/compose.yaml config --services"
    program("docker", ("ps ", "\n".join(rows)), (asked, "web\ndb"), ("container inspect", "/paperless-debug-1 false"))
    found = services_on(machine)
    assert only(found, ServiceKind.COMPOSE).items == ("web",)
    assert only(found, ServiceKind.CONTAINERS).items == ("paperless-debug-1",)


def test_thousands_of_units_are_all_looked_at(machine: Machine, program: Programs) -> None:
    names = [f"app{number}.service" for number in range(1500)]
    show = """for n in "${@:5}"; do printf 'Id=%s\nFragmentPath=/etc/systemd/system/%s\n\n' "$n" "$n"; done"""
    program("systemctl", ("--system list-units", "\n".join(names)), ("--user", ""), otherwise=show)
    assert only(services_on(machine), ServiceKind.SYSTEM_UNITS).items == tuple(names)
    assert machine.too_long == []


def test_what_was_not_looked_at_is_known(machine: Machine, program: Programs) -> None:
    program("docker", otherwise=f"yes '{container('web', 'nginx')}'")
    services_on(machine)
    assert "docker" in machine.too_long


def test_nothing_runs(machine: Machine) -> None:
    assert services_on(machine) == []


def test_three_containers(machine: Machine, program: Programs) -> None:
    rows = [
        container("nextcloud-db", "mariadb:11"),
        container("nextcloud-app", "nextcloud:29-apache"),
        container("immich", "ghcr.io/immich-app/immich-server:v1"),
        container("once", "alpine"),
        container("web.1", "nginx", swarm="abc"),
    ]
    program(
        "docker",
        ("ps ", "\n".join(rows)),
        ("container inspect", "/nextcloud-db false\n/nextcloud-app false\n/immich false\n/once true"),
    )
    found = services_on(machine)
    check_templates(found)
    service = only(found, ServiceKind.CONTAINERS)
    # A container that Docker would remove is left alone, as is one that its cluster would start again.
    assert service.values == {"CONTAINERS": "nextcloud-app immich nextcloud-db"}
    assert service.is_proposed
    assert service.with_items(["immich"]).values == {"CONTAINERS": "immich"}
    maintenance = only(found, ServiceKind.NEXTCLOUD)
    assert (maintenance.values["CONTAINER"], maintenance.is_proposed) == ("nextcloud-app", False)


def test_the_folders_that_containers_write_to(machine: Machine, program: Programs, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").touch()
    project = ("paperless", str(tmp_path), f"{tmp_path}/compose.yaml")
    rows = [
        container("paperless-web-1", "paperless", *project, "web"),
        container("paperless-db-1", "postgres", *project, "db"),
        container("music", "navidrome"),
        container("cache", "memcached"),
        container("far", "app"),
    ]
    volume = "/var/lib/docker/volumes/m/_data"
    mounts = [
        ["/paperless-web-1", [mount("bind", "/srv/paperless"), mount("bind", "/etc/localtime", writable=False)]],
        ["/music", [mount("volume", volume), mount("bind", "/home/anna/Music", writable=False), mount("tmpfs", "")]],
        ["/cache", []],
        ["/far", [mount("volume", "")]],
        "nonsense",
    ]
    program(
        "docker",
        ("ps ", "\n".join(rows)),
        ("container inspect -f [", "\n".join(map(json.dumps, mounts))),
        ("container inspect", "/music false\n/cache false\n/far false"),
    )
    found = services_on(machine)
    assert only(found, ServiceKind.COMPOSE).data == {"web": ("/srv/paperless",)}
    assert only(found, ServiceKind.CONTAINERS).data == {
        "music": (volume,),
        "cache": ("/var/lib/docker",),
    }


def test_the_folders_of_a_nextcloud(machine: Machine) -> None:
    folder = machine.file("/var/www/nextcloud")
    (folder / "config").mkdir(parents=True)
    for name in ("occ", "version.php"):
        (folder / name).touch()
    assert only(services_on(machine), ServiceKind.NEXTCLOUD).data == {}
    (folder / "config" / "config.php").write_text("<?php\n$CONFIG = ['datadirectory' => '/srv/cloud',];\n")
    assert only(services_on(machine), ServiceKind.NEXTCLOUD).data == {"": ("/var/www/nextcloud", "/srv/cloud")}


def test_a_name_that_no_program_can_be_asked_about_costs_no_other(machine: Machine, program: Programs) -> None:
    rows = "\n".join([container("web", "nginx"), container("NUL", "nginx")])
    program("docker", ("container inspect", "/web false"), otherwise=f"tr N '\\0' <<< '{rows}'")
    assert only(services_on(machine), ServiceKind.CONTAINERS).items == ("web",)


def test_projects_of_compose(machine: Machine, program: Programs, tmp_path: Path) -> None:
    folder = tmp_path / "paperless"
    folder.mkdir()
    (folder / "compose.yaml").touch()
    (folder / "extra.yaml").touch()
    usual = ("paperless", str(folder), f"{folder}/compose.yaml")
    special = ("other", str(folder), f"{folder}/compose.yaml,{folder}/extra.yaml")
    rows = [
        container("paperless-db-1", "postgres:16", *usual, "db"),
        container("paperless-web-1", "paperless", *usual, "web"),
        container("other-app-1", "app", *special, "app"),
        container("stack-app-1", "app", "stack", "/data/compose/1", "/data/compose/1/compose.yaml", "app"),
    ]
    program("docker", ("ps ", "\n".join(rows)), ("container inspect", "/stack-app-1 false"))
    found = services_on(machine)
    check_templates(found)
    first, second = (one for one in found if one.kind is ServiceKind.COMPOSE)
    assert (first.name, first.items) == ("paperless", ("web", "db"))
    assert first.values == {"PROJECT_DIR": str(folder), "PROJECT_NAME": "paperless"}
    assert first.with_items(["web"]).values["SERVICES"] == "web"
    # All of them stand for those of tomorrow, too.
    assert first.with_items(["db", "web"]) == first
    assert second.values["FILES"] == f"{folder}/compose.yaml\n{folder}/extra.yaml"
    # A project whose files are inside another container is stopped container by container.
    assert only(found, ServiceKind.CONTAINERS).items == ("stack-app-1",)


def test_containers_elsewhere_are_not_ours(machine: Machine, program: Programs) -> None:
    program("docker", ("ps ", container("web", "nginx")), ("container inspect", "/web false"))
    far = Machine({**machine.environment, "DOCKER_HOST": "ssh://nas"}, machine.home, machine.root)
    assert services_on(machine)
    assert services_on(far) == []


def test_postgresql(machine: Machine, program: Programs) -> None:
    program("pg_dump")
    program("pg_lsclusters", ("-h", "15 main 5432 online postgres /data /log\n16 new 5433 down postgres /data /log"))
    program("psql", ("-w -XAt -p 5432", "postgres\nshop\nwiki"))
    found = services_on(machine)
    check_templates(found)
    server = only(found, ServiceKind.POSTGRESQL)
    assert (server.name, server.items) == ("15", ("postgres", "shop", "wiki"))
    assert server.values == {"OUTPUT_DIR": f"{machine.home}/database-dumps/postgresql"}
    assert server.output_folder == server.values["OUTPUT_DIR"]
    assert server.is_proposed


def test_postgresql_that_refuses_us(machine: Machine, program: Programs) -> None:
    program("pg_dump")
    program("psql")
    sockets = machine.file("/run/postgresql")
    sockets.mkdir(parents=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock", ".s.PGSQL.5433"):
        (sockets / name).touch()
    found = services_on(machine)
    check_templates(found)
    assert [one.values.get("DB_PORT") for one in found] == [None, "5433"]
    assert {(one.values["RUN_AS"], one.need, one.is_proposed) for one in found} == {("postgres", Need.SUDO, False)}
    root = Machine(machine.environment, machine.home, machine.root, is_root=True)
    assert all(one.is_proposed for one in services_on(root))


def test_mariadb(machine: Machine, program: Programs) -> None:
    program("mariadb-dump")
    program("mariadb", ("-N -B", "information_schema\nmysql\nshop\nmy wiki"))
    found = services_on(machine)
    check_templates(found)
    server = only(found, ServiceKind.MARIADB)
    # The value of a parameter cannot name all of these, so they are not chosen one by one.
    assert (server.items, server.parameter, server.need) == (("shop",), "", Need.NOTHING)
    program("mariadb")
    assert services_on(machine) == []
    socket = machine.file("/run/mysqld/mysqld.sock")
    socket.parent.mkdir(parents=True)
    socket.touch()
    (server,) = services_on(machine)
    assert (server.need, server.is_proposed) == (Need.LOGIN, False)


def test_nextcloud_without_containers(machine: Machine) -> None:
    folder = machine.file("/var/www/nextcloud")
    folder.mkdir(parents=True)
    (folder / "occ").touch()
    assert services_on(machine) == []
    (folder / "version.php").touch()
    found = services_on(machine)
    check_templates(found)
    (service,) = found
    assert service.values["NEXTCLOUD_DIR"] == "/var/www/nextcloud"
    assert (service.need, service.is_proposed) == (Need.SUDO, False)


def test_virtual_machines(machine: Machine, program: Programs, tmp_path: Path) -> None:
    program("virsh", ("-r -c qemu:///system list", "web\nwith space\n\n"), ("-c qemu:///session list", "desk\n"))
    found = services_on(machine)
    check_templates(found)
    assert [one.items for one in found] == [("web",)]
    assert not found[0].is_proposed
    (tmp_path / "runtime/libvirt").mkdir(parents=True)
    (tmp_path / "runtime/libvirt/libvirt-sock").touch()
    assert [one.values["CONNECTION"] for one in services_on(machine)] == ["qemu:///system", "qemu:///session"]


def test_services_of_systemd(machine: Machine, program: Programs) -> None:
    rows = "photoprism.service loaded active running Photos\npipewire.service loaded active running Sound\n"
    rows += "borgdesk-follow.service loaded active running Ours\npod.service loaded active running Quadlet\n"
    own = f"{machine.home}/.config/systemd/user"
    shown = [
        f"Id=photoprism.service\nFragmentPath={own}/photoprism.service",
        "Id=pipewire.service\nFragmentPath=/usr/lib/systemd/user/pipewire.service",
        f"Id=borgdesk-follow.service\nFragmentPath={own}/borgdesk-follow.service",
        "Id=pod.service\nFragmentPath=/run/user/1000/systemd/generator/pod.service",
    ]
    system = "jellyfin.service loaded active running Media\nssh.service loaded active running SSH"
    program(
        "systemctl",
        ("--user list-units", rows),
        ("--user show", "\n\n".join(shown)),
        ("--system list-units", system),
        ("--system show", "Id=jellyfin.service\nFragmentPath=/usr/lib/systemd/system/jellyfin.service"),
    )
    found = services_on(machine)
    check_templates(found)
    users, systems = found
    assert users.values == {"UNITS": "photoprism.service pod.service", "MANAGER": "user"}
    assert (users.need, users.is_proposed) == (Need.NOTHING, False)
    assert systems.values == {"UNITS": "jellyfin.service", "MANAGER": "system"}
    assert (systems.need, systems.is_proposed) == (Need.SUDO, False)


def test_who_hangs_is_given_up(machine: Machine, program: Programs) -> None:
    program("docker", otherwise="exec sleep 600")
    program("virsh", ("-r -c qemu:///system list", "web"))
    assert [one.kind for one in services_on(machine, limit=3)] == [ServiceKind.MACHINES]
    machine.cancel.ask()


def test_cancelled(machine: Machine, program: Programs, tmp_path: Path) -> None:
    program("virsh", otherwise=f"touch '{tmp_path}/began'")
    cancel = Cancel()
    cancel.ask()
    assert services_on(Machine(machine.environment, machine.home, machine.root, cancel=cancel)) == []
    assert not (tmp_path / "began").exists()


def test_odd_answers(machine: Machine, program: Programs) -> None:
    for name in ("docker", "psql", "pg_dump", "mariadb", "mariadb-dump", "virsh", "systemctl", "pg_lsclusters"):
        program(name, otherwise=r"printf '\xff\x00 \t a=b\n\n= \n'")
    check_templates(services_on(machine))
