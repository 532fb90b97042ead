"""Plugin of pytest that tells the longest stall of the program in each of the end-to-end tests.

    pytest -p tests.benchmarks.metered_programs -m '' -n 0 -s tests/e2e

The programs that the tests start measure themselves, and write down each turn of their event loop that is longer than
any before: most of them are killed in the end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

_FIRST_LINES = "from tests.benchmarks import metered_programs\nmetered_programs.watch({folder!r})\n"


def watch(folder: str) -> None:
    """Measure this process in its event loop, with a report in *folder*."""
    os.environ["QT_NO_GLIB"] = "1"  # whose dispatcher does not say when it begins to wait
    from tests.benchmarks.stall_meter import StallMeter

    execute: Callable[[], int] = QApplication.exec
    report = Path(folder) / str(os.getpid())

    def metered(*_: object) -> int:
        meter = StallMeter()
        meter.lengthened.connect(
            lambda turn: report.write_text(json.dumps({"work": turn.work, "causes": turn.causes()}))
        )
        code = execute()
        meter.stop()
        return code

    QApplication.exec = staticmethod(metered)  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> object:
    """Print the longest stall after each test."""
    module = sys.modules[request.node.module.__name__]
    folder = tmp_path_factory.mktemp("stalls")
    with pytest.MonkeyPatch.context() as patch:
        for place in (module, sys.modules.get("tests.e2e.window")):
            if (program := getattr(place, "_PROGRAM", None)) is not None:
                patch.setattr(place, "_PROGRAM", _FIRST_LINES.format(folder=str(folder)) + program)
        yield
    found = [json.loads(report.read_text() or "{}") for report in folder.iterdir()]
    longest = max((one for one in found if one), key=lambda one: one["work"], default=None)
    if longest is not None:
        print(f"\n{request.node.name}: {longest['work']:.0f} ms of work")
        print("".join(f"    {line}\n" for line in longest["causes"]), end="")
