"""Script packs: scripts that are passed on together in one file, and the manifest (``pack.toml``) that names them.

A manifest holds no values and no secrets. Its format is described in docs/packs.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from borgdesk.domain.characters import is_readable
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.domain.script import DEFAULT_TIMEOUT, Details, check_name, check_timeout
from borgdesk.domain.toml import parse_toml
from borgdesk.translation import N_, _

FORMAT = 1
ENDING = ".borgdesk-pack"
MANIFEST, SIGNATURE = "pack.toml", "pack.toml.sig"
FOLDER = "scripts/"
"""Begins the names of the scripts within the file."""

MAX_SCRIPTS = 200
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_WORDS = 2000
"""Characters of a description."""

_FILE = re.compile(r"scripts/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,119}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,39}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_PACK = {"format", "name", "version", "author", "licence", "description", "key_name", "scripts"}
_OF_SCRIPT = {"file", "name", "sha256", "description", "timeout", "run_on", "needs"}
_THE_MANIFEST = N_("The pack cannot be used: {why}")


@dataclass(frozen=True, slots=True)
class PackScript:
    """What a manifest says about one script."""

    file: str
    """Its name within the pack: ``scripts/stop.sh``."""
    sha256: str
    """Of its text."""
    details: Details
    needs: tuple[str, ...] = ()
    """Programs that it calls."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says about itself."""

    name: str
    version: str
    scripts: tuple[PackScript, ...]
    author: str = ""
    licence: str = ""
    description: str = ""
    key_name: str = ""
    """What the author calls the key that signed the pack; anybody can write anything there."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A valid signature of a manifest."""

    fingerprint: str
    """``SHA256:...``, as ssh-keygen prints it."""
    name: str
    """What the key was called when it was first trusted, otherwise what the pack calls it."""
    trusted: bool
    """Whether a pack that is signed with this key was installed before."""


def check_version(version: str) -> str:
    """Return the version of a pack if it is valid.

    Raises:
        InvalidInput: it is empty, longer than 40 characters, or has others than letters, digits and ``. + ~ _ -``.
    """
    if not _VERSION.fullmatch(version):
        raise InvalidInput(
            _("“{version}” is not a version. Use letters, digits and “.”, such as 1.2.0.").format(version=version)
        )
    return version


def needs_of(header: Header) -> tuple[str, ...]:
    """Return the programs that a script says it needs."""
    return tuple(dict.fromkeys(header.needs))


def to_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as it is written, the same for the same values."""
    facts = [("format", FORMAT), *((name, getattr(manifest, name)) for name in ("name", "version"))]
    facts += [(name, value) for name in ("author", "licence", "description", "key_name")
              if (value := getattr(manifest, name))]  # fmt: skip
    tables = [_table(facts), *(f"[[scripts]]\n{_table(_facts(one))}" for one in manifest.scripts)]
    return "\n".join(tables).encode()


def _facts(script: PackScript) -> list[tuple[str, Any]]:
    name, description, timeout, run_on = script.details
    facts: list[tuple[str, Any]] = [("file", script.file), ("name", name), ("sha256", script.sha256)]
    facts += [("description", description)] if description else []
    return [*facts, ("timeout", timeout), ("run_on", str(run_on)), ("needs", list(script.needs))]


def _table(facts: list[tuple[str, Any]]) -> str:
    # What JSON writes for texts, whole numbers and lists of texts is TOML, too, but for DEL.
    values = ((name, json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")) for name, value in facts)
    return "".join(f"{name} = {value}\n" for name, value in values)


def from_bytes(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        InvalidInput: it is not one, or was written by a newer BorgDesk; the sentence says what is wrong.
    """
    try:
        return _manifest(parse_toml(content.decode()))
    except UnicodeDecodeError:
        raise InvalidInput(_(_THE_MANIFEST).format(why=_("its manifest is not UTF-8 text."))) from None
    except InvalidInput as error:
        raise InvalidInput(_(_THE_MANIFEST).format(why=error)) from None
    # Also a number with more digits than Python converts.
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_(_THE_MANIFEST).format(why=f"{MANIFEST}: {error}.")) from None


def _manifest(table: Mapping[str, Any]) -> Manifest:
    if table.get("format") != FORMAT:
        raise InvalidInput(_("it was made by a newer version of BorgDesk, or is no script pack."))
    _check_keys(table, _OF_PACK)
    scripts = table.get("scripts")
    if not isinstance(scripts, list) or not 1 <= len(scripts) <= MAX_SCRIPTS:
        raise InvalidInput(_("it must have between 1 and {most} scripts.").format(most=MAX_SCRIPTS))
    read = tuple(_script(one) for one in scripts)
    for what in ({one.file for one in read}, {one.details.name for one in read}):
        if len(what) != len(read):
            raise InvalidInput(_("two of its scripts have the same name."))
    return Manifest(
        check_name(_text(table, "name"), "pack"),
        check_version(_text(table, "version")),
        read,
        *(_words(table, name) for name in ("author", "licence", "description", "key_name")),
    )


def _script(table: object) -> PackScript:
    if not isinstance(table, dict):
        raise InvalidInput(_("“{name}” is missing or has a wrong value.").format(name="scripts"))
    _check_keys(table, _OF_SCRIPT)
    file, digest, timeout = _text(table, "file"), _text(table, "sha256"), table.get("timeout", DEFAULT_TIMEOUT)
    if not _FILE.fullmatch(file):
        raise InvalidInput(_("“{name}” is not the name of a script in a pack.").format(name=file))
    needs = table.get("needs", [])
    if (
        not _SHA256.fullmatch(digest)
        or type(timeout) is not int
        or not isinstance(needs, list)
        or not all(isinstance(one, str) and one.isprintable() and len(one) <= MAX_WORDS for one in needs)
    ):
        raise InvalidInput(_("what it says about “{name}” cannot be understood.").format(name=file))
    run_on = RunOn.parse(_text(table, "run_on")) if "run_on" in table else ALWAYS
    details = Details(check_name(_text(table, "name")), _words(table, "description"), check_timeout(timeout), run_on)
    return PackScript(file, digest, details, tuple(needs))


def _check_keys(table: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise InvalidInput(_("“{name}” is not known here.").format(name=unknown[0]))


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInput(_("“{name}” is missing or has a wrong value.").format(name=name))
    return value


def _words(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_WORDS or not is_readable(re.sub("[\n\t]", "", value)):
        raise InvalidInput(_("“{name}” is missing or has a wrong value.").format(name=name))
    return value
