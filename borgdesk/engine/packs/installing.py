"""Installs packs: first a plan that shows every text and what came of the signature, then, if people want it, the rest.

What is new is assigned nowhere, so it does not run. What is assigned already runs as changed from the next run on.
Nothing updates itself: a newer version is installed like the first, and shows what it changes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound, ScriptUnreadable
from borgdesk.domain.findings import Finding
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.pack import PackScript, Signature
from borgdesk.domain.script import NewScript, Script, normalized, sha256_of
from borgdesk.engine.packs.installed import InstalledPack, installed_pack, name_of_key, remember
from borgdesk.engine.packs.marks import Marked, marks
from borgdesk.engine.packs.pack_file import Pack
from borgdesk.engine.packs.signing import signer
from borgdesk.engine.scripts.checks import check
from borgdesk.engine.scripts.library import free_script_name
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


class State(StrEnum):
    """What installing does with one script."""

    NEW = "new"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    EDITED = "edited"
    """It was changed here since it was installed, so it stays as it is unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """One script of a pack beside what is in the library."""

    entry: PackScript
    text: str
    state: State
    present: Script | None
    """The script that was made of it before."""
    before: str
    """The text of that script; empty for a new one."""
    marks: tuple[Marked, ...]
    """Lines that should be read twice."""
    findings: tuple[Finding, ...]
    """Of the checker for its language."""
    checker: str
    """Its name; empty if there is none for the language."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What installing a pack would do."""

    pack: Pack
    signature: Signature | None
    """None if it is not signed, or the signature is not valid."""
    scripts: tuple[PlannedScript, ...]
    installed: InstalledPack | None
    """The version that is installed."""
    problem: str
    """Why it cannot be installed, as a sentence; empty if it can."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The files that are installed unless somebody says otherwise."""
        return tuple(one.entry.file for one in self.scripts if one.state in (State.NEW, State.UPDATE))

    @property
    def has_new_signer(self) -> bool:
        """Whether installing it makes a key trusted that is not."""
        return self.signature is not None and not self.signature.trusted


def signature_of(workspace: Workspace, pack: Pack) -> Signature | None:
    """Return the signature of a pack; None if it has none.

    Raises:
        InvalidInput: the signature is not one of this pack.
        BorgDeskError: ssh-keygen could not be started.
    """
    if pack.signature is None:
        return None
    fingerprint = signer(workspace.environment, pack.signed, pack.signature)
    if fingerprint is None:
        raise InvalidInput(
            _("The signature is not one of this pack: somebody has changed the pack since it was signed.")
        )
    trusted = name_of_key(workspace.store, fingerprint)
    return Signature(fingerprint, trusted or pack.manifest.key_name or fingerprint, trusted is not None)


def plan(workspace: Workspace, pack: Pack) -> Plan:
    """Say what installing a pack would do; nothing is changed and nothing in the pack is executed.

    Raises:
        BorgDeskError: the signature could not be checked.
    """
    installed = installed_pack(workspace.store, pack.manifest.name)
    try:
        signature, problem = signature_of(workspace, pack), ""
    except InvalidInput as error:
        signature, problem = None, str(error)
    problem = problem or _other_author(workspace, installed, signature)
    scripts = tuple(_planned(workspace, pack, one, installed) for one in pack.manifest.scripts)
    return Plan(pack, signature, scripts, installed, problem)


def carry_out(workspace: Workspace, planned: Plan, files: Collection[str] | None = None) -> list[Script]:
    """Install the scripts with these names within the pack, by default all that were not edited here; return them.

    The new scripts appear together, or none of them. Scripts that are replaced keep their old text as a revision.

    Raises:
        InvalidInput: the pack cannot be installed; nothing was changed.
        BorgDeskError: what was shown was changed meanwhile; nothing was added. A pack that was installed at the same
            moment may leave scripts that were replaced: their old texts are revisions.
        StoreUnusable: the library cannot be written.
    """
    if planned.problem:
        raise InvalidInput(planned.problem)
    _check_as_planned(workspace, planned)
    chosen = set(planned.wanted if files is None else files)
    todo = [one for one in planned.scripts if one.entry.file in chosen]
    store = workspace.store.scripts
    for one in todo:
        if one.present is not None:
            store.save(one.present.id, one.text.encode())
    ids = {one.entry.file: one.present.id for one in planned.scripts if one.present is not None}
    with store.additions() as additions:
        # Nobody else writes from here on.
        _check_installed(workspace, planned)
        for one in todo:
            if one.present is None:
                ids[one.entry.file] = additions.add(_new_script(workspace, one))
        _remember(workspace, planned, ids, chosen)
    return [store.get(ids[one.entry.file]) for one in todo]


def _check_as_planned(workspace: Workspace, planned: Plan) -> None:
    """Check that what people were shown is what is there: a text that was edited meanwhile is not replaced."""
    _check_installed(workspace, planned)
    for one in planned.scripts:
        present, before = _present(workspace, one.entry, planned.installed)
        seen = None if one.present is None else one.present.id
        if (None if present is None else present.id) != seen or _shown(before) != one.before:
            raise _changed()


def _check_installed(workspace: Workspace, planned: Plan) -> None:
    if installed_pack(workspace.store, planned.pack.manifest.name) != planned.installed:
        raise _changed()


def _changed() -> BorgDeskError:
    return BorgDeskError(_("The library was changed by another program in the meantime. Look again."))


def _shown(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _other_author(workspace: Workspace, installed: InstalledPack | None, signature: Signature | None) -> str:
    """Return why a pack is not the next version of the installed one; empty if it may be."""
    if installed is None or installed.fingerprint is None:
        return ""
    if signature is not None and signature.fingerprint == installed.fingerprint:
        return ""
    before = name_of_key(workspace.store, installed.fingerprint) or installed.fingerprint
    advice = _("If you trust it nevertheless, forget the installed pack first: borgdesk pack forget “{name}”.").format(
        name=installed.name
    )
    if signature is None:
        sentence = _("The installed version of “{name}” was signed by {key}; this one is not signed.")
    else:
        sentence = _("The installed version of “{name}” was signed by {key}; this one is signed with another key.")
    return f"{sentence.format(name=installed.name, key=before)} {advice}"


def _planned(workspace: Workspace, pack: Pack, entry: PackScript, installed: InstalledPack | None) -> PlannedScript:
    text = pack.text(entry).decode()
    present, before = _present(workspace, entry, installed)
    report = check(text, workspace.environment)
    came_with = installed.scripts[entry.file][1] if present is not None and installed is not None else None
    return PlannedScript(
        entry, text, _state(entry, present, before, came_with), present, _shown(before),
        marks(text), report.findings, report.checker,
    )  # fmt: skip


def _state(entry: PackScript, present: Script | None, before: bytes, came_with: str | None) -> State:
    if present is None:
        return State.NEW
    digest = sha256_of(before)
    if digest == entry.sha256:
        return State.UNCHANGED
    return State.UPDATE if digest == came_with else State.EDITED


def _present(workspace: Workspace, entry: PackScript, installed: InstalledPack | None) -> tuple[Script | None, bytes]:
    """Return the script that was made of an entry, with its text; None if it was never there, or was removed.

    A script that came from elsewhere, but with this name and text, counts, too: nobody wants a copy of it.
    """
    made = None if installed is None else installed.scripts.get(entry.file)
    try:
        if made is not None:
            script = workspace.store.scripts.get(made[0])
            return script, _text(workspace, script)
    except NotFound:
        pass
    same = next(
        (one for one in workspace.store.scripts.list(entry.details.name) if one.name == entry.details.name), None
    )
    if same is not None and sha256_of(text := _text(workspace, same)) == entry.sha256:
        return same, text
    return None, b""


def _text(workspace: Workspace, script: Script) -> bytes:
    """Return the text of a script; empty if it cannot be read."""
    try:
        return normalized(workspace.store.scripts.content(script.id))
    except (ScriptUnreadable, InvalidInput):
        return b""


def _new_script(workspace: Workspace, planned: PlannedScript) -> NewScript:
    details = planned.entry.details
    details = details._replace(name=free_script_name(workspace, details.name))
    return NewScript.of(details, planned.text.encode(), PurePosixPath(planned.entry.file).name)


def _remember(workspace: Workspace, planned: Plan, ids: dict[str, ScriptId], chosen: set[str]) -> None:
    """Remember which text each script came with: the new one, or that of the version before if it was not chosen."""
    before = {} if planned.installed is None else dict(planned.installed.scripts)
    for one in planned.scripts:
        file = one.entry.file
        if file in ids and (file in chosen or one.state is State.UNCHANGED):
            before[file] = (ids[file], one.entry.sha256)
    manifest, signature = planned.pack.manifest, planned.signature
    fingerprint = None if signature is None else signature.fingerprint
    pack = InstalledPack(manifest.name, manifest.version, fingerprint, before)
    remember(workspace.store, pack, "" if signature is None else signature.name)
