"""The file of a pack: a zip with the manifest, its signature and the scripts. Reading trusts nothing in it.

Nothing is extracted: the entries are read into memory, each at most as far as a script may be long, and only entries
that the manifest names are accepted. So paths out of the folder, links and bombs have nowhere to go.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.pack import MANIFEST, MAX_MANIFEST_BYTES, MAX_SCRIPTS, SIGNATURE, Manifest, PackScript, from_bytes
from borgdesk.domain.parameters import parse_header
from borgdesk.domain.script import MAX_SCRIPT_BYTES, normalized, sha256_of
from borgdesk.translation import _

LARGEST = 32 * 1024 * 1024
"""Bytes, packed and unpacked; scripts are small."""

_DAY = (1980, 1, 1, 0, 0, 0)
"""The same whenever a pack is made, so that the same scripts are the same file."""
_MODE = (stat.S_IFREG | 0o644) << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MAX_SIGNATURE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Pack:
    """All that is in the file of a pack, checked but for the signature."""

    manifest: Manifest
    texts: Mapping[str, bytes] = field(repr=False)
    """The scripts, by their names within the pack."""
    signed: bytes = field(repr=False)
    """The manifest as it stands in the file, which is what a signature is of."""
    signature: bytes | None = field(repr=False)

    def text(self, script: PackScript) -> bytes:
        """Return the text of a script."""
        return self.texts[script.file]


def to_bytes(manifest: bytes, signature: bytes | None, texts: Mapping[str, bytes]) -> bytes:
    """Return the contents of the file of a pack."""
    entries = {MANIFEST: manifest} | ({} if signature is None else {SIGNATURE: signature}) | dict(sorted(texts.items()))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            about = zipfile.ZipInfo(name, _DAY)
            about.external_attr, about.compress_type, about.create_system = _MODE, zipfile.ZIP_DEFLATED, 3
            archive.writestr(about, content)
    return written.getvalue()


def read(path: Path) -> Pack:
    """Read and check the file of a pack.

    Raises:
        InvalidInput: it cannot be read, or is not a pack as BorgDesk makes them; the sentence says why.
    """
    return from_file(_bytes_of(path), path.name)


def from_file(content: bytes, name: str) -> Pack:
    """As :func:`read`, with the bytes of a file called *name*.

    Raises:
        InvalidInput: it is not a pack as BorgDesk makes them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except InvalidInput as error:
        raise InvalidInput(_("{file}: {why}").format(file=name, why=error)) from None
    # What zipfile raises besides BadZipFile for a file that was made to confuse it.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise InvalidInput(
            _("{file} is damaged, or is not a script pack: {error}.").format(file=name, error=error)
        ) from error


def _bytes_of(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK, opening a named pipe blocks for ever.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidInput(_("{path} is not a file.").format(path=path))
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput(
            _("The file {name} cannot be read: {error}.").format(name=path, error=error.strerror)
        ) from error
    except ValueError as error:
        raise InvalidInput(_("“{name!r}” is not the name of a file.").format(name=str(path))) from error
    if len(content) > LARGEST:
        raise InvalidInput(_("{path} is too large for a script pack.").format(path=path))
    return content


def _read(archive: zipfile.ZipFile) -> Pack:
    entries = _entries(archive)
    if MANIFEST not in entries:
        raise InvalidInput(_("This is not a script pack: it has no manifest."))
    signed = _content(archive, entries[MANIFEST], MAX_MANIFEST_BYTES)
    signature = _content(archive, entries[SIGNATURE], _MAX_SIGNATURE_BYTES) if SIGNATURE in entries else None
    manifest = from_bytes(signed)
    named = {one.file for one in manifest.scripts}
    if unnamed := sorted(set(entries) - named - {MANIFEST, SIGNATURE}):
        raise InvalidInput(_("The pack contains “{name}”, which its manifest does not name.").format(name=unnamed[0]))
    return Pack(manifest, {one.file: _text(archive, entries, one) for one in manifest.scripts}, signed, signature)


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by their names, of which each may be there once."""
    listed = archive.infolist()
    if len(listed) > MAX_SCRIPTS + 2 or sum(one.file_size for one in listed) > LARGEST:
        raise InvalidInput(_("The pack contains too much."))
    entries = {one.orig_filename: one for one in listed}
    if len(entries) != len(listed):
        raise InvalidInput(_("The pack contains two entries of the same name."))
    for name, one in entries.items():
        kind = stat.S_IFMT(one.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or one.flag_bits & _ENCRYPTED or one.compress_type not in _METHODS:
            raise InvalidInput(_("The pack contains “{name}”, which is not an ordinary file.").format(name=name))
    return entries


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Read an entry, whatever size it claims to have."""
    with archive.open(entry) as stream:
        content = stream.read(most + 1)
        # The checksum is compared at the end.
        if len(content) > most or stream.read(1):
            raise InvalidInput(_("The pack contains “{name}”, which is too large.").format(name=entry.orig_filename))
    return content


def _text(archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], script: PackScript) -> bytes:
    entry = entries.get(script.file)
    if entry is None:
        raise InvalidInput(_("The pack lacks “{name}”, which its manifest names.").format(name=script.file))
    content = _content(archive, entry, MAX_SCRIPT_BYTES)
    if sha256_of(content) != script.sha256:
        raise InvalidInput(
            _("“{name}” is not what the manifest of the pack says: its checksum differs.").format(name=script.file)
        )
    what = quoted(script.file)
    if normalized(content, what) != content:
        raise InvalidInput(_("{what} does not have Unix line endings.").format(what=what))
    try:
        parse_header(content.decode())
    except InvalidInput as error:
        raise InvalidInput(f"{what}: {error}") from error
    return content
