"""The script library of borg-ui, and which repositories use what of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.parameters import Parameter, check_value, parse_header
from borgdesk.domain.run import ALWAYS, Hook, OnFailure, RunOn
from borgdesk.domain.script import DEFAULT_TIMEOUT, NewScript
from borgdesk.engine.imports.findings import FoundUse
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import Record, json_in
from borgdesk.engine.imports.script_folder import read_script
from borgdesk.engine.scripts.parameter_block import with_parameter
from borgdesk.translation import _

_LANES = {"pre-backup": Hook.PRE_BACKUP, "post-backup": Hook.POST_BACKUP}


class Library:
    """The scripts of borg-ui, which are read from their folder when somebody uses them."""

    def __init__(self, folder: Path, rows: Sequence[Record]) -> None:
        """*rows* are those of the table ``scripts``."""
        self._folder = folder
        self._rows = {row.number("id"): row for row in rows}
        self._read: dict[int, NewScript | BorgDeskError] = {}

    def unused(self, gathering: Gathering) -> list[NewScript]:
        """Return the scripts that nobody has used so far, except for borg-ui's own templates."""
        found = []
        for number, row in self._rows.items():
            if number not in self._read and not row.flag("is_template"):
                script = self._script(number, gathering)
                found += [] if script is None else [script]
        return found

    def uses(
        self, repository: Record, links: Iterable[Record], job: Record | None, gathering: Gathering
    ) -> Iterator[FoundUse]:
        """Return the scripts of a repository in their order; inline ones run in lanes without others."""
        mine = [link for link in links if link.number("repository_id") == repository.number("id")]
        if job is not None and (mine or _inline(repository)) and not job.flag("run_repository_scripts"):
            gathering.note(_("borg-ui runs these scripts only when somebody starts the backup, not by schedule."))
        for lane, hook in _LANES.items():
            yield from self._of_job(job, lane, hook, gathering)
            linked = sorted((link for link in mine if link.text("hook_type") == lane), key=_order)
            for link in linked:
                yield from self._use(link, hook, gathering)
            if not linked:
                yield from _inline_use(repository, hook)
        for link in mine:
            if link.text("hook_type") not in _LANES:
                gathering.leave_out(
                    _("script in “{lane}”").format(lane=link.text("hook_type")), _("BorgDesk has no such lane.")
                )

    def _of_job(self, job: Record | None, lane: str, hook: Hook, gathering: Gathering) -> Iterator[FoundUse]:
        """Return the script that runs once for a whole schedule: before, or at the end of each backup here."""
        number = 0 if job is None else job.number(f"{lane.replace('-', '_')}_script_id")
        script = self._script(number, gathering) if number else None
        if script is not None:
            gathering.note(
                _("Scripts of the schedule “{name}” run for each of its repositories.").format(
                    name="" if job is None else job.text("name")
                )
            )
            yield FoundUse(script, hook if hook.is_pre else Hook.POST_RUN)

    def _use(self, link: Record, hook: Hook, gathering: Gathering) -> Iterator[FoundUse]:
        script = self._script(link.number("script_id"), gathering)
        if script is None:
            return
        try:
            run_on = RunOn.parse(link.text("custom_run_on")) if link.text("custom_run_on") else None
        except InvalidInput as error:
            gathering.leave_out(_("script “{name}”").format(name=script.name), str(error))
            return
        yield FoundUse(
            script,
            hook,
            run_on=run_on,
            timeout=link.number("custom_timeout") or None,
            on_failure=_on_failure(link, hook),
            enabled=link.flag("enabled", default=True),
            parameters=_values(link, script, gathering),
        )

    # One script

    def _script(self, number: int, gathering: Gathering) -> NewScript | None:
        if number not in self._rows:
            gathering.leave_out(_("script {number}").format(number=number), _("It is not in borg-ui's library."))
            return None
        row = self._rows[number]
        if number not in self._read:
            try:
                self._read[number] = self._found(row, gathering)
            except BorgDeskError as error:
                self._read[number] = error
        found = self._read[number]
        if isinstance(found, BorgDeskError):
            gathering.leave_out(_("script “{name}”").format(name=row.text("name")), str(found))
            return None
        return found

    def _found(self, row: Record, gathering: Gathering) -> NewScript:
        path = row.text("file_path")
        if not path or "\0" in path:
            raise InvalidInput(_("Its file has no name."))
        found = read_script(self._folder / path, self._folder)
        content = found.content.decode()
        for parameter in _parameters(row):
            if parse_header(content).parameter(parameter.name) is not None:
                continue
            try:
                content = with_parameter(content, parameter)
            except InvalidInput as error:
                gathering.leave_out(
                    _("parameter {parameter} of “{name}”").format(parameter=parameter.name, name=row.text("name")),
                    str(error),
                )
        return replace(
            found,
            name=row.text("name").strip() or found.name,
            content=content.encode(),
            description=row.text("description").strip(),
            timeout=row.number("timeout") or DEFAULT_TIMEOUT,
            run_on=RunOn.parse(row.text("run_on") or str(ALWAYS)),
        )


def _order(link: Record) -> float:
    """Return the place of a script in its lane, which may be a fraction."""
    value = link.values.get("execution_order")
    if not isinstance(value, int | float):
        raise InvalidInput(_("{where}: “execution_order” must be a number.").format(where=link.where))
    return float(value)


def _on_failure(link: Record, hook: Hook) -> OnFailure:
    if hook.is_pre and link.flag("skip_on_failure"):
        return OnFailure.SKIP
    # After the backup, borg-ui runs all scripts, whatever becomes of the others.
    return OnFailure.CONTINUE if hook.is_post or link.flag("continue_on_error", default=True) else OnFailure.STOP


def _parameters(row: Record) -> Iterator[Parameter]:
    text = row.text("parameters").strip()
    where = f"{row.where}: parameters"
    found = json_in(text, where) if text else None
    if found is not None and not isinstance(found, list):
        raise InvalidInput(_("{where} must be a list.").format(where=where))
    for one in found or []:
        parameter = Record(one, where)
        secret = parameter.text("type") == "password"
        default = parameter.text("default")
        yield Parameter(
            parameter.text("name"),
            " ".join(parameter.text("description").split()),
            None if secret or not default else default,
            required=parameter.flag("required"),
            secret=secret,
        )


def _values(link: Record, script: NewScript, gathering: Gathering) -> dict[str, str]:
    """Return the plain values; secret ones are encrypted."""
    text = link.text("parameter_values").strip()
    values = Record(json_in(text, f"{link.where}: parameter_values") if text else {}, link.where)
    header = parse_header(script.content.decode())
    found = {}
    for key in values.values:
        name = str(key)
        value, declared = values.text(name), header.parameter(name)
        if not value or declared is None:
            continue
        try:
            if declared.secret:
                raise InvalidInput(_("borg-ui has encrypted it. Enter it where the script is assigned."))
            check_value(name, value)
            found[name] = value
        except InvalidInput as error:
            gathering.leave_out(
                _("value of {parameter} for “{name}”").format(parameter=name, name=script.name), str(error)
            )
    return found


def _inline(repository: Record) -> bool:
    return bool(repository.text("pre_backup_script").strip() or repository.text("post_backup_script").strip())


def _inline_use(repository: Record, hook: Hook) -> Iterator[FoundUse]:
    side = "pre" if hook.is_pre else "post"
    text = repository.text(f"{side}_backup_script")
    if not text.strip():
        return
    title = _("{repository}: script before backup") if hook.is_pre else _("{repository}: script after backup")
    timeout = repository.number(f"{side}_hook_timeout") or repository.number("hook_timeout") or DEFAULT_TIMEOUT
    content = text if text.startswith("#!") else f"#!/bin/bash\n{text}"
    yield FoundUse(
        NewScript(
            title.format(repository=repository.text("name")),
            content.rstrip("\n").encode("utf-8", "replace") + b"\n",
            _("An inline script of borg-ui."),
            timeout,
        ),
        hook,
    )
