"""Signatures of packs, made and checked by ``ssh-keygen -Y`` (OpenSSH 8.1 and newer, PROTOCOL.sshsig)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.engine.processes.process import StartFailed, capture
from borgdesk.engine.servers.ssh_keys import read_key
from borgdesk.private import temporary_folder
from borgdesk.translation import _

_NAMESPACE = "borgdesk-pack"
"""A signature made for anything else is not one of a pack."""
_PATIENCE = 60.0
"""Seconds for ssh-keygen; a key on a security token waits to be touched."""
_GOOD = re.compile(rf'^Good "{_NAMESPACE}" signature with \S+ key (SHA256:\S+)$', re.MULTILINE)


def sign(environment: Mapping[str, str], key: Path, content: bytes) -> bytes:
    """Return the signature of *content* by an SSH key in a file; one with a passphrase must be in the agent.

    Raises:
        InvalidInput: the key cannot be used; the sentence says why.
        BorgDeskError: ssh-keygen could not be started.
    """
    found = read_key(environment, str(key))
    # The agent signs with the key that is told to it by its public part.
    file = f"{key}.pub" if found.has_passphrase and found.in_agent and key.suffix != ".pub" else str(key)
    code, signature, complaint = _ssh_keygen(environment, ["sign", "-f", file, "-n", _NAMESPACE], content)
    if code != 0 or not signature.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise InvalidInput(
            _("The pack cannot be signed with {key}. ssh-keygen says: {error}").format(key=key, error=_last(complaint))
        )
    return signature


def name_of(environment: Mapping[str, str], key: Path) -> str:
    """Return the comment of a key, which is what people call it; its file name if it has none.

    Raises:
        InvalidInput: it is not an SSH key.
        BorgDeskError: ssh-keygen could not be started.
    """
    return read_key(environment, str(key)).comment or key.name.removesuffix(".pub")


def signer(environment: Mapping[str, str], content: bytes, signature: bytes) -> str | None:
    """Return the fingerprint of the key that signed *content*, or None if this is not its signature.

    Raises:
        BorgDeskError: ssh-keygen could not be started.
    """
    with temporary_folder("borgdesk-pack-") as folder:
        file = folder / "signature"
        file.write_bytes(signature)
        code, out, _complaint = _ssh_keygen(
            environment, ["check-novalidate", "-n", _NAMESPACE, "-s", str(file)], content
        )
    good = _GOOD.search(out.decode(errors="replace"))
    return good[1] if code == 0 and good is not None else None


def _ssh_keygen(environment: Mapping[str, str], arguments: list[str], content: bytes) -> tuple[int, bytes, bytes]:
    # A passphrase would be asked for on a terminal that may not be there; keys with one are signed with by the agent.
    quiet = {**environment, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        return capture(["ssh-keygen", "-Y", *arguments], quiet, _PATIENCE, content)
    except StartFailed as error:
        raise BorgDeskError(_("Signatures need ssh-keygen, a part of OpenSSH. {error}").format(error=error)) from error


def _last(complaint: bytes) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1].rstrip("\r") if lines else _("nothing")
