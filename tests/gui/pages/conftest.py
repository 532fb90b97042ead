from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.background import Background
from tests.gui.pages.script_bench import ScriptBench
from tests.gui.scene import Scene
from tests.gui.stage import background, scene

__all__ = ["background", "scene"]


@pytest.fixture
def scripts(scene: Scene, background: Background, qtbot: QtBot) -> ScriptBench:
    return ScriptBench(scene, background, qtbot)
