"""Server that runs the tests that may detect a mutant, in forks of a process that has imported everything else.

Each mutant gets a fork, which imports BorgDesk and runs the tests that execute the mutated line, quick ones first. The
tests of each line are determined by a first run of all tests: see ``mutant_watch.py``.
"""

from __future__ import annotations

import ast
import socket
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from itertools import accumulate
from pathlib import Path

import pytest

from tests.mutant_forks import in_a_child, run_pytest
from tests.mutant_watch import Seen, read_plan, seen_of

_LEAST, _FACTOR = 60.0, 10.0
"""Minimum time limit in seconds, and factor of the tests' usual time: a mutant that takes longer hangs, and is
detected.
"""

SURVIVED, NOTICED = 0, 1


class Module:
    """A mutated module, and the tests that may detect the mutant."""

    def __init__(self, file: Path, name: str, tests: Sequence[Seen]) -> None:
        self.name = name
        self.seconds: dict[str, float] = {}
        """Duration of each test."""
        self._file = file
        self._original = file.read_text()
        code = ast.parse(self._original)
        self._bodies = _bodies(code)
        self._module_level = code.body
        self._loaded = [
            node for node in ast.walk(code) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        ]
        self._lines: dict[int, set[str]] = defaultdict(set)
        for seen in tests:
            self._learn(seen)

    def _learn(self, seen: Seen) -> None:
        failed = set(seen["failed"])
        self.seconds |= {name: took for name, took in seen["seconds"].items() if name not in failed}
        for line, names in seen["lines"].get(self.name, {}).items():
            self._lines[int(line)] |= set(names) - failed

    @property
    def is_changed(self) -> bool:
        return self._file.read_text() != self._original

    def chosen(self) -> set[str]:
        """Return the tests that execute the mutated lines, or lines using them if those are executed on import."""
        before, after = self._original.splitlines(), self._file.read_text().splitlines()
        changed: set[int] = set()
        for what, first, last, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if what != "equal":
                changed |= set(range(first + 1, max(last, first + 1) + 1))
        # No test executes the lines of a mere declaration: any test may depend on it.
        return self._through(changed) or self._through(self._users(changed)) or set(self.seconds)

    def _through(self, lines: set[int]) -> set[str]:
        found: set[str] = set().union(*(self._lines.get(line, set()) for line in lines))
        if found:
            return found
        # A statement of several lines may only be known by its first one.
        bodies = (next((body for body in reversed(self._bodies) if line in body), range(0)) for line in lines)
        return found.union(*(self._lines.get(near, set()) for body in bodies for near in body))

    def _users(self, lines: set[int]) -> set[int]:
        """Return the lines of the module that use what is defined on these lines."""
        defined = {
            name.id
            for statement in self._module_level
            if lines & set(range(statement.lineno, (statement.end_lineno or 0) + 1))
            for name in ast.walk(statement)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }
        return {name.lineno for name in self._loaded if name.id in defined} - lines


class Server:
    """Runs tests on the present state of the tree."""

    def __init__(self, modules: Sequence[Module], log: Path, budget: float) -> None:
        """*budget* is the maximum usual duration in seconds of the tests for one mutant."""
        self._modules = modules
        self._log = log
        self._budget = budget

    def serve(self, place: str) -> None:
        """Answer requests until the process is terminated."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(place)
            listener.listen()
            while True:
                connection, _ = listener.accept()
                with connection, suppress(BrokenPipeError):
                    connection.send(bytes([self._answer()]))

    def _answer(self) -> int:
        module = next((module for module in self._modules if module.is_changed), None)
        tests = [] if module is None else self._within_budget(module)
        if module is None or not tests:
            return SURVIVED
        seconds = [module.seconds[name] for name in tests]
        with self._log.open("a") as log:
            log.write(f"{module.name}: {len(tests)} tests, {sum(seconds):.1f} s\n")
        each = f"timeout={_LEAST / 2 + _FACTOR * max(seconds):.0f}"
        words = ["-x", "-o", each, *tests]
        code = in_a_child(lambda: run_pytest(words), self._log, _LEAST + _FACTOR * sum(seconds))
        return SURVIVED if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else NOTICED

    def _within_budget(self, module: Module) -> list[str]:
        """Return the tests, quick ones first, as far as the budget allows."""
        tests = sorted(module.chosen(), key=lambda name: module.seconds[name])
        together = accumulate(module.seconds[name] for name in tests)
        return [name for name, seconds in zip(tests, together, strict=True) if seconds <= self._budget] or tests[:1]


def _bodies(tree: ast.Module) -> list[range]:
    """Return the lines of each function, with decorators and defaults; outer functions first."""
    found = [
        range(min(one.lineno for one in (node, *node.decorator_list)), (node.end_lineno or 0) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, key=len, reverse=True)


def main() -> None:
    """Run ``mutant_tests SOCKET LOG FOLDER PLAN BUDGET`` in the tree; FOLDER stores the observations."""
    place, log, folder, plan, budget = sys.argv[1:]
    tree = Path.cwd()
    modules = [
        Module(tree / module, str(module), seen_of(Path(folder), tree, module, tests))
        for module, tests in read_plan(Path(plan))
    ]
    Server(modules, Path(log), float(budget)).serve(place)


if __name__ == "__main__":
    main()
