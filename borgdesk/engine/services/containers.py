"""Running Docker containers, which are stopped, also databases: Compose projects, and those that stand alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from borgdesk.engine.services.machine import Machine, batched
from borgdesk.engine.services.service import Service, ServiceKind

_PROJECT = "com.docker.compose.project"
_LABELS = (_PROJECT, f"{_PROJECT}.working_dir", f"{_PROJECT}.config_files", "com.docker.compose.service")
_SWARM = "com.docker.swarm.service.id"
_FIELDS = ("{{.Names}}", "{{.Image}}", *(f'{{{{.Label "{label}"}}}}' for label in (*_LABELS, _SWARM)))
_FORMAT = "\t".join(_FIELDS)
_FACTS = "{{.Name}} {{.HostConfig.AutoRemove}}"
_MOUNTS = "[{{json .Name}}, {{json .Mounts}}]"
_ON_DISK = ("bind", "volume")
_LAYERS = "/var/lib/docker"
"""Where Docker keeps what containers write outside their mounts."""

_USUAL_FILES = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}
_DATABASES = re.compile(r"(?:^|/)[\w-]*(?:postgres|postgis|pgvecto|mariadb|mysql|mongo|redis|valkey)[\w-]*(?:[:@]|$)")
_NEXTCLOUD = re.compile(r"(?:^|/)nextcloud(?:[:@]|$)")
_STOP, _START = "docker-stop.sh", "docker-start.sh"
_COMPOSE_STOP, _COMPOSE_START = "compose-stop.sh", "compose-start.sh"
_MAINTENANCE = ("nextcloud-maintenance-on.sh", "nextcloud-maintenance-off.sh")


@dataclass(frozen=True, slots=True)
class _Container:
    name: str
    image: str
    project: str
    folder: str
    files: tuple[str, ...]
    service: str


def containers(machine: Machine) -> list[Service]:
    """Return each Compose project, and all other containers together."""
    if machine.environment.get("DOCKER_HOST", "unix:").partition(":")[0] != "unix":
        return []  # They run elsewhere.
    found = _running(machine)
    projects: dict[str, list[_Container]] = {}
    alone = []
    for one in found:
        if _is_project_here(one):
            projects.setdefault(one.project, []).append(one)
        else:
            alone.append(one)
    services = []
    data = _data(machine, [one.name for one in found])
    for members in projects.values():
        known = _known_to_compose(machine, members[0])
        managed = [one for one in members if not known or one.service in known]
        # Of a profile that is not active, or not in the files any more: Compose would leave it running.
        alone += [one for one in members if one not in managed]
        if managed:
            services.append(_project(managed, data))
    if names := _stoppable(machine, _databases_last(alone)):
        values = {"CONTAINERS": " ".join(names)}
        services.append(
            Service(
                ServiceKind.CONTAINERS,
                (_STOP, _START),
                values,
                items=tuple(names),
                parameter="CONTAINERS",
                data={name: data[name] for name in names if name in data},
            )
        )
    return [*services, *map(_nextcloud, (one for one in found if _NEXTCLOUD.search(one.image)))]


def _running(machine: Machine) -> list[_Container]:
    found = []
    for line in machine.ask("docker", "ps", "--filter", "status=running", "--format", _FORMAT):
        fields = line.split("\t")
        if len(fields) != len(_FIELDS):
            continue
        name, image, project, folder, files, service, swarm = fields
        # Whatever a cluster started, it would start again at once.
        if not swarm and not name.startswith("k8s_"):
            paths = tuple(file for file in files.split(",") if file)
            found.append(_Container(name, image, project, folder, paths, service))
    return found


def _is_project_here(one: _Container) -> bool:
    """Return whether it belongs to a Compose project whose files are here, and not inside some container."""
    if not (one.project and one.service and one.folder.startswith("/")):
        return False
    try:
        return Path(one.folder).is_dir() and all(Path(one.folder, file).is_file() for file in one.files)
    except OSError:
        return False


def _known_to_compose(machine: Machine, one: _Container) -> set[str]:
    """Return the services of a project that Compose stops and starts when it is not told a profile."""
    files = [word for file in one.files for word in ("-f", str(Path(one.folder, file)))]
    place = ("--project-directory", one.folder, "-p", one.project, *files)
    return {line.strip() for line in machine.ask("docker", "compose", *place, "config", "--services")}


def _data(machine: Machine, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the folders that containers write to, of those whose mounts are known."""
    lines = (
        line
        for some in batched(names)
        for line in machine.ask("docker", "container", "inspect", "-f", _MOUNTS, "--", *some)
    )
    found = {}
    for line in lines:
        try:
            name, mounts = json.loads(line)
            folders = [str(one["Source"]) for one in mounts if one["Type"] in _ON_DISK and one["RW"]]
        except (ValueError, LookupError, TypeError):
            continue
        if all(folder.startswith("/") for folder in folders):
            # Without any, it writes only to a layer of its own.
            found[str(name).removeprefix("/")] = tuple(folders) or (_LAYERS,)
    return found


def _project(members: Sequence[_Container], data: Mapping[str, tuple[str, ...]]) -> Service:
    first = members[0]
    services = dict.fromkeys(one.service for one in _databases_last(members))
    values = {"PROJECT_DIR": first.folder, "PROJECT_NAME": first.project}
    if not all(_is_usual(first.folder, file) for file in first.files):
        values["FILES"] = "\n".join(first.files)
    return Service(
        ServiceKind.COMPOSE,
        (_COMPOSE_STOP, _COMPOSE_START),
        values,
        first.project,
        tuple(services),
        "SERVICES",
        names_all=False,
        data=_data_of_services(members, data),
    )


def _data_of_services(
    members: Sequence[_Container], data: Mapping[str, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Return the folders that each service of a project writes to, of those whose containers are all known."""
    found: dict[str, tuple[str, ...]] = {}
    for one in members:
        found[one.service] = (*found.get(one.service, ()), *data.get(one.name, ()))
    unknown = {one.service for one in members if one.name not in data}
    return {service: folders for service, folders in found.items() if service not in unknown}


def _is_usual(folder: str, file: str) -> bool:
    """Return whether Compose finds the file by itself."""
    path = Path(folder, file)
    return path.name in _USUAL_FILES and path.parent == Path(folder)


def _databases_last(found: Iterable[_Container]) -> list[_Container]:
    """Return them in the order in which to stop them."""
    return sorted(found, key=lambda one: bool(_DATABASES.search(one.image)))


def _stoppable(machine: Machine, found: Sequence[_Container]) -> list[str]:
    """Return the names of those that are still there after they were stopped."""
    if not found:
        return []
    names = [one.name for one in found]
    facts = [
        fact
        for some in batched(names)
        for fact in machine.ask("docker", "container", "inspect", "-f", _FACTS, "--", *some)
    ]
    return [name for name in names if f"/{name} false" in facts]


def _nextcloud(one: _Container) -> Service:
    """Return its maintenance mode, which nobody needs if the container is stopped."""
    user = "abc" if "linuxserver" in one.image else "www-data"
    values = {"INSTALLATION": "docker", "CONTAINER": one.name, "WEB_USER": user}
    return Service(ServiceKind.NEXTCLOUD, _MAINTENANCE, values, one.name, is_proposed=False)
