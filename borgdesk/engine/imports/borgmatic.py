"""Reads configuration files of borgmatic, of version 1 (with sections) and 2.

The formats are those of borgmatic's ``config/schema.yaml``; older spellings are understood as its
``config/normalize.py`` does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import PERIODS, Repository, Retention, check_checkpoint_interval, check_upload_limit
from borgdesk.domain.server import check_remote_path, check_ssh_key
from borgdesk.engine.imports.borgmatic_commands import CREDENTIAL, Surroundings, is_command_option, uses_of
from borgdesk.engine.imports.borgmatic_patterns import Patterns
from borgdesk.engine.imports.borgmatic_rest import leave_out_options
from borgdesk.engine.imports.findings import BORGMATIC, Found, FoundRepository, NotTaken
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import Record
from borgdesk.engine.imports.yaml_files import load
from borgdesk.engine.repositories.shared_locations import identity_here
from borgdesk.translation import _

_SECTIONS = ("location", "storage", "retention", "consistency", "output", "hooks")
_OTHER_SCHEMES = ("ssh://", "sftp://", "rclone:", "s3:", "b2:", "file://")
_ARCHIVE_NAME = "{hostname}-{now:%Y-%m-%dT%H:%M:%S.%f}"
"""Borgmatic's default."""

_UNKNOWN_RULES = ("keep_secondly", "keep_minutely", "keep_13weekly", "keep_3monthly", "keep")
_FLAGS: Mapping[str, str] = {
    "exclude_nodump": "--exclude-nodump",
    "keep_exclude_tags": "--keep-exclude-tags",
    "numeric_ids": "--numeric-ids",
    "numeric_owner": "--numeric-ids",
    "read_special": "--read-special",
    "sparse": "--sparse",
}
"""Options that are flags of ``borg create``."""
_USUAL_STEM = "config"
"""Of a file that is the only one; it tells nothing."""
_VARIABLE = re.compile(r"(?<!\\)\$\{[A-Za-z0-9_]+(?::?-[^}]*)?\}")
_LONGEST = 4 * 1024 * 1024
"""Characters that the constants in the value of one option may have together."""


def read_borgmatic(paths: Sequence[Path], home: Path) -> Found:
    """Read configuration files; ``~`` stands for *home*.

    Raises:
        InvalidInput: a file cannot be read, or is no configuration of borgmatic.
    """
    repositories: list[FoundRepository] = []
    not_taken: list[NotTaken] = []
    for path in _files(paths):
        gathering = Gathering(path.name)
        repositories += _Configuration(path, home, gathering).repositories()
        not_taken += gathering.not_taken
    return Found(BORGMATIC, tuple(repositories), not_taken=tuple(not_taken))


def _files(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, and those in folders named, as borgmatic collects them."""
    found: list[Path] = []
    for path in paths:
        try:
            if not path.is_dir():
                found.append(path)
                continue
            inside = sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml") and not one.is_dir())
        except OSError as error:
            raise InvalidInput(_("{path} cannot be read: {error}.").format(path=path, error=error.strerror)) from error
        if not inside:
            raise InvalidInput(_("There is no YAML file in {path}.").format(path=path))
        found += inside
    return found


class _Configuration:
    def __init__(self, path: Path, home: Path, gathering: Gathering) -> None:
        self._path, self._home, self._gathering = path, home, gathering
        self._directory = ""
        self._options = Record(_flat(load(path), path), str(path))
        if not self._options.values.get("repositories"):
            raise InvalidInput(
                _("{path} names no repositories: it is no configuration of borgmatic.").format(path=path)
            )
        self._directory = self._expanded(self._options.text("working_directory"))

    def repositories(self) -> list[FoundRepository]:
        if "create" in self._texts("skip_actions"):
            self._gathering.leave_out(_("configuration"), _("It makes no backups (“skip_actions”)."))
            return []
        places = [self._place(one) for one in self._options.list("repositories")]
        common = self._common(len(places))
        found = []
        for name, location in places:
            if variable := _VARIABLE.search(location):
                self._gathering.leave_out(
                    _("repository {location}").format(location=location), _environment(variable[0])
                )
                continue
            found.append(replace(common, name=name, location=location, notes=tuple(self._gathering.notes)))
        return found

    def _common(self, repositories: int) -> FoundRepository:
        """Return what all repositories of the file have in common."""
        options, gathering = self._options, self._gathering
        patterns = Patterns(gathering, self._texts, self._expanded)
        surroundings = Surroundings(
            str(self._path.absolute()), self._directory, str(options.values.get("umask") or ""), repositories
        )
        gathering.note(
            _("borgmatic has no schedule of its own: give the repository one, and disable its timer or cron job.")
        )
        passphrase, passcommand = self._unlocking()
        leave_out_options(options, gathering)
        return FoundRepository(
            "",
            "",
            sources=tuple(dict.fromkeys([*self._sources(), *patterns.roots])),
            excludes=gathering.excludes(patterns.excludes),
            patterns=gathering.patterns(patterns.rules),
            upload_limit=gathering.limited(
                _("upload limit"),
                options.number("upload_rate_limit") or options.number("remote_rate_limit"),
                check_upload_limit,
            ),
            checkpoint_interval=gathering.limited(
                _("checkpoint interval"), options.number("checkpoint_interval"), check_checkpoint_interval
            ),
            extra_arguments=self._arguments(),
            ssh_key=self._ssh_key(),
            remote_path=gathering.checked(
                _("path of Borg on the server"), options.text("remote_path"), check_remote_path
            ),
            exclude_caches=options.flag("exclude_caches"),
            one_file_system=options.flag("one_file_system"),
            compression=gathering.compression(options.text("compression")),
            archive_name=options.text("archive_name_format") or _ARCHIVE_NAME,
            retention=self._retention(),
            passphrase=passphrase,
            passcommand=passcommand,
            uses=tuple(uses_of(options, surroundings, gathering)),
        )

    # Places

    def _place(self, value: object) -> tuple[str, str]:
        """Return the name and the location of a repository."""
        entry = Record({"path": value} if isinstance(value, str) else value, str(self._path))
        path = entry.text("path").strip()
        if not path:
            raise InvalidInput(_("{path} has a repository without a path.").format(path=self._path))
        location = self._location(path)
        return entry.text("label").strip() or self._name_of(location), location

    def _name_of(self, location: str) -> str:
        """Return a name for a repository that has none: of the file, and of its folder if the file has several."""
        stem, folder = self._path.stem, location.rstrip("/").rpartition("/")[2].removesuffix(".borg")
        if stem == _USUAL_STEM:
            return folder or stem
        return stem if len(self._options.list("repositories")) == 1 else f"{stem} {folder}"

    def _location(self, path: str) -> str:
        path = _with_identity(path)
        if ":" in path and not path.startswith((*_OTHER_SCHEMES, "/")):
            # As borgmatic does.
            return "ssh://" + path.replace(":~", "/~").replace(":/", "/").replace(":", "/./")
        return path if ":" in path else self._expanded(path)

    def _expanded(self, path: str) -> str:
        """Return a path with the home directory, and relative to the working directory if there is one."""
        if path == "~" or path.startswith("~/"):
            return str(self._home) + path[1:]
        if not path or not self._directory or path.startswith("/"):
            return path
        return f"{self._directory.rstrip('/')}/{path}"

    # Values

    def _texts(self, name: str) -> list[str]:
        """Return a list of texts, which may be a single one."""
        value = self._options.values.get(name)
        found = [value] if isinstance(value, str) else self._options.list(name)
        if not all(isinstance(one, str | int | float) for one in found):
            raise InvalidInput(
                _("{where}: “{name}” must be a list of texts.").format(where=self._options.where, name=name)
            )
        return [str(one) for one in found]

    def _sources(self) -> Iterable[str]:
        for source in self._texts("source_directories"):
            if variable := _VARIABLE.search(source):
                self._gathering.leave_out(_("source “{source}”").format(source=source), _environment(variable[0]))
            elif re.search(r"[*?\[]", source):
                self._gathering.leave_out(
                    _("source “{source}”").format(source=source),
                    _("BorgDesk does not expand patterns in sources. Add the folders, or their parent with excludes."),
                )
            else:
                yield self._expanded(source)

    def _ssh_key(self) -> str:
        """Return the key in a command such as ``ssh -i KEY``; other options belong into ssh's own configuration."""
        command, what = self._options.text("ssh_command").strip(), _("option “{option}”").format(option="ssh_command")
        match = re.fullmatch(r"ssh\s+-i\s*([^\s'\"\\$]+)", command)
        if match is not None:
            return self._gathering.checked(what, match[1], lambda text: check_ssh_key(text, str(self._home)))
        if command not in ("", "ssh"):
            self._gathering.leave_out(what, _("Put its options into ~/.ssh/config, for this host."))
        return ""

    def _arguments(self) -> str:
        """Return options for the command line of Borg."""
        tags = [f"--exclude-if-present={shlex.quote(name)}" for name in self._texts("exclude_if_present")]
        flags = [flag for name, flag in _FLAGS.items() if self._options.flag(name)]
        extra = self._options.record("extra_borg_options")
        for name in extra.values if extra is not None else ():
            if name != "create":
                self._gathering.leave_out(
                    _("options of Borg for “{action}”").format(action=name),
                    _("Options can only be added to backups (“borg create”)."),
                )
        own = [] if extra is None or not extra.text("create") else [extra.text("create")]
        return self._gathering.arguments(*tags, *flags, *own)

    def _retention(self) -> Retention:
        options, gathering = self._options, self._gathering
        if "prune" in self._texts("skip_actions"):
            gathering.leave_out(_("retention"), _("It is switched off (“skip_actions”)."))
            return gathering.retention({})
        for name in _UNKNOWN_RULES:
            if options.values.get(name):
                gathering.leave_out(
                    _("retention"), _("BorgDesk has no “{rule}”. Nothing is pruned until you set it.").format(rule=name)
                )
                return gathering.retention({})
        counts = {rule: options.number(f"keep_{rule}") for rule in PERIODS}
        return gathering.retention(counts, options.text("keep_within"))

    def _unlocking(self) -> tuple[str | None, str | None]:
        """Return the passphrase or the command that prints it; borgmatic prefers the passphrase."""
        for name in ("encryption_passphrase", "encryption_passcommand"):
            value = self._options.text(name)
            if not value:
                continue
            if CREDENTIAL.search(value) or _VARIABLE.search(value):
                self._gathering.leave_out(
                    _("passphrase"),
                    _("It is kept outside of the file, where only borgmatic finds it. Enter it in the tab Connection."),
                )
                return None, None
            return (value, None) if name == "encryption_passphrase" else (None, value)
        return None, None


def _flat(value: object, path: Path) -> Mapping[object, object]:
    """Return the options of a file: without the sections of version 1, and with constants filled in."""
    record = Record({} if value is None else value, str(path))
    options = {name: one for name, one in record.values.items() if name not in _SECTIONS}
    for section in _SECTIONS:
        if (found := record.record(section)) is not None:
            options |= found.values
    options.pop("constants", None)
    constants = record.record("constants")
    if constants is None:
        return options
    return {
        name: _Constants(constants, path, shlex.quote if is_command_option(str(name)) else str).filled(one)
        for name, one in options.items()
    }


class _Constants:
    """Fills constants in; *quoted* makes what is put in place of their names."""

    def __init__(self, constants: Record, path: Path, quoted: Callable[[str], str]) -> None:
        self._path = path
        self._values = {
            f"{{{name}}}": quoted(str(value))
            for name, value in constants.values.items()
            if not isinstance(value, list | dict)
        }
        self._length = 0

    def filled(self, value: object) -> object:
        """Return a value with the constants in place of their names.

        Raises:
            InvalidInput: that would be far too much text.
        """
        if isinstance(value, str):
            filled = self._text(value)
            return value if filled == value else _coerced(filled)
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        return value

    def _text(self, text: str) -> str:
        for name, value in self._values.items():
            # Before it is made: constants that contain constants grow exponentially.
            self._length += text.count(name) * len(value)
            if self._length > _LONGEST:
                raise InvalidInput(_("{path} expands to far too many values.").format(path=self._path))
            text = text.replace(name, value)
        return text


def _coerced(text: str) -> object:
    """Return the number or the truth value that a constant stands for."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def _with_identity(location: str) -> str:
    """Fill in placeholders that always have the same value here; BorgDesk's locations have none."""
    if "{" not in location:
        return location
    identity = identity_here(Repository(RepositoryId(0), "", "", archive_name=location))
    values = {"{hostname}": identity.hostname, "{fqdn}": identity.fqdn, "{user}": identity.user}
    for name, value in values.items():
        location = location.replace(name, value)
    return location


def _environment(variable: str) -> str:
    return _("It contains {variable}, which BorgDesk does not take from the environment.").format(variable=variable)
