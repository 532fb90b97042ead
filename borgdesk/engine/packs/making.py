"""Makes a pack of scripts of the library. Values and secrets of assignments are never in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.pack import (
    FOLDER,
    MAX_SCRIPTS,
    Manifest,
    PackScript,
    check_version,
    from_bytes,
    needs_of,
    to_bytes,
)
from borgdesk.domain.script import Script, check_name, file_name_for, normalized, sha256_of
from borgdesk.engine.packs import pack_file
from borgdesk.engine.packs.signing import name_of, sign
from borgdesk.engine.scripts.library import header_or_empty
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Title:
    """What the author says about a pack."""

    name: str
    version: str = "1"
    author: str = ""
    licence: str = ""
    description: str = ""


def make_pack(
    workspace: Workspace, file: Path, script_ids: Sequence[ScriptId], title: Title, key: Path | None = None
) -> Manifest:
    """Write a new file with scripts of the library, signed with the SSH key *key* if there is one.

    Raises:
        InvalidInput: the file exists, a value is invalid, or the key cannot be used; nothing was written.
        ScriptUnreadable: the file of a script cannot be read; nothing was written.
        BorgDeskError: the file cannot be written.
    """
    files.check_new(file)
    scripts = [workspace.store.scripts.get(one) for one in dict.fromkeys(script_ids)]
    if len(scripts) > MAX_SCRIPTS:
        raise InvalidInput(_("A pack has at most {most} scripts.").format(most=MAX_SCRIPTS))
    texts: dict[str, bytes] = {}
    entries = tuple(_entry(workspace, script, texts) for script in scripts)
    key_name = "" if key is None else name_of(workspace.environment, key)
    signed = to_bytes(
        Manifest(
            check_name(title.name, "pack"), check_version(title.version), entries,
            title.author.strip(), title.licence.strip(), title.description.strip(), key_name,
        )
    )  # fmt: skip
    # What could not be installed is not made.
    manifest = from_bytes(signed)
    signature = None if key is None else sign(workspace.environment, key, signed)
    files.write_private(file, pack_file.to_bytes(signed, signature, texts))
    return manifest


def _entry(workspace: Workspace, script: Script, texts: dict[str, bytes]) -> PackScript:
    """Return what the manifest says about a script, and add its text to *texts*."""
    content = normalized(workspace.store.scripts.content(script.id), _("The file {path}").format(path=script.file_path))
    file = _free(FOLDER + _plain(Path(script.file_path).name, script.name, content), texts)
    texts[file] = content
    needs = needs_of(header_or_empty(content))
    return PackScript(file, sha256_of(content), script.details, needs)


def _plain(file_name: str, name: str, content: bytes) -> str:
    """Return a name of ASCII letters, which every system can unpack."""
    for wanted in (file_name, file_name_for(name, content)):
        plain = "".join(letter for letter in wanted if letter.isascii() and (letter.isalnum() or letter in "._+-"))
        if (plain := plain.lstrip(".+-"))[:1] and "." in plain and not plain.startswith("."):
            return plain[-100:].lstrip(".+-")
    return "script.sh"


def _free(wanted: str, taken: Mapping[str, bytes]) -> str:
    stem, dot, ending = wanted.rpartition(".")
    number, free = 1, wanted
    while free in taken:
        number += 1
        free = f"{stem}-{number}{dot}{ending}"
    return free
