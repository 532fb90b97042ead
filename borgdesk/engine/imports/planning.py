"""Plans an import: what will be made of what was found, what is here already, and what cannot be added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from borgdesk.borg.archive_name import check_archive_name
from borgdesk.domain.characters import readable
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.repository import Repository, check_source, default_archive_name
from borgdesk.domain.run import RunOn
from borgdesk.domain.schedule import Schedule
from borgdesk.domain.script import MAX_NAME, NewScript, Script, check_timeout, free_name, normalized, sha256_of
from borgdesk.engine.imports.findings import Found, FoundRepository, FoundUse, NotTaken
from borgdesk.engine.repositories.registration import checked
from borgdesk.engine.repositories.shared_locations import check_series_against, same_repository
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.workspace import Workspace
from borgdesk.store.library_names import checked_name
from borgdesk.translation import _, ngettext


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """A script of the library, new or there already."""

    found: NewScript
    name: str
    """Its name in the library."""
    present: ScriptId | None = None
    """The script with the same text that is in the library already."""


@dataclass(frozen=True, slots=True)
class PlannedUse:
    """An assignment to be made."""

    use: FoundUse
    key: str
    """Of its script in :attr:`Plan.scripts`."""


@dataclass(frozen=True, slots=True)
class PlannedRepository:
    """A repository to be added, unless it is here already or cannot be."""

    repository: Repository
    passphrase: str | None = field(default=None, repr=False)
    schedule: Schedule | None = None
    uses: tuple[PlannedUse, ...] = ()
    notes: tuple[str, ...] = ()
    present: str = ""
    """The name of the same set-up in BorgDesk; it stays as it is."""
    problem: str = ""
    """Why it cannot be added, as a sentence."""

    @property
    def is_new(self) -> bool:
        """Whether it can be added."""
        return not self.present and not self.problem


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does. Nothing has been done yet."""

    program: str
    repositories: tuple[PlannedRepository, ...] = ()
    scripts: Mapping[str, PlannedScript] = field(default_factory=dict)
    """By the SHA-256 of their text."""
    unused: tuple[str, ...] = ()
    """Keys of the scripts that no repository found uses."""
    not_taken: tuple[NotTaken, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to add."""
        new = any(self.scripts[key].present is None for key in self.unused)
        return new or any(planned.is_new for planned in self.repositories)

    @property
    def new_counts(self) -> tuple[int, int]:
        """How many repositories and how many scripts it would add."""
        repositories = sum(planned.is_new for planned in self.repositories)
        return repositories, sum(script.present is None for script in self.scripts.values())

    def run_on(self, planned: PlannedUse) -> RunOn | None:
        """Return the condition of a script after the backup; None before it, where there is none."""
        use = planned.use
        return (use.run_on or self.scripts[planned.key].found.run_on) if use.hook.is_post else None


def plan(workspace: Workspace, found: Found) -> Plan:
    """Plan the import of what was found.

    Raises:
        StoreUnusable: what is here already cannot be read.
    """
    return _Planner(workspace, found).plan()


class _Planner:
    def __init__(self, workspace: Workspace, found: Found) -> None:
        self._workspace, self._found = workspace, found
        self._here = workspace.store.repositories.list()
        self._added: list[Repository] = []
        self._not_taken = [*found.not_taken]
        library = workspace.store.scripts.list()
        self._script_names = {script.name for script in library}
        self._by_text = _texts(workspace, library)
        self._scripts: dict[str, PlannedScript] = {}

    def plan(self) -> Plan:
        repositories = [self._repository(one) for one in self._found.repositories]
        unused = [key for one in self._found.scripts if (key := self._script(one)) is not None]
        return Plan(
            self._found.program,
            tuple(repositories),
            self._scripts,
            tuple(dict.fromkeys(unused)),
            tuple(dict.fromkeys(self._not_taken)),
        )

    def _script(self, found: NewScript) -> str | None:
        try:
            content = normalized(found.content, _("The script “{name}”").format(name=found.name))
            check_timeout(found.timeout)
        except InvalidInput as error:
            self._not_taken.append(NotTaken(_("script “{name}”").format(name=found.name), str(error)))
            return None
        key = sha256_of(content)
        if key not in self._scripts:
            present = self._by_text.get(key)
            name = present.name if present else free_name(_printable(found.name), self._script_names)
            self._script_names.add(name)
            identity = None if present is None else present.id
            found = replace(found, content=content, file_name=_usable(found.file_name))
            self._scripts[key] = PlannedScript(found, name, identity)
        return key

    def _repository(self, found: FoundRepository) -> PlannedRepository:
        notes = [*found.notes]
        repository = Repository(
            RepositoryId(0),
            _printable(found.name)[:MAX_NAME],
            found.location,
            sources=self._sources(found),
            excludes=found.excludes,
            patterns=found.patterns,
            upload_limit=found.upload_limit,
            checkpoint_interval=found.checkpoint_interval,
            extra_arguments=found.extra_arguments,
            ssh_key=found.ssh_key,
            remote_path=found.remote_path,
            exclude_caches=found.exclude_caches,
            one_file_system=found.one_file_system,
            compression=found.compression,
            passcommand=found.passcommand,
            retention=found.retention,
            continue_on_hook_failure=found.continue_on_hook_failure,
        )
        try:
            repository = checked(self._with_archive_name(repository, found, notes))
            if (present := self._present(repository)) is not None:
                self._leave_scripts(found, present)
                return PlannedRepository(repository, present=present.name)
            repository = self._apart(repository, notes)
            taken = {one.name for one in (*self._here, *self._added)}
            repository = replace(repository, name=free_name(repository.name, taken))
            schedule = self._schedule(found)
        except BorgDeskError as error:
            return PlannedRepository(repository, notes=tuple(notes), problem=str(error))
        uses = [self._use(use) for use in found.uses]
        self._added.append(repository)
        made = tuple(use for use in uses if use is not None)
        return PlannedRepository(repository, found.passphrase, schedule, made, tuple(notes))

    def _sources(self, found: FoundRepository) -> tuple[str, ...]:
        taken = []
        for source in found.sources:
            try:
                taken.append(check_source(source))
            except InvalidInput as error:
                what = _("{name}: source “{source}”").format(name=found.name, source=source)
                self._not_taken.append(NotTaken(what, str(error)))
        return tuple(taken)

    def _with_archive_name(self, repository: Repository, found: FoundRepository, notes: list[str]) -> Repository:
        try:
            return replace(
                repository, archive_name=check_archive_name(found.archive_name) if found.archive_name else ""
            )
        except InvalidInput as error:
            notes.append(
                _("Archives get the name {name}: {error}").format(
                    name=default_archive_name(repository.name), error=error
                )
            )
            return repository

    def _present(self, repository: Repository) -> Repository | None:
        """Return the same set-up in BorgDesk: it has the location, and the name or the sources."""
        for here in self._here:
            alike = here.name == repository.name or set(here.sources) == set(repository.sources)
            if alike and same_repository(here, repository):
                return here
        return None

    def _leave_scripts(self, found: FoundRepository, present: Repository) -> None:
        """Say which scripts are left where they are, since what is here stays as it is."""
        names = dict.fromkeys(use.script.name for use in found.uses if not self._is_here(use.script))
        if names:
            what = ngettext("{name}: script {scripts}", "{name}: scripts {scripts}", len(names))
            reason = _("{present} is here already, and stays as it is. Add them to the library, and assign them there.")
            self._not_taken.append(
                NotTaken(
                    what.format(name=found.name, scripts=", ".join(map(quoted, names))),
                    reason.format(present=quoted(present.name)),
                )
            )

    def _is_here(self, script: NewScript) -> bool:
        return sha256_of(normalized(script.content, script.name)) in self._by_text

    def _apart(self, repository: Repository, notes: list[str]) -> Repository:
        """Give it another archive name if retention could take its archives for those of another one."""
        others = [*self._here, *self._added]
        try:
            check_series_against(self._workspace, repository, others)
        except InvalidInput:
            renamed = replace(repository, archive_name=default_archive_name(repository.name))
            check_series_against(self._workspace, renamed, others)
            notes.append(
                _(
                    "New archives get the name {name}, because another backup into the same repository has names like "
                    "the old ones. Retention leaves the old archives alone."
                ).format(name=renamed.archive_name)
            )
            return renamed
        return repository

    def _schedule(self, found: FoundRepository) -> Schedule | None:
        if found.cron is None:
            return None
        try:
            check_cron(found.cron)
            return Schedule(RepositoryId(0), found.cron, found.conditions, check_every=found.check_every).checked()
        except InvalidInput as error:
            self._not_taken.append(NotTaken(_("{name}: schedule").format(name=found.name), str(error)))
            return None

    def _use(self, use: FoundUse) -> PlannedUse | None:
        key = self._script(use.script)
        if key is None:
            return None
        try:
            if use.timeout is not None:
                check_timeout(use.timeout)
        except InvalidInput as error:
            what = _("timeout of the script “{name}”").format(name=use.script.name)
            self._not_taken.append(NotTaken(what, str(error)))
            use = replace(use, timeout=None)
        shared = self._scripts[key]
        here = self._by_text.get(key)
        timeout, run_on = (shared.found.timeout, shared.found.run_on) if here is None else (here.timeout, here.run_on)
        # Overrides keep apart what differs between equal scripts.
        if use.timeout is None and use.script.timeout != timeout:
            use = replace(use, timeout=use.script.timeout)
        if use.run_on is None and use.script.run_on != run_on and use.hook.is_post:
            use = replace(use, run_on=use.script.run_on)
        return PlannedUse(use, key)


def _texts(workspace: Workspace, library: Iterable[Script]) -> dict[str, Script]:
    found: dict[str, Script] = {}
    for script in library:
        try:
            found.setdefault(sha256_of(normalized(workspace.store.scripts.content(script.id))), script)
        except BorgDeskError:
            continue  # Its file is missing or unreadable: it is not the same script.
    return found


def _usable(file_name: str | None) -> str | None:
    """Return the name if a file of the library can have it."""
    try:
        return checked_name(file_name) if file_name else None
    except InvalidInput:
        return None


def _printable(text: str) -> str:
    return " ".join(readable(text, " ").split()) or _("Imported")


def chosen_scripts(plan: Plan, repositories: Sequence[int], unused: Sequence[str]) -> list[str]:
    """Return the keys of the scripts that are needed for some of the repositories (by place), and of the *unused*."""
    uses = [use.key for place in repositories for use in plan.repositories[place].uses]
    return list(dict.fromkeys([*uses, *unused]))
