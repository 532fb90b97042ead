"""BorgDesk's own log: what the program did and what went wrong inside it. Never what scripts print, never secrets."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_SIZE = 1024 * 1024


def start(folder: Path, level: int = logging.INFO) -> None:
    """Log to ``borgdesk.log`` below *folder*, three files of 1 MiB. Without a place to write, nothing is logged."""
    root = logging.getLogger()
    root.setLevel(level)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            folder / "borgdesk.log", maxBytes=_SIZE, backupCount=2, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.raiseExceptions = False
    root.addHandler(handler)
