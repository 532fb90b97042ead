"""Reads the profiles of Vorta: from a profile export, or from its database (schema 23 and older).

The formats are those of Vorta's ``store/models.py`` and ``profile_export.py``: an export is a profile as JSON, with the
repository inside and tables under the names of their classes.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import Hook
from borgdesk.domain.schedule import Conditions
from borgdesk.domain.script import NewScript
from borgdesk.domain.server import check_ssh_key
from borgdesk.engine.imports.findings import TIMEOUT, VORTA, Found, FoundRepository, FoundUse, NotTaken
from borgdesk.engine.imports.gathering import Gathering, command_name
from borgdesk.engine.imports.records import Record, filled_lines, json_in, read_file, records_in
from borgdesk.engine.imports.vorta_schedule import cron_of
from borgdesk.store.foreign_database import ForeignDatabase, is_database, open_foreign
from borgdesk.translation import _

NEWEST_SCHEMA = 23
"""Of Vorta 0.10 and 0.11."""

_WEEK, _MOST_WEEKS = 7, 500
_HOME = re.compile(r"(?<![^\s:])~(?=/|$)")


@dataclass(frozen=True, slots=True)
class _Profile:
    """One profile, from either source."""

    profile: Record
    repository: Record | None
    sources: list[Record]
    exclusions: list[Record] = field(default_factory=list)
    networks: list[Record] = field(default_factory=list)
    password: str = field(default="", repr=False)


def read_vorta(path: Path, home: Path) -> Found:
    """Read an export or a database; ``~`` in patterns stands for *home*.

    Raises:
        InvalidInput: it is neither, of a newer version, damaged, or in use.
    """
    if is_database(path):
        with open_foreign(path, "Vorta") as database:
            profiles = _stored(database)
    else:
        profiles = [_exported(read_file(path), path)]
    repositories: list[FoundRepository] = []
    not_taken: list[NotTaken] = []
    for profile in profiles:
        gathering = Gathering(profile.profile.text("name").strip() or _("Profile"))
        found = _repository(profile, gathering, home)
        not_taken += gathering.not_taken
        if found is not None:
            repositories.append(found)
    return Found(VORTA, tuple(repositories), not_taken=tuple(not_taken))


# An export ------------------------------------------------------------------------------------------------------------


def _exported(content: bytes, path: Path) -> _Profile:
    text = content.decode("utf-8-sig", "replace")
    if not text.lstrip().startswith("{"):
        raise InvalidInput(_("{path} is neither a profile that Vorta exported nor its database.").format(path=path))
    profile = Record(json_in(text, str(path)), str(path))
    schema = profile.record("SchemaVersion")
    if schema is None or "name" not in profile.values:
        raise InvalidInput(_("{path} is not a profile that Vorta exported.").format(path=path))
    _check_schema(schema.number("version"), path)

    def records(name: str) -> list[Record]:
        return [Record(one, f"{path}: {name}") for one in profile.list(name)]

    return _Profile(
        profile,
        profile.record("repo"),
        records("SourceFileModel"),
        records("ExclusionModel"),
        records("WifiSettingModel"),
        profile.text("password"),
    )


def _check_schema(version: int, path: Path) -> None:
    if version > NEWEST_SCHEMA:
        raise InvalidInput(
            _("{path} was written by a newer Vorta (schema {version}; schemas up to {newest} can be read).").format(
                path=path, version=version, newest=NEWEST_SCHEMA
            )
        )
    if version < 1:
        raise InvalidInput(_("{path} has no valid schema version.").format(path=path))


# A database -----------------------------------------------------------------------------------------------------------


def _stored(database: ForeignDatabase) -> list[_Profile]:
    path = database.path
    versions = [row.number("version") for row in records_in(database, "schemaversion")]
    if not versions:
        raise InvalidInput(_("{path} has no valid schema version.").format(path=path))
    _check_schema(max(versions), path)
    repositories = {one.number("id"): one for one in records_in(database, "repomodel")}
    passwords, sources, exclusions, networks = (
        records_in(database, table, required=False)
        for table in ("repopassword", "sourcedirmodel", "exclusionmodel", "wifisettingmodel")
    )
    password_of = {one.text("url"): one.text("password") for one in passwords}
    found = []
    for profile in records_in(database, "backupprofilemodel"):
        number = profile.number("id")
        repository = repositories.get(profile.number("repo_id"))
        found.append(
            _Profile(
                profile,
                repository,
                # Called config_id up to schema 6.
                [one for one in sources if number in (one.values.get("profile_id"), one.values.get("config_id"))],
                [one for one in exclusions if one.values.get("profile_id") == number],
                [one for one in networks if one.values.get("profile_id") == number],
                password_of.get(repository.text("url"), "") if repository else "",
            )
        )
    return found


# What becomes of a profile --------------------------------------------------------------------------------------------


def _repository(source: _Profile, gathering: Gathering, home: Path) -> FoundRepository | None:
    profile, repository = source.profile, source.repository
    if repository is None or not repository.text("url").strip():
        gathering.leave_out(_("profile"), _("It has no repository."))
        return None
    cron = cron_of(profile, gathering)
    kept = _retention_counts(profile) if profile.flag("prune_on") else {}
    _leave_out_options(source, gathering)
    password = source.password
    if not password and repository.text("encryption") not in ("", "none"):
        gathering.leave_out(
            _("passphrase"),
            _(
                "It is in the keyring, where only Vorta finds it. Enter it in the tab Connection, or export the "
                "profile with its password."
            ),
        )
    return FoundRepository(
        gathering.name,
        repository.text("url").strip(),
        sources=tuple(dict.fromkeys(one.text("dir") for one in source.sources if one.text("dir").strip())),
        excludes=gathering.excludes(_home(pattern, home) for pattern in _patterns(source, gathering)),
        ssh_key=_ssh_key(profile, gathering, home),
        extra_arguments=_arguments(profile, repository, gathering),
        compression=gathering.compression(profile.text("compression")),
        archive_name=_archive_name(profile),
        retention=gathering.retention(kept, profile.text("prune_keep_within").strip() if kept else ""),
        passphrase=password or None,
        cron=cron,
        check_every=_check_every(profile, cron, gathering),
        conditions=Conditions(on_battery=True, on_metered=not profile.flag("dont_run_on_metered_networks")),
        uses=tuple(_uses(profile, gathering)),
        notes=tuple(gathering.notes),
    )


def _check_every(profile: Record, cron: str | None, gathering: Gathering) -> int | None:
    """Return after how many days the repository is checked again."""
    weeks = profile.number("validation_weeks", 3)
    if not profile.flag("validation_on") or weeks < 1:
        return None
    if cron is None or weeks > _MOST_WEEKS:
        gathering.leave_out(
            _("regular checks"), _("Give the repository a schedule, and set there how often it is checked.")
        )
        return None
    return weeks * _WEEK


def _retention_counts(profile: Record) -> dict[str, int]:
    names = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
    return {rule: profile.number(f"prune_{name}") for rule, name in names.items()}


def _patterns(source: _Profile, gathering: Gathering) -> list[str]:
    """Return the patterns as Vorta combines them: custom ones, presets, and raw ones."""
    found = []
    for exclusion in source.exclusions:
        name = exclusion.text("name").strip()
        if not exclusion.flag("enabled", default=True) or not name:
            continue
        if exclusion.text("source", "custom") == "custom":
            found.append(name)
        else:
            gathering.leave_out(
                _("exclude preset “{name}”").format(name=name),
                _("Its patterns are in Vorta, not in this file. Choose a preset under Excludes, or add them by hand."),
            )
    raw = filled_lines(source.profile.text("exclude_patterns"))
    return [pattern for pattern in [*found, *raw] if not pattern.startswith("#")]


def _home(pattern: str, home: Path) -> str:
    """Replace ``~`` at the beginning, as Vorta does."""
    return _HOME.sub(str(home).replace("\\", r"\\"), pattern, count=1) if pattern.startswith("~") else pattern


def slug_of(name: str) -> str:
    """Return the ``{profile_slug}`` of a name: lower case ASCII with hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def _archive_name(profile: Record) -> str:
    """Return the template with Vorta's own placeholders replaced; the others are Borg's."""
    template = profile.text("new_archive_name").strip()
    values = {
        "{profile_slug}": slug_of(profile.text("name")),
        "{profile_id}": str(profile.number("id")),
        "{utc_now": "{utcnow",
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


_VARIABLES: Mapping[str, str] = {
    "repo_url": '"$REPOSITORY_PATH"',
    "profile_name": '"$REPOSITORY_NAME"',
    "returncode": '"${BORGDESK_BORG_EXIT_CODE:-2}"',
}
"""What Vorta's commands find in their environment, and where it is in BorgDesk."""


def _uses(profile: Record, gathering: Gathering) -> list[FoundUse]:
    found = []
    for name, hook in (("pre_backup_cmd", Hook.PRE_BACKUP), ("post_backup_cmd", Hook.POST_BACKUP)):
        command = profile.text(name).strip()
        if not command:
            continue
        lines = [
            f"{variable}={value}; export {variable}"
            for variable, value in {**_VARIABLES, "profile_slug": f"'{slug_of(gathering.name)}'"}.items()
            if re.search(rf"\b{variable}\b", command)
        ]
        script = NewScript(
            command_name(command),
            "\n".join(["#!/bin/sh", *lines, command, ""]).encode("utf-8", "replace"),
            _("A command of Vorta."),
            TIMEOUT,
        )
        found.append(FoundUse(script, hook))
        if hook is Hook.POST_BACKUP:
            gathering.note(
                _(
                    "The command after the backup also runs if the one before it fails, and after a crash; in Vorta "
                    "it does not."
                )
            )
    return found


def _arguments(profile: Record, repository: Record, gathering: Gathering) -> str:
    """Return what Vorta adds to the command line of Borg."""
    tags = [f"--exclude-if-present={shlex.quote(name)}" for name in filled_lines(profile.text("exclude_if_present"))]
    own = (repository.text("extra_borg_arguments").strip(), repository.text("create_backup_cmd").strip())
    return gathering.arguments(*tags, *filter(None, own))


def _ssh_key(profile: Record, gathering: Gathering, home: Path) -> str:
    """Return the path of the key, of which Vorta stores the name."""
    key = profile.text("ssh_key").strip()
    if not key:
        return ""
    path = str(home / ".ssh" / key)
    return gathering.checked(_("SSH key “{key}”").format(key=key), path, lambda text: check_ssh_key(text, str(home)))


def _leave_out_options(source: _Profile, gathering: Gathering) -> None:
    """Say which settings of a profile have no counterpart."""
    if any(not one.flag("allowed", default=True) for one in source.networks):
        gathering.leave_out(
            _("networks that are not allowed"), _("BorgDesk only distinguishes metered connections from others.")
        )
