"""Saves edited scripts without overwriting changes that others made meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound, ScriptUnreadable
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.domain.script import DEFAULT_TIMEOUT, Details, NewScript, Script, normalized, sha256_of
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Edited:
    """A script as it stands in an editor with its form."""

    script_id: ScriptId | None
    """None for a script that was never saved."""
    name: str
    text: str = field(repr=False)
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    run_on: RunOn = ALWAYS
    base: str | None = None
    """SHA-256 of the file that was loaded; None if there was none."""
    seen: Details | None = None
    """The initial contents of the form: differences from it were edited. None means what is stored at saving."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stored script."""

    script: Script
    text: str = field(repr=False)
    base: str | None
    """SHA-256 of the file; None if it is missing or cannot be read."""
    problem: str = ""
    """Why the text cannot be shown or edited, as a sentence."""
    exposed: str = ""
    """Who else can change the file, which is not executed then, as a sentence."""


class ChangedOutside(BorgDeskError):
    """The file differs from what was loaded; nothing was saved."""

    def __init__(self, script: Script, theirs: str) -> None:
        """*theirs* is the current text of the file."""
        super().__init__(
            _("The file of “{script}” was changed by another program in the meantime.").format(script=script.name)
        )
        self.theirs = theirs


def load(workspace: Workspace, script_id: ScriptId) -> Loaded:
    """Load a script with its text. If the file is missing or not text, *problem* says so.

    Raises:
        NotFound: there is no such script.
    """
    script = workspace.store.scripts.get(script_id)
    try:
        content = workspace.store.scripts.content(script_id)
        text = normalized(content, _("The file {path}").format(path=script.file_path)).decode()
    except (ScriptUnreadable, InvalidInput) as error:
        return Loaded(script, "", None, str(error))
    found = workspace.store.scripts.exposure(script_id)
    return Loaded(
        script,
        text,
        sha256_of(content),
        exposed="" if found is None else _("{why}, so it is not run.").format(why=found.why),
    )


def load_if_there(workspace: Workspace, script_id: ScriptId) -> Loaded | None:
    """As :func:`load`; return None for a script that was removed from the library."""
    try:
        return load(workspace, script_id)
    except NotFound:
        return None


def protect(workspace: Workspace, script_id: ScriptId) -> Loaded:
    """Make a script's file inaccessible to other users, and load it again.

    Raises:
        ScriptUnreadable: the file cannot be read.
        StoreUnusable: BorgDesk cannot protect it; the message gives the command that can.
    """
    workspace.store.scripts.protect(script_id)
    return load(workspace, script_id)


def save(workspace: Workspace, edited: Edited, *, over: bool = False, over_details: bool = False) -> Loaded:
    """Save an edited script: its text, and those fields of its form that differ from what was loaded.

    *over* overwrites a concurrent change of the text, which stays as a revision; *over_details* overwrites concurrent
    changes of the same fields.

    Raises:
        InvalidInput: a value is invalid, or the text is not a valid script; nothing was changed.
        ChangedOutside: the file differs from what was loaded, and *over* was not given.
        Changed: somebody else changed the same field, and *over_details* was not given; nothing was changed.
        StoreUnusable: the file cannot be written; nothing was changed.
        NotFound: the script was removed meanwhile.
    """
    store = workspace.store.scripts
    content = normalized(edited.text.encode("utf-8", "surrogatepass"))
    details = Details(edited.name, edited.description, edited.timeout, edited.run_on)
    if edited.script_id is None:
        script = store.add(NewScript.of(details, content))
    else:
        before = store.get(edited.script_id)
        if not over:
            _check_untouched(workspace, before, edited.base, content)
        script = store.save(before.id, content, details, seen=edited.seen, over=over_details)
    return Loaded(script, content.decode(), sha256_of(content))


def restore(workspace: Workspace, script_id: ScriptId, sha256: str) -> Loaded:
    """Make an older revision the script's text again; the current text stays as a revision, too.

    Raises:
        ScriptUnreadable: the revision is missing or was altered.
        StoreUnusable: the file cannot be written.
    """
    content = workspace.store.revisions.content(sha256)
    script = workspace.store.scripts.save(script_id, content)
    return Loaded(script, content.decode("utf-8", "replace"), sha256_of(content))


def _check_untouched(workspace: Workspace, script: Script, base: str | None, content: bytes) -> None:
    try:
        theirs = workspace.store.scripts.content(script.id)
    except ScriptUnreadable:
        return
    if sha256_of(theirs) not in (base, sha256_of(content)):
        raise ChangedOutside(script, theirs.decode("utf-8", "replace"))
