"""The file format of an exported set-up (docs/configuration-file.md): from values to bytes and back, with all checks.

It is one JSON document without any paths to be written to, so a hostile file can only contain wrong values.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import NoneType, UnionType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import LANES, Hook, OnFailure, RunOn
from borgdesk.domain.schedule import Conditions, Schedule
from borgdesk.domain.script import NewScript
from borgdesk.domain.settings import Values
from borgdesk.domain.version import VERSION
from borgdesk.translation import _

FORMAT, NEWEST = "borgdesk-configuration", 1
LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is not read."""
_OF_HISTORY = {
    "id",
    "has_passphrase",
    "filled_sources",
    "compacted_at",
    "has_deleted",
    "created_at",
    "last_run_at",
    "last_status",
    "last_success_at",
}
"""Fields of a repository that are not part of the set-up."""
FIELDS = tuple(one.name for one in fields(Repository) if one.name not in _OF_HISTORY)
_HINTS = get_type_hints(Repository)


@dataclass(frozen=True, slots=True)
class AssignmentPart:
    """A script in a lane of a repository."""

    script: str
    hook: Hook
    enabled: bool
    timeout: int | None
    run_on: RunOn | None
    on_failure: OnFailure | None
    parameters: Mapping[str, str]
    secrets: tuple[str, ...]
    """Names only."""
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class RepositoryPart:
    """A repository with what belongs to it."""

    repository: Repository
    """Without an id."""
    schedule: Schedule | None
    assignments: tuple[AssignmentPart, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """An exported set-up."""

    settings: Mapping[str, Any]
    scripts: tuple[NewScript, ...]
    repositories: tuple[RepositoryPart, ...]
    sealed: Mapping[str, Any] | None = None
    """The encrypted secrets."""

    def digest(self) -> bytes:
        """Return what the secrets belong to: a hash of all the rest that matters."""
        text = json.dumps([_scripts(self), _repositories(self)], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def to_bytes(document: Document) -> bytes:
    """Return the contents of the file."""
    content = {
        "format": FORMAT,
        "version": NEWEST,
        "written_by": VERSION,
        "settings": dict(document.settings),
        "scripts": _scripts(document),
        "repositories": _repositories(document),
        "secrets": document.sealed,
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _scripts(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "file_name": one.file_name,
            "description": one.description,
            "timeout": one.timeout,
            "run_on": str(one.run_on),
            **_as_text(one.content),
        }
        for one in document.scripts
    ]


def _as_text(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _repositories(document: Document) -> list[dict[str, Any]]:
    found = []
    for part in document.repositories:
        values = {name: getattr(part.repository, name) for name in FIELDS}
        values["retention"] = asdict(part.repository.retention)
        schedule = part.schedule
        values["schedule"] = schedule and {
            "cron": schedule.cron,
            "conditions": schedule.conditions.as_json(),
            "jitter": schedule.jitter,
            "overdue_after": schedule.overdue_after,
            "check_every": schedule.check_every,
        }
        values["scripts"] = [
            {
                "script": one.script,
                "hook": one.hook.value,
                "enabled": one.enabled,
                "timeout": one.timeout,
                "run_on": None if one.run_on is None else str(one.run_on),
                "on_failure": one.on_failure and one.on_failure.value,
                "parameters": dict(one.parameters),
                "secrets": sorted(one.secrets),
                "shared": one.shared,
            }
            for one in part.assignments
        ]
        found.append(json.loads(json.dumps(values)))
    return found


def from_bytes(content: bytes) -> Document:
    """Read an exported set-up.

    Raises:
        InvalidInput: it is none, is damaged or of a newer version, or has a value of a wrong type.
    """
    if len(content) > LARGEST:
        raise InvalidInput(
            _("The file is larger than {limit} MiB, so it is not an exported set-up.").format(limit=LARGEST >> 20)
        )
    try:
        found = json.loads(content.decode(), parse_constant=_refuse)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidInput(_("The file is not an exported set-up, or it is damaged.")) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InvalidInput(_("The file is not an exported set-up, or it is damaged."))
    version = found.get("version")
    if type(version) is not int or version < 1:
        raise InvalidInput(_("The file is not an exported set-up, or it is damaged."))
    if version > NEWEST:
        raise InvalidInput(
            _("The file was written by a newer version of BorgDesk ({version}). Install that version first.").format(
                version=str(found.get("written_by", ""))[:40]
            )
        )
    return _document(_Reader(found, ""))


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


class _Reader:
    """Takes values of expected types out of an object of the file."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values, self._where = values, where

    def take(self, name: str, hint: Any, default: Any = ...) -> Any:
        """Return a value of the type *hint*, which may be a union or a list of such types."""
        value = self._values.get(name, default)
        if value is ... or (value is not default and not _fits(value, hint)):
            place = f"{self._where}.{name}" if self._where else name
            raise InvalidInput(_("The file is damaged: “{place}” is missing or of another type.").format(place=place))
        return value

    def each(self, name: str) -> list[_Reader]:
        """Return the objects of a list."""
        place = f"{self._where}.{name}" if self._where else name
        return [_Reader(one, f"{place}[{number}]") for number, one in enumerate(self.take(name, list[dict[str, Any]]))]

    def within(self, name: str) -> _Reader | None:
        """Return an object, or None."""
        found = self.take(name, dict[str, Any] | None)
        return None if found is None else _Reader(found, f"{self._where}.{name}")


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is UnionType:
        return any(_fits(value, one) for one in get_args(hint))
    if origin is list:
        return type(value) is list and all(_fits(one, get_args(hint)[0]) for one in value)
    if origin is dict:
        wanted = get_args(hint)[1]
        return type(value) is dict and (wanted is Any or all(_fits(one, wanted) for one in value.values()))
    if hint is Any:
        return True
    return value is None if hint is NoneType else type(value) is hint


def _document(reader: _Reader) -> Document:
    settings = reader.take("settings", dict[str, Any])
    return Document(
        settings=Values(settings).given(),
        scripts=tuple(map(_script, reader.each("scripts"))),
        repositories=tuple(map(_repository, reader.each("repositories"))),
        sealed=reader.take("secrets", dict[str, Any] | None),
    )


def _script(reader: _Reader) -> NewScript:
    text, encoded = reader.take("text", str, None), reader.take("base64", str, None)
    try:
        content = text.encode() if text is not None else base64.b64decode(encoded or "", validate=True)
    except binascii.Error:
        raise InvalidInput(_("The file is damaged: the text of a script cannot be read.")) from None
    return NewScript(
        name=reader.take("name", str),
        file_name=reader.take("file_name", str),
        description=reader.take("description", str),
        timeout=reader.take("timeout", int),
        run_on=RunOn.parse(reader.take("run_on", str)),
        content=content,
    )


def _repository(reader: _Reader) -> RepositoryPart:
    values = {name: reader.take(name, _in_json(_HINTS[name])) for name in FIELDS if name != "retention"}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    rules = reader.take("retention", dict[str, int | str | None])
    try:
        retention = Retention(**rules)
        repository = Repository(RepositoryId(0), **values, retention=retention)
    except TypeError:
        raise InvalidInput(_("The file is damaged: “{place}” is missing or of another type.").format(
            place="repositories.retention"
        )) from None  # fmt: skip
    schedule = reader.within("schedule")
    return RepositoryPart(
        repository,
        None if schedule is None else _schedule(schedule),
        tuple(_assignment(one) for one in reader.each("scripts")),
    )


def _in_json(hint: Any) -> Any:
    return list[str] if get_origin(hint) is tuple else hint


def _schedule(reader: _Reader) -> Schedule:
    kept = reader.take("conditions", dict[str, Any])
    try:
        conditions = Conditions.from_json(kept)
        plain = replace(conditions, between=None)
        shapes = {"on_battery": bool, "on_metered": bool, "run_anyway_after": int | None, "disk": str | None}
        if not all(_fits(getattr(plain, name), shape) for name, shape in shapes.items()):
            raise TypeError
    except (TypeError, AttributeError):
        raise InvalidInput(_("The file is damaged: “{place}” is missing or of another type.").format(
            place="schedule.conditions"
        )) from None  # fmt: skip
    return Schedule(
        RepositoryId(0),
        reader.take("cron", str),
        conditions,
        reader.take("jitter", int | None),
        reader.take("overdue_after", int | None),
        check_every=reader.take("check_every", int | None),
    ).checked()


def _assignment(reader: _Reader) -> AssignmentPart:
    run_on, on_failure, hook = (
        reader.take("run_on", str | None),
        reader.take("on_failure", str | None),
        reader.take("hook", str),
    )
    if hook not in {one.value for one in LANES} or on_failure not in {None, *(one.value for one in OnFailure)}:
        raise InvalidInput(_("The file is damaged: a script is in a lane, or has a policy, that there is not."))
    return AssignmentPart(
        script=reader.take("script", str),
        hook=Hook(hook),
        enabled=reader.take("enabled", bool),
        timeout=reader.take("timeout", int | None),
        run_on=None if run_on is None else RunOn.parse(run_on),
        on_failure=None if on_failure is None else OnFailure(on_failure),
        parameters=reader.take("parameters", dict[str, str]),
        secrets=tuple(reader.take("secrets", list[str])),
        shared=reader.take("shared", str | None, None),
    )
