"""Reads the database of borg-ui and its folder of scripts.

The tables are those of borg-ui's ``database/models.py``. What has a schedule there is a *scheduled job* of one or more
repositories, or in newer versions a *backup plan*, which also has sources of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import PERIODS, Retention, check_upload_limit
from borgdesk.domain.schedule import Conditions
from borgdesk.domain.server import check_remote_path
from borgdesk.engine.imports.borg_ui_scripts import Library
from borgdesk.engine.imports.findings import BORG_UI, Found, FoundRepository, NotTaken
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import Record, json_in, records_in
from borgdesk.store.foreign_database import ForeignDatabase, open_foreign
from borgdesk.translation import _

_ENCRYPTED = "gAAAA"
"""How values begin that borg-ui has encrypted (Fernet tokens of version 0x80)."""

_HOST = "/local/"
"""Where borg-ui's container usually has the files of its host."""


def read_borg_ui(path: Path, scripts: Path) -> Found:
    """Read a database and the folder that its scripts are in.

    Raises:
        InvalidInput: it is not the database of borg-ui, is damaged, or in use.
    """
    with open_foreign(path, BORG_UI) as database:
        return _Reader(database, scripts).found()


@dataclass(frozen=True, slots=True)
class _Job:
    """What backs a repository up: a scheduled job or a backup plan."""

    values: Record
    is_plan: bool


class _Reader:
    def __init__(self, database: ForeignDatabase, scripts: Path) -> None:
        self._database = database
        self._repositories = self._rows("repositories", required=True)
        self._connections = {row.number("id"): row for row in self._rows("ssh_connections")}
        self._library = Library(scripts, self._rows("scripts", required=True))
        self._uses = self._rows("repository_scripts", required=True)
        self._jobs = self._jobs_by_repository()
        self._not_taken: list[NotTaken] = []

    def found(self) -> Found:
        repositories = [found for row in self._repositories for found in self._of_repository(row)]
        general = Gathering("")
        unused = self._library.unused(general)
        return Found(BORG_UI, tuple(repositories), tuple(unused), (*self._not_taken, *general.not_taken))

    def _rows(self, table: str, *, required: bool = False) -> list[Record]:
        return records_in(self._database, table, required=required)

    def _jobs_by_repository(self) -> Mapping[int, list[_Job]]:
        """Return what is switched on, by the id of the repository."""
        found: dict[int, list[_Job]] = {}
        paths = {row.text("path"): row.number("id") for row in self._repositories}
        links = [
            ("scheduled_jobs", "scheduled_job_repositories", "scheduled_job_id", False),
            ("backup_plans", "backup_plan_repositories", "backup_plan_id", True),
        ]
        for table, link, key, is_plan in links:
            several = self._rows(link)
            for row in self._rows(table):
                if not row.flag("enabled", default=True):
                    continue
                places = [one.number("repository_id") for one in several if one.number(key) == row.number("id")]
                if not is_plan:
                    places += [row.number("repository_id"), paths.get(row.text("repository"), 0)]
                for place in dict.fromkeys(places):
                    found.setdefault(place, []).append(_Job(row, is_plan))
        return found

    # Repositories

    def _of_repository(self, row: Record) -> Iterable[FoundRepository]:
        """Return what a repository becomes: one for each plan, or else one."""
        name = row.text("name").strip() or _("Repository")
        jobs = self._jobs.get(row.number("id"), [])
        plans = [job for job in jobs if job.is_plan]
        places: list[_Job | None] = [*plans] or [None]
        for job in places:
            title = name if len(plans) < 2 or job is None else f"{name} {job.values.text('name')}"  # noqa: PLR2004
            gathering = Gathering(title)
            found = None if self._is_elsewhere(row, job, gathering) else self._repository(row, job, jobs, gathering)
            self._not_taken += gathering.not_taken
            if found is not None:
                yield found

    def _is_elsewhere(self, row: Record, job: _Job | None, gathering: Gathering) -> bool:
        """Say why a repository is nothing that this machine backs up into, if so."""
        source = row if job is None else job.values
        reason = ""
        if row.text("mode", "full") == "observe":
            reason = _("borg-ui only observes it and backs nothing up.")
        elif row.number("borg_version", 1) != 1:
            reason = _("It is a repository of Borg 2.")
        elif source.values.get("source_ssh_connection_id") or row.values.get("agent_machine_id"):
            reason = _("Its files are on another machine. Install BorgDesk there.")
        if reason:
            gathering.leave_out(_("repository"), reason)
        return bool(reason)

    def _repository(self, row: Record, plan: _Job | None, jobs: list[_Job], gathering: Gathering) -> FoundRepository:
        job = plan or next(iter(jobs), None)
        source = row if plan is None else plan.values
        sources = _texts(source, "source_directories") or _texts(row, "source_directories")
        excludes = _texts(source, "exclude_patterns") or _texts(row, "exclude_patterns")
        for other in jobs:
            if plan is None and other is not job:
                gathering.leave_out(
                    _("schedule “{name}”").format(name=other.values.text("name")),
                    _("A repository has one schedule in BorgDesk."),
                )
        if any(f"{one}/".startswith(_HOST) for one in sources):
            gathering.note(
                _("Sources below /local are paths in borg-ui's container. Replace them by the paths on this machine.")
            )
        passphrase = self._passphrase(row, gathering)
        self._leave_out(row, gathering)
        return FoundRepository(
            gathering.name,
            self._location(row),
            sources=tuple(sources),
            excludes=gathering.excludes(excludes),
            remote_path=gathering.checked(_("path of Borg on the server"), row.text("remote_path"), check_remote_path),
            upload_limit=gathering.limited(
                _("upload limit"),
                source.number("upload_ratelimit_kib") or row.number("upload_ratelimit_kib"),
                check_upload_limit,
            ),
            extra_arguments=gathering.arguments(
                *filter(None, [source.text("custom_flags").strip() or row.text("custom_flags").strip()])
            ),
            compression=gathering.compression(source.text("compression")),
            archive_name=self._archive_name(row, job),
            retention=self._retention(job, gathering),
            continue_on_hook_failure=row.flag("continue_on_hook_failure"),
            passphrase=passphrase,
            cron=self._cron(job, gathering),
            conditions=Conditions(on_battery=True, on_metered=True),
            uses=tuple(self._library.uses(row, self._uses, None if job is None else job.values, gathering)),
            notes=tuple(gathering.notes),
        )

    def _location(self, row: Record) -> str:
        path = row.text("path").strip()
        if "://" in path or row.text("repository_type", "local") == "local":
            return path
        where = self._connections.get(row.number("connection_id"), row)
        user, host, port = where.text("username"), where.text("host"), where.number("port", 22)
        if not host:
            return path
        return f"ssh://{user}{'@' if user else ''}{host}:{port}/{path.lstrip('/')}"

    def _passphrase(self, row: Record, gathering: Gathering) -> str | None:
        if row.flag("has_keyfile") or row.text("encryption").startswith("keyfile"):
            gathering.note(_("Its key is in a file: take it along with “borgdesk key import”."))
        passphrase = row.text("passphrase")
        if passphrase.startswith(_ENCRYPTED):
            gathering.leave_out(
                _("passphrase"),
                _("borg-ui has encrypted it. Enter it in the tab Connection; borg-ui shows it."),
            )
            return None
        return passphrase or None

    def _archive_name(self, row: Record, job: _Job | None) -> str:
        if job is None:
            return ""
        template = job.values.text("archive_name_template").strip()
        values = {
            "{job_name}": job.values.text("name"),
            "{plan_name}": job.values.text("name"),
            "{repo_name}": row.text("name"),
        }
        for name, value in values.items():
            template = template.replace(name, "-".join(value.split()))
        return template

    def _retention(self, job: _Job | None, gathering: Gathering) -> Retention:
        if job is None or not job.values.flag("run_prune_after"):
            return Retention()
        if job.values.number("prune_keep_quarterly") > 0:
            gathering.leave_out(
                _("retention"),
                _("BorgDesk has no “{rule}”. Nothing is pruned until you set it.").format(rule="quarterly"),
            )
            return Retention()
        counts = {rule: job.values.number(f"prune_keep_{rule}") for rule in PERIODS}
        return gathering.retention(counts, job.values.text("prune_keep_within"))

    def _cron(self, job: _Job | None, gathering: Gathering) -> str | None:
        if job is None or (job.is_plan and not job.values.flag("schedule_enabled")):
            return None
        cron = job.values.text("cron_expression").strip()
        if cron:
            gathering.note(_("Switch the schedule off in borg-ui; otherwise both programs back up."))
        return cron or None

    def _leave_out(self, row: Record, gathering: Gathering) -> None:
        if row.text("check_cron_expression").strip():
            gathering.leave_out(
                _("regular checks"), _("Give the repository a schedule, and set there how often it is checked.")
            )
        if row.values.get("ssh_key_id"):
            gathering.leave_out(
                _("SSH key"), _("borg-ui has encrypted it. Choose or make a key in the tab Connection.")
            )


def _texts(row: Record, name: str) -> list[str]:
    """Return the texts in a column that contains a JSON list."""
    text = row.text(name).strip()
    if not text:
        return []
    where = f"{row.where}: {name}"
    found = json_in(text, where)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise InvalidInput(_("{where} must be a list of texts.").format(where=where))
    return [one for one in found if one.strip()]
