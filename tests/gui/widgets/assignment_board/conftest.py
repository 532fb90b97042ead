from __future__ import annotations

from tests.gui.stage import background, scene

__all__ = ["background", "scene"]
