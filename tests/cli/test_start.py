"""Start-up: imports per command, wrong usage, and streams that are closed, full or unread."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.cli.parser import build, parse
from borgdesk.domain.version import VERSION
from tests.cli.lab import BorgDesk

_IMPORTED = """\
import sys
from borgdesk.__main__ import main
code = main(sys.argv[1:])
heavy = {name.partition(".")[0] for name in sys.modules} & {"sqlalchemy", "alembic", "PySide6", "PyQt6", "keyring"}
print(code, *sorted(heavy), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        ("--version", "0"),
        ("--help", "0"),
        ("repo add --help", "0"),
        ("script add x --timeout 0", "64"),
        ("", "2"),
        ("repo list", "0"),
        ("script list", "0 sqlalchemy"),
    ],
)
def test_what_is_imported(desk: BorgDesk, arguments: str, heavy: str) -> None:
    desk.here("repo", "list")  # creating a database needs Alembic
    argv = [sys.executable, "-c", _IMPORTED, *arguments.split()]
    done = subprocess.run(argv, env=desk.environment, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == heavy


def test_the_list_of_repositories_imports_nothing_that_only_runs_and_changes_need(desk: BorgDesk) -> None:
    program = """
import sys
from borgdesk.__main__ import main
code = main(sys.argv[1:])
ours = (name.split(".")[1:3] for name in sys.modules if name.startswith("borgdesk."))
print(code, sorted({name[1] for name in ours if name[0] == "engine" and len(name) > 1}))
"""
    argv = [sys.executable, "-c", program, "--json", "repo", "list"]
    done = subprocess.run(argv, env=desk.environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 ['workspace']"


def test_the_window_is_imported_without_the_store_and_the_parser() -> None:
    """It is painted first."""
    late = "{'sqlalchemy', 'borgdesk.engine.workspace', 'borgdesk.cli.parser'}"
    program = f"import sys, borgdesk.__main__, borgdesk.app; print({late} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_first_page_is_shown_without_the_other_pages_and_the_chores() -> None:
    late = (
        "{'borgdesk.gui.runs.history_page', 'borgdesk.gui.repositories.repositories_page', "
        "'borgdesk.engine.runs.restore_undo', 'borgdesk.engine.schedule.installation'}"
    )
    program = f"import sys, borgdesk.gui.shell.shell; print({late} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_pages_that_are_loaded_load_nothing_of_the_store_in_the_window_s_thread() -> None:
    program = """
import sys
from borgdesk.gui.shell.pages import import_late_pages
import_late_pages()
pages = ("repositories", "revisions", "scripts", "assignments", "runs", "history_list", "run_sizes", "executions",
         "schedules")
print([name for name in pages if f"borgdesk.store.{name}" not in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_draws_the_code_of_an_emergency_sheet_is_in_no_idle_window() -> None:
    program = (
        "import sys; from borgdesk.gui.shell.pages import import_late_pages; import_late_pages(); "
        "print('borgdesk.engine.repositories.emergency_sheet' in sys.modules, 'segno' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_the_sources_of_imported_modules_are_not_read_by_qt() -> None:
    """PySide6 would look for its name in each of them, and keep them in memory."""
    program = """
import linecache, sys
from borgdesk import __main__
sys.modules["borgdesk.app"] = type(sys)("borgdesk.app")
sys.modules["borgdesk.app"].main = lambda *_, **__: 0
__main__.main([])
import PySide6.QtWidgets, borgdesk.store.store
read = " ".join(linecache.cache)
print("PySide6.QtCore" in sys.modules, "QtWidgets" in read, "/sqlalchemy/" in read, "/store/" in read)
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True False False False\n"


def test_what_a_command_imports_is_never_looked_through_for_garbage(desk: BorgDesk) -> None:
    program = (
        "import gc, sys; from borgdesk.__main__ import main; code = main(); "
        "print(code, gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    argv = [sys.executable, "-c", program, "repo", "list"]
    done = subprocess.run(argv, env=desk.environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 True True"


@pytest.mark.parametrize("before", [[], ["--debug"], ["--json"], ["--json", "--debug"]])
def test_a_command_of_two_words_may_follow_options(before: list[str]) -> None:
    assert parse([*before, "restore", "list"]).command == "restore list"
    assert parse([*before, "restore", "undo", "3"]).restore == 3


def test_version(desk: BorgDesk) -> None:
    answer = desk("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"borgdesk {VERSION}\n", "")


def test_no_display(desk: BorgDesk) -> None:
    answer = desk()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("borgdesk: There is no display to open the window on.")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("script add F --timeout 0", "--timeout: A timeout of 0 s is not possible. It must be between 1 s and 7 days."),
        ("script edit S --timeout -1", "--timeout: A timeout of -1 s is not possible. It must be between 1 s and"),
        ("script test S --timeout soon", "--timeout: “soon” is not a whole number."),
        ("script add F --run-on never", "--run-on: “never” is not a condition. Use “always”, or a comma-separated"),
        ("script add F --run-on ,", "--run-on: “,” is not a condition"),
        ("script test S --hook x", "--hook: “x” is not possible. Use pre-backup, post-backup, post-run, pre-restore, "),
        ("script test S --param =1", "--param: "),
        ("assignment add R S --hook test", "--hook: “test” is not possible. Use pre-backup, post-backup, post-run, "),
        ("assignment add R S", "the following arguments are required: --hook"),
        ("assignment add R S --hook post-run --order 0", "--order: 0 is not possible. It must be at least 1."),
        ("assignment add R S --hook post-run --on-failure x", "“x” is not possible. Use stop, continue or skip."),
        ("assignment add R S --hook post-run --param A", "--param: “A” is not a parameter. Use NAME=VALUE."),
        ("assignment add R S --hook post-run --param PATH=x", "--param: PATH cannot be a parameter, because"),
        ("assignment add R S --hook post-run --secret a", "--secret: "),
        ("assignment edit 1 --enabled --disabled", "not allowed with argument --enabled"),
        ("plan R --outcome good", "--outcome: “good” is not possible. Use success, warning, failure, cancelled,"),
        ("history --status fine", "--status: “fine” is not possible. Use queued, running, success, warning, failure,"),
        ("history --limit 0", "--limit: 0 is not possible. It must be at least 1."),
        ("history show one", "RUN: “one” is not a whole number."),
        ("repo add N --source /s", "the following arguments are required: --location"),
        ("repo add N --location /l", "the following arguments are required: --source"),
        ("repo add N --location /l --source /s --init x", "--init: “x” is not an encryption mode. Use one of repokey"),
        ("repo add N --location /l --source /s --compression x", "--compression: “x” is not a valid compression."),
        ("repo add N --location /l --source /s --keep-daily 0", "--keep-daily: The number of archives must be at"),
        ("repo add N --location /l --source /s --keep-within 3", "--keep-within: “3” is not an interval"),
        ("repo add N --location /l --source /s --archive-name a/b", "--archive-name: "),
        ("repo edit R --clear name", "--clear: “name” is not possible. Use excludes, patterns,"),
        ("repo edit R --passphrase-stdin --passcommand c", "not allowed with argument --passphrase-stdin"),
        ("run", "the following arguments are required: REPO"),
        ("run R --quiet --verbose", "not allowed with argument -q/--quiet"),
        ("repo", "the following arguments are required: COMMAND"),
        ("repo lis", "invalid choice: 'lis'"),
        ("repo list --js", "unrecognized arguments: --js"),
        ("repo list more", "unrecognized arguments: more"),
        ("--json", "--json needs a command"),
        ("repo show \udcff", r"“\udcff”: These bytes are not text in this locale's encoding."),
        ("repo add N --location l --source /\udcff", r"“/\udcff”: These bytes are not text in this locale's encoding."),
    ],
)  # fmt: skip
def test_wrong_usage(line: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(line.split())
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (64, "")
    assert sentence in said.err
    assert said.err.splitlines()[-1].startswith("See “borgdesk")
    assert "<" not in said.err


def test_wrong_usage_ends_with_64_and_makes_nothing(desk: BorgDesk) -> None:
    answer = desk("script", "add", "no.sh", "--timeout", "0")
    assert answer.code == 64
    assert answer.said == [
        "borgdesk script add: --timeout: A timeout of 0 s is not possible. It must be between 1 s and 7 days.",
        "See “borgdesk script add --help”.",
    ]
    assert not desk.home.exists()


@pytest.mark.parametrize("before", [True, False])
def test_json_is_taken_before_and_after_every_command(before: bool) -> None:
    lines = (
        "repo list", "repo show R", "repo edit R", "repo remove R", "repo add N --location /l --source /s",
        "script list", "script add F", "script show S", "script edit S", "script remove S", "script test S",
        "assignment list R", "assignment add R S --hook post-run", "assignment edit 1", "assignment move 1 --order 1",
        "assignment remove 1", "plan R", "run R", "history", "history show 1", "recover", "demo",
    )  # fmt: skip
    for line in lines:
        words = ["--json", *line.split()] if before else [*line.split(), "--json"]
        assert parse(words).json, line
        assert not parse(line.split()).json, line


def _options(parser: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from _options(inner, f"{words} {name}")
        for option in action.option_strings:
            yield words, option


def test_the_reference_speaks_of_every_option() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for words, option in _options(build(), "borgdesk"):
        known = option.replace("--no-", "--") if option.startswith("--no-") else option
        assert f"`{known}" in text or f" {known}" in text, f"{words} {option}"
        assert words in text


def test_reading_only_the_beginning(shared: BorgDesk) -> None:
    answer = shared.shell("borgdesk history --json | head -c 1; echo ${PIPESTATUS[0]}")
    assert (answer.out, answer.err) == ("[0\n", "")


def test_streams_that_are_closed(shared: BorgDesk) -> None:
    answer = shared.shell(
        "borgdesk history >&-; echo $?; borgdesk history <&- >&- 2>&-; echo $?; borgdesk x 2>&-; echo $?"
    )
    assert (answer.out, answer.err) == ("0\n0\n64\n", "")


def test_standard_input_that_is_closed(shared: BorgDesk) -> None:
    answer = shared.shell("borgdesk assignment edit 1 --secret PASSWORD <&-")
    assert (answer.code, answer.said) == (
        2,
        ["borgdesk: Standard input ended before the value of PASSWORD. It must have one line per value."],
    )


def test_a_full_disk_is_said(shared: BorgDesk) -> None:
    answer = shared.shell("borgdesk history --json >/dev/full")
    assert (answer.code, answer.said) == (2, ["borgdesk: The output could not be written: No space left on device."])


def test_help_in_a_locale_without_quotation_marks(desk: BorgDesk) -> None:
    answer = desk("--help", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert answer.code == 0
    assert "\\u201chistory show RUN\\u201d" in answer.out


def test_debug_logs_what_is_decided(desk: BorgDesk) -> None:
    log = desk.home / "state" / "borgdesk.log"
    desk.ok("repo", "list")
    assert "DEBUG" not in log.read_text()
    desk.ok("--debug", "repo", "list")
    assert f"DEBUG borgdesk.engine.workspace: opened {desk.home}" in log.read_text()


def test_a_defect_in_a_runs_thread_is_a_sentence_and_a_failure(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Docs")
    broken = (
        "import sys\nfrom borgdesk.__main__ import main\nfrom borgdesk.engine.runs import recipe\n"
        "def broken(*_): raise RuntimeError('a defect of ours')\n"
        "recipe._turn = broken\nsys.exit(main(['run', 'Docs']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken], env=desk.environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"borgdesk: Docs: Unexpected error (RuntimeError: a defect of ours). Details are in "
        f"{desk.home / 'state' / 'borgdesk.log'}.\n"
    )
    assert "Traceback" in (desk.home / "state" / "borgdesk.log").read_text()
