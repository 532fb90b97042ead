"""Mutation testing: ``make mutants ARGS='borgdesk/domain [--most 200] [--seed 1]'``.

Cosmic Ray changes one thing at a time (a comparison, a number, a condition, a decorator) in a copy of the checkout, and
runs the tests that mirror the module. A change that no test detects has survived: either a test is missing or the
change is equivalent. Survivors are printed as diffs; the last lines are the score by module.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import py_compile
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutant_watch import all_seen, make_watched

ROOT = Path(__file__).parent.parent
WORK = ROOT / "build" / "mutants"
TREE = WORK / "tree"
WATCHED = WORK / "watched"
"""A copy in which every process records the lines it executes."""
SEEN = WORK / "seen"
REACHED = WORK / "reached.log"
REQUIREMENTS = ROOT / "packaging" / "requirements-mutants.txt"

# Changes that nobody would write, and that the type checker detects.
EQUIVALENT = (
    # Enum members, None and types are singletons.
    r"core/ReplaceComparisonOperator_Is_Eq",
    r"core/ReplaceComparisonOperator_IsNot_NotEq",
    # Identities have no order.
    r"core/ReplaceComparisonOperator_Is(Not)?_(Lt|Gt).*",
    r"core/ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_Is(Not)?",
    # In annotations, which are never evaluated.
    r"core/ReplaceBinaryOperator_BitOr_.*",
)
"""Operators whose changes are equivalent in this code."""

Plan = Mapping[Path, Sequence[str]]
"""The modules, each with its tests."""

TIMEOUT = 3600.0
"""Seconds for the tests of one mutant; the test server gives up long before."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="+", type=Path, help="files, or folders of files, below borgdesk/")
    parser.add_argument("--most", type=int, help="try so many changes of each module, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of that choice")
    parser.add_argument(
        "--budget", type=float, default=math.inf, help="seconds for the tests of one change, by what they took before"
    )
    parser.add_argument("--tests", nargs="*", help="run these tests instead of those that mirror the module")
    return parser.parse_args()


def _modules(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        found = [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))
        yield from (path for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


def tests_of(module: Path) -> list[str]:
    """Return the tests that mirror a module: the file of its name, else its package's, else the parent package's."""
    parts = module.parts[1:]
    for depth in range(len(parts) - 1, 0, -1):
        folder = Path("tests", *parts[:depth])
        named = sorted((ROOT / folder).glob(f"test_{module.stem}*.py"))
        if named:
            return [str(path.relative_to(ROOT)) for path in named]
        if (ROOT / folder).is_dir():
            return [str(folder)]
    return ["tests"]


def _make_trees() -> None:
    """Create copies of the checkout, including uncommitted changes."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    shutil.rmtree(WATCHED, ignore_errors=True)
    shutil.copytree(TREE, WATCHED)
    make_watched(WATCHED, REACHED)
    # Bytecode validated by source content: a change takes less than a second, and often keeps the size.
    compileall.compile_dir(TREE / "borgdesk", quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


def _tool() -> Path:
    """Return the folder of Cosmic Ray's programs, which is installed separately."""
    programs = WORK / "venv" / "bin"
    stamp = WORK / "venv" / ".installed"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        pip: list[str | Path] = [programs / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        stamp.write_text(REQUIREMENTS.read_text())
    return programs


def _try(programs: Path, plan: Plan, wanted: argparse.Namespace) -> dict[Path, Counter[str]]:
    """Return the results of the changes by module."""
    session, config, place = WORK / "session.sqlite", WORK / "session.toml", WORK / "tests.socket"
    session.unlink(missing_ok=True)
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {[str(module) for module in plan]}\ntimeout = {TIMEOUT}\nexcluded-modules = []\n"
        f"test-command = '{sys.executable} -I -S {TREE}/tests/ask_mutant_tests.py {place}'\n"
        "[cosmic-ray.distributor]\nname = 'local'\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}

    def call(*words: str | Path) -> None:
        subprocess.run([programs / words[0], *words[1:]], cwd=TREE, env=environment, check=True)

    call("cosmic-ray", "init", config, session)
    _choose(session, wanted.most, wanted.seed)
    _watch(plan)
    with _served(place, plan, wanted.budget):
        call("cosmic-ray", "exec", config, session)
    scores: dict[Path, Counter[str]] = {module: Counter() for module in plan}
    with closing(sqlite3.connect(session)) as database:
        for module, outcome, difference in database.execute(
            "SELECT module_path, test_outcome, diff FROM work_results JOIN mutation_specs USING (job_id)"
        ):
            scores[Path(module)][outcome] += 1
            if outcome == "SURVIVED":
                sys.stdout.write(f"{difference}\n\n")
    return scores


def _environment(tree: Path) -> dict[str, str]:
    """Return the environment for running tests in *tree*: bytecode is written, since each mutant is imported anew."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(tree)}


def _watch(plan: Plan) -> None:
    """Determine which tests execute which lines, as far as unknown."""
    if all(all_seen(SEEN, TREE, module, tests) for module, tests in plan.items()):
        return
    words: list[str | Path] = [sys.executable, "-m", "tests.mutant_watch", SEEN, TREE, REACHED, _written(plan)]
    if subprocess.run(words, cwd=WATCHED, env=_environment(WATCHED), check=False).returncode:
        sys.exit("The tests could not be run as they are.")


def _written(plan: Plan) -> Path:
    path = WORK / "plan.json"
    path.write_text(json.dumps({str(module): tests for module, tests in plan.items()}))
    return path


def _apart() -> list[str]:
    """Return a command prefix that hides other processes: a mutated search for orphans might kill them."""
    words = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
    words += [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"A changed program might end processes of yours, and no namespace can be made for it: {error}")
    # The shell is init of the namespace: it reaps orphans.
    return [*words, "sh", "-c", '"$@"; exit $?', "sh"]


@contextmanager
def _served(place: Path, plan: Plan, budget: float) -> Iterator[None]:
    """Run a server at *place* that runs the tests on the modules in their present state."""
    place.unlink(missing_ok=True)
    log = place.with_name("tests.log")
    log.unlink(missing_ok=True)
    files: tuple[Path, ...] = (place, log, SEEN, _written(plan))
    words: list[str | Path] = [sys.executable, "-m", "tests.mutant_tests", *files, str(budget)]
    server = subprocess.Popen([*_apart(), *words], cwd=TREE, env=_environment(TREE))
    try:
        while not place.exists():
            if server.poll() is not None:
                sys.exit("The tests could not be run as they are.")
            time.sleep(0.05)
        yield
    finally:
        server.kill()
        server.wait()


def _choose(session: Path, most: int | None, seed: int) -> None:
    """Keep *most* changes of each module in the session, and none that is equivalent."""
    with closing(sqlite3.connect(session)) as database, database:
        places = sorted(
            database.execute(
                "SELECT module_path, start_pos_row, start_pos_col, operator_name, occurrence, job_id"
                " FROM mutation_specs"
            )
        )
        kept: set[str] = set()
        for module, changes in groupby(places, key=lambda place: place[0]):
            lines = (TREE / module).read_text().splitlines()
            asked = [
                job
                for _, row, column, operator, _, job in changes
                if not any(re.fullmatch(pattern, operator) for pattern in EQUIVALENT)
                and not _only_for_mypy(lines[row - 1], column)
            ]
            kept |= set(random.Random(seed).sample(asked, min(most or len(asked), len(asked))))
        for table in ("mutation_specs", "work_items"):
            left_out = [(place[-1],) for place in places if place[-1] not in kept]
            database.executemany(f"DELETE FROM {table} WHERE job_id = ?", left_out)


def _only_for_mypy(line: str, column: int) -> bool:
    """Return whether that place only declares how a dataclass is stored, or that parameters are keyword-only."""
    return line.lstrip().startswith("@dataclass(") or line[column:].startswith("*,")


def _memory() -> Path | None:
    """Return the fastest folder for tests: one in memory, if programs can be executed there."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and not os.statvfs(folder).f_flag & os.ST_NOEXEC else None


def main() -> int:
    arguments = _arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    _make_trees()
    programs = _tool()
    plan = {module: arguments.tests or tests_of(module) for module in _modules(arguments.modules)}
    with TemporaryDirectory(prefix="mutants-", dir=_memory(), ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder
        scores = _try(programs, plan, arguments)
    packages: dict[str, Counter[str]] = {}
    for module, score in scores.items():
        _print_score(str(module), score)
        packages.setdefault(str(module.parent), Counter()).update(score)
    for package, score in packages.items():
        _print_score(f"all of {package}", score)
    return 0


def _print_score(name: str, score: Counter[str]) -> None:
    tried = sum(score.values())
    killed = tried - score["SURVIVED"]
    sys.stdout.write(f"{name}: {killed} of {tried} noticed ({100 * killed / max(tried, 1):.0f} %)\n")


if __name__ == "__main__":
    sys.exit(main())
