"""Saving what was edited, without overwriting what somebody else wrote meanwhile."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from borgdesk.domain.errors import BorgDeskError, InvalidInput, ScriptUnreadable
from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.domain.script import DEFAULT_TIMEOUT, Script, normalized, sha256_of
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Edited:
    """A script as it stands in an editor and its form."""

    script_id: int | None
    """None for one that was never saved."""
    name: str
    text: str = field(repr=False)
    description: str = ""
    timeout: int = DEFAULT_TIMEOUT
    run_on: RunOn = ALWAYS
    base: str | None = None
    """SHA-256 of the file that was loaded; None where there was none."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A script as it is stored."""

    script: Script
    text: str = field(repr=False)
    base: str | None
    """SHA-256 of the file; None when it is missing or cannot be read."""
    problem: str = ""
    """Why the text cannot be shown or edited, as a sentence."""


class ChangedOutside(BorgDeskError):
    """The file is not what was loaded; nothing was saved."""

    def __init__(self, script: Script, theirs: str) -> None:
        """*theirs* is the text of the file now."""
        super().__init__(f"The file of “{script.name}” was changed by another program meanwhile.")
        self.theirs = theirs


def load(workspace: Workspace, script_id: int) -> Loaded:
    """A script with its text. A file that is missing or no text is told in *problem*.

    Raises:
        NotFound: there is no such script.
    """
    script = workspace.store.scripts.get(script_id)
    try:
        content = workspace.store.scripts.content(script_id)
        text = normalized(content, f"The file {script.file_path}").decode()
    except (ScriptUnreadable, InvalidInput) as error:
        return Loaded(script, "", None, str(error))
    return Loaded(script, text, sha256_of(content))


def save(workspace: Workspace, edited: Edited, *, over: bool = False) -> Loaded:
    """Store an edited script; *over* replaces what somebody else wrote meanwhile, which stays as a revision.

    Raises:
        InvalidInput: a value is not possible, or the text cannot be a script; nothing was changed.
        ChangedOutside: the file is not what was loaded, and *over* was not given.
        StoreUnusable: the file cannot be written; nothing was changed.
        NotFound: the script was removed meanwhile.
    """
    store = workspace.store.scripts
    content = normalized(edited.text.encode("utf-8", "surrogatepass"))
    about = {
        "description": edited.description,
        "timeout": edited.timeout,
        "run_on": edited.run_on,
    }
    if edited.script_id is None:
        script = store.add(edited.name, content, **about)  # type: ignore[arg-type]
        return Loaded(script, content.decode(), sha256_of(content))
    before = store.get(edited.script_id)
    if over:
        with contextlib.suppress(ScriptUnreadable):
            store.freeze(before.id)
    else:
        _check_untouched(workspace, before, edited.base, content)
    store.edit(before.id, name=edited.name, **about)  # type: ignore[arg-type]
    try:
        script = store.save(before.id, content)
    except BorgDeskError:
        store.edit(
            before.id,
            name=before.name,
            description=before.description,
            timeout=before.timeout,
            run_on=before.run_on,
        )
        raise
    return Loaded(script, content.decode(), sha256_of(content))


def restore(workspace: Workspace, script_id: int, sha256: str) -> Loaded:
    """Make an older text the script's text again; what is there now stays as a revision, too.

    Raises:
        ScriptUnreadable: the revision is missing or was altered.
        StoreUnusable: the file cannot be written.
    """
    store = workspace.store.scripts
    content = store.revision_content(sha256)
    with contextlib.suppress(ScriptUnreadable):  # it is missing, which is why it is restored
        store.freeze(script_id)
    script = store.save(script_id, content)
    return Loaded(script, content.decode("utf-8", "replace"), sha256_of(content))


def _check_untouched(workspace: Workspace, script: Script, base: str | None, content: bytes) -> None:
    try:
        theirs = workspace.store.scripts.content(script.id)
    except ScriptUnreadable:
        return
    if sha256_of(theirs) not in (base, sha256_of(content)):
        raise ChangedOutside(script, theirs.decode("utf-8", "replace"))
