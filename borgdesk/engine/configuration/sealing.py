"""Encrypts secret values with a passphrase, for a file that leaves this machine.

The key is derived with scrypt (RFC 7914) and the values are encrypted with ChaCha20-Poly1305 (RFC 8439), both from the
``cryptography`` package. What the secrets belong to is authenticated with them: nobody can move them to another place.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_N, _R, _P = 2**17, 8, 1
"""128 MiB of memory and some tenths of a second for each guess."""
_SALT, _NONCE, _KEY = 16, 12, 32
_MOST_MEMORY = 1 << 30
"""Bytes that a foreign file may make us use."""
_MOST_P = 8
_KDF, _CIPHER = "scrypt", "chacha20-poly1305"


def seal(values: Any, passphrase: str, belongs_to: bytes) -> dict[str, Any]:
    """Return the encrypted form of JSON values.

    Raises:
        InvalidInput: the passphrase is empty.
    """
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if not passphrase:
        raise InvalidInput(_("The passphrase is empty. Nothing was written."))
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    key = _derived(passphrase, salt, _N, _R, _P)
    data = ChaCha20Poly1305(key).encrypt(nonce, json.dumps(values).encode(), belongs_to)
    return {
        "kdf": {"name": _KDF, "n": _N, "r": _R, "p": _P, "salt": _as_text(salt)},
        "cipher": {"name": _CIPHER, "nonce": _as_text(nonce)},
        "data": _as_text(data),
    }


def unseal(sealed: Mapping[str, Any], passphrase: str, belongs_to: bytes) -> Any:
    """Return what :func:`seal` was given.

    Raises:
        InvalidInput: the passphrase is another one, or the file was changed since; or it asks for unreasonable work.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        kdf, cipher = sealed["kdf"], sealed["cipher"]
        n, r, p = kdf["n"], kdf["r"], kdf["p"]
        numbers = all(type(one) is int and one > 0 for one in (n, r, p))
        known = kdf["name"] == _KDF and cipher["name"] == _CIPHER
        if not known or not numbers or n & (n - 1) or 128 * n * r > _MOST_MEMORY or p > _MOST_P:
            raise _damaged()
        key = _derived(passphrase, _as_bytes(kdf["salt"]), n, r, p)
        opened = ChaCha20Poly1305(key).decrypt(_as_bytes(cipher["nonce"]), _as_bytes(sealed["data"]), belongs_to)
        return json.loads(opened)
    except InvalidTag:
        raise InvalidInput(
            _("The secrets cannot be opened: the passphrase is wrong, or the file was changed.")
        ) from None
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _damaged() from None


def _damaged() -> InvalidInput:
    return InvalidInput(_("The encrypted secrets in the file are damaged, or of a newer version of BorgDesk."))


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=_KEY, n=n, r=r, p=p).derive(passphrase.encode("utf-8", "surrogateescape"))


def _as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _as_bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error
