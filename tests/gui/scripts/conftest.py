from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.scripts.script_bench import ScriptBench


@pytest.fixture
def scripts(scene: Scene, background: Background, qtbot: QtBot) -> ScriptBench:
    return ScriptBench(scene, background, qtbot)
