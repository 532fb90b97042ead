"""SHA-256 without OpenSSL, which ``hashlib`` loads: 3 MB that an idle window does without."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        # As the standard library's own ``random`` does; its name since Python 3.12.
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
