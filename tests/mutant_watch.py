"""Determines which tests execute which lines: each test file runs once in a copy of the checkout.

The process that runs the tests is watched by coverage, with a context for each test; processes started by tests record
their own lines (``mutant_trace.py``).
"""

from __future__ import annotations

import ast
import compileall
import hashlib
import json
import py_compile
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypedDict

import pytest
from coverage import Coverage

from tests.mutant_forks import in_a_child, name_of, run_pytest

_EXAMPLES = 25
"""Examples per property: enough to find the lines, since watching takes several times as long."""


class Seen(TypedDict):
    """Observations of one test file."""

    modules: dict[str, str]
    """The state of each module at that time."""
    lines: dict[str, dict[str, list[str]]]
    """Module, line (JSON has no numeric keys), and the tests that execute it."""
    seconds: dict[str, float]
    failed: list[str]


class Watch:
    """Records for each test the lines of BorgDesk it executed, its duration, and whether it passed."""

    def __init__(self, tree: Path, log: Path) -> None:
        self.tree = tree
        self.log = log
        """Where processes started by tests record their lines."""
        self.coverage = Coverage(data_file=None, source=[str(tree / "borgdesk")], config_file=False, branch=False)
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()
        self._lines: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        name = name_of(item.nodeid)
        self.coverage.switch_context(name)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[name] += time.monotonic() - began
            self.coverage.switch_context("")
            self._take_log(name)

    def _take_log(self, test: str) -> None:
        """Attribute lines recorded by other processes to the test, even late ones of the previous test."""
        if self.log.exists():
            taken = self.log.rename(self.log.with_suffix(".taken"))
            for place in taken.read_text().splitlines():
                file, _, line = place.rpartition(":")
                self._lines[str(Path(file).relative_to(self.tree))][line].add(test)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(name_of(report.nodeid))

    def lines(self) -> dict[str, dict[str, list[str]]]:
        data = self.coverage.get_data()
        for file in data.measured_files():
            module = self._lines[str(Path(file).relative_to(self.tree))]
            for line, tests in data.contexts_by_lineno(file).items():
                module[str(line)] |= set(filter(None, tests))
        return {module: {line: sorted(tests) for line, tests in lines.items()} for module, lines in self._lines.items()}


def make_watched(tree: Path, log: Path) -> None:
    """Prepend ``mutant_trace.py`` to every module of the copy in *tree*, on an existing line."""
    trace = Path(__file__).with_name("mutant_trace.py").read_text()
    trace += f"\nnote_lines({str(tree / 'borgdesk')!r}, {str(log)!r})\n"
    call = f"; __import__('sys').gettrace() is None and exec({trace!r}, {{}})"
    for file in (tree / "borgdesk").rglob("*.py"):
        source = file.read_text()
        if (place := _first_end(source)) is not None:
            file.write_text(_inserted(source, *place, call))
    compileall.compile_dir(tree / "borgdesk", quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


def _first_end(source: str) -> tuple[int, int] | None:
    """Return the position after the docstring and ``from __future__``."""
    end = None
    for statement in ast.parse(source).body:
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            break
        end = (statement.end_lineno or 0, statement.end_col_offset or 0)
    return end


def _inserted(source: str, row: int, column: int, text: str) -> str:
    lines = source.splitlines(keepends=True)
    line = lines[row - 1].encode()
    lines[row - 1] = (line[:column] + text.encode() + line[column:]).decode()
    return "".join(lines)


def seen_of(folder: Path, tree: Path, module: Path, tests: Sequence[str]) -> list[Seen]:
    """Return the stored observations of the tests in *tree*, if made with the module in its present state."""
    found = (_kept_of(folder, tree, module, file) for file in _files(tree, tests))
    return [seen for seen in found if seen is not None]


def read_plan(path: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield the modules, each with its tests."""
    for module, tests in json.loads(path.read_text()).items():
        yield Path(module), tests


def all_seen(folder: Path, tree: Path, module: Path, tests: Sequence[str]) -> bool:
    """Return whether *folder* has all that :func:`seen_of` may need."""
    return len(seen_of(folder, tree, module, tests)) == len(_files(tree, tests))


def _kept_of(folder: Path, tree: Path, module: Path, file: str) -> Seen | None:
    kept = _kept(folder, tree, file)
    if not kept.exists():
        return None
    seen: Seen = json.loads(kept.read_text())
    return seen if seen["modules"].get(str(module)) == _state(tree / module) else None


def _kept(folder: Path, tree: Path, file: str) -> Path:
    return folder / f"{file.replace('/', '.')}.{_state(tree / file)}.json"


def _state(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]


def _files(tree: Path, tests: Sequence[str]) -> list[str]:
    found: list[Path] = []
    for name in tests:
        place = tree / name.partition("::")[0]
        found += sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    return [str(path.relative_to(tree)) for path in dict.fromkeys(found)]


def _watched(tree: Path, states: Mapping[str, str], file: str, result: Path, log: Path) -> None:
    """Run one test file in a child process and store what :class:`Watch` recorded."""
    log.unlink(missing_ok=True)
    watch = Watch(tree, log)
    watch.coverage.start()
    for name in _imported(tree, with_gui="/gui/" in file):
        # Lines executed on import belong to no test.
        import_module(name)
    with suppress(pytest.PytestUnraisableExceptionWarning):  # usually from a failed test
        run_pytest([file], [watch], examples=_EXAMPLES)
    watch.coverage.stop()
    found = Seen(modules=dict(states), lines=watch.lines(), seconds=dict(watch.seconds), failed=sorted(watch.failed))
    result.write_text(json.dumps(found))


def _imported(tree: Path, *, with_gui: bool) -> Iterator[str]:
    left_out = {"migrations", "__main__", "__init__", "app"} | (set() if with_gui else {"gui"})
    for file in sorted((tree / "borgdesk").rglob("*.py")):
        parts = file.relative_to(tree).with_suffix("").parts
        if not left_out & set(parts):
            yield ".".join(parts)


def main() -> None:
    """Run ``mutant_watch FOLDER TREE LOG PLAN`` in the watched copy of TREE, adding what FOLDER lacks."""
    folder, tree, log, plan = map(Path, sys.argv[1:5])
    states = {str(path.relative_to(tree)): _state(path) for path in (tree / "borgdesk").rglob("*.py")}
    folder.mkdir(exist_ok=True)
    for module, tests in read_plan(plan):
        for file in _files(tree, tests):
            if _kept_of(folder, tree, module, file) is not None:
                continue
            kept = _kept(folder, tree, file)
            kept.unlink(missing_ok=True)
            in_a_child(partial(_watched, Path.cwd(), states, file, kept, log), folder / "log", 3600.0)
            seen = _kept_of(folder, tree, module, file)
            if seen is None:
                sys.exit(f"The tests of {file} could not be run; see {folder / 'log'}.")
            for name in seen["failed"]:
                sys.stdout.write(f"left out, since it fails as it is: {name}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
