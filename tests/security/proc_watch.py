"""Watches what everybody, or their owner, can read about all processes: arguments and environment."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Self

_PAUSE = 0.003


def _processes() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - many times a second


class ProcWatch:
    """Remembers the command lines of new processes with one of some texts in their arguments or environment."""

    def __init__(self, texts: Collection[str]) -> None:
        self._texts = {text: text.encode() for text in texts}
        self.in_arguments: dict[str, set[str]] = {text: set() for text in texts}
        self.in_environment: dict[str, set[str]] = {text: set() for text in texts}
        self._others = {*_processes()}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ends.wait(_PAUSE):
            for process in {*_processes()} - self._others:
                self._look_at(Path("/proc") / process)

    def _look_at(self, process: Path) -> None:
        try:
            arguments, variables = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:
            return
        told = arguments.replace(b"\0", b" ").decode(errors="replace")
        for text, sought in self._texts.items():
            if sought in arguments:
                self.in_arguments[text].add(told)
            if sought in variables:
                self.in_environment[text].add(told)
