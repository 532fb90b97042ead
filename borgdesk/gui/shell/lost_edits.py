"""Remembers which unsaved input was lost when a signal or a logout ended BorgDesk, to report it at the next start.

At that moment the user can neither be asked nor told. Edited scripts are kept as drafts; forms are not, because they
may contain secrets.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from borgdesk import private

_log = logging.getLogger(__name__)

_FILE = "lost-edits.json"


class LostEdits:
    """File with the names of dialogs and forms whose input was lost."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, names: Sequence[str]) -> None:
        """Record that the input in these dialogs and forms is lost."""
        _log.warning("ended while edits were not saved: %s", ", ".join(names))
        try:
            with private.anew(self._folder / _FILE) as file:
                file.write(json.dumps(list(names)).encode())
        except OSError as error:
            _log.warning("that cannot be noted: %s", error)

    def take(self) -> list[str]:
        """Return the recorded names and delete them."""
        try:
            names = json.loads((self._folder / _FILE).read_bytes())
        except (OSError, ValueError):
            return []
        finally:
            private.remove(self._folder, _FILE)
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
