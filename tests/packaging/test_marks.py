"""Every sentence shown to users is marked for translation, and ``_`` is the mark wherever it is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[2] / "borgdesk"
FILES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)

MARKS = {"_", "N_", "ngettext", "pgettext"}

SHOWN = {
    *("QLabel", "QPushButton", "QToolButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu"),
    *("addMenu", "show_message", "BannerButton", "setStatusTip", "setWhatsThis"),
    *("setText", "setToolTip", "setWindowTitle", "setTitle", "setPlaceholderText", "setAccessibleName", "setSuffix"),
    *("setAccessibleDescription", "setInformativeText", "addRow", "addTab", "addAction", "addButton", "setLabelText"),
}
"""Calls whose words are shown on screen, even single ones."""

FOR_PROGRAMMERS = {
    *("ValueError", "TypeError", "RuntimeError", "AssertionError", "KeyError", "NotImplementedError"),
    *("PermissionError", "FileNotFoundError"),
    *("execute", "executemany", "exec_driver_sql", "executescript", "ForeignKey"),
    *("compile", "encode", "split", "startswith", "removeprefix", "Thread"),
}
"""Calls whose words are never shown in the window or the terminal, by the name of what is called."""

LOGS = {"line", "say"}
"""Calls in the engine that write to the log of a run or its guardian, which programs read."""

COMMAND = r"^(archive|import|repo|restore|script|key|passphrase|history) [\w-]+$"
SQL = r"^\s*\(?(PRAGMA|CREATE|INSERT|SELECT|UPDATE|DELETE)|^folder \{\}|WHERE item|^item\.name|^\{\} AND "
SQL += r"|\bin_words\(|\b(WHERE|AND|ORDER BY|IN|LEFT JOIN|IS (NOT )?NULL) "
"""Every file of the store may have it."""
NOT_SHOWN = {
    "engine/borg_calls/getting_borg.py": "^(sudo|nix-env) ",  # commands
    "engine/git/command.py": "^(GIT_ALLOW_PROTOCOL|ssh -o|terminal prompts|could not read) ?",  # not ours
    "engine/git/library.py": "# BorgDesk, while it writes",  # in a file of git
    "engine/git/pull.py": "^couldn't find remote ref$|^pull: Fast-forward$",  # git's words
    "engine/git/push.py": "^fetch first$",  # git's words
    "engine/packs/marks.py": "^(sudo|rm|curl|eval) ",  # commands
    "engine/services/databases.py": r"^SELECT datname|^SHOW DATABASES",
    "borg/by_hand.py": "^(borg|sudo|mkdir|export) ",  # to be typed in a shell
    "borg/command.py": COMMAND,
    "borg/connection.py": ".",  # ssh's messages
    "borg/key_file.py": "^BORG PAPER KEY v1$",  # Borg's heading
    "borg/pruning.py": "^Retention has checked it$",
    "borg/replies.py": "^it is not an object$",
    "borg/result.py": "^(Got Ctrl-C|Keyboard interrupt|No space left|stdio connection)",  # Borg's messages
    "cli/archive_arguments.py": COMMAND,
    "cli/archive_changes.py": COMMAND,
    "cli/demo.py": "^BorgDesk demo$|^{} history show {}$",
    "cli/differences.py": COMMAND,
    "cli/history.py": COMMAND,
    "cli/imports.py": COMMAND,
    "cli/keys.py": COMMAND,
    "cli/main.py": COMMAND,
    "cli/parser.py": COMMAND,
    "cli/progress.py": "^Traceback ",
    "cli/remedies.py": COMMAND,
    "cli/restores.py": COMMAND,
    "cli/script_test.py": COMMAND,
    "cli/words.py": "^timed out$",  # a status, as the options name it
    "engine/archives/mounts.py": "^no FUSE support$",  # Borg's message
    "engine/desktop/autostart.py": "^.Desktop Entry",  # compared with the existing file
    "engine/processes/child.py": "^timed out$",
    "engine/processes/file_probe_program.py": "^Permission denied$",  # the system's message
    "engine/processes/self_start.py": "^import sys",
    "engine/repositories/emergency_sheet.py": "^import sys|^<",  # a program, and HTML without text
    "engine/repositories/passphrases.py": "^next passphrase$|^passphrase of {}$",  # names in the keyring and of a lock
    "engine/repositories/queue.py": "^whoever has the lock$",  # logged
    "engine/runs/demo.py": "photo server|^#!|^Report trouble$|^Says what went wrong",  # the demo's scripts
    "engine/runs/retention.py": "^(Pruning|Deleting) archive$",  # Borg's messages
    "engine/runs/run_log_reader.py": "^: not run: $",
    "engine/runs/run_report.py": ".",  # in English, like the report of the program
    "engine/runs/shared_execution.py": "^(is stopping|has stopped|failed to stop|is starting) it",  # logged
    "engine/schedule/unit_texts.py": r"^# Written|^\{head\}",  # compared with the existing files
    "engine/schedule/units.py": "^Failed to connect to bus$",  # systemd's message
    "engine/scripts/checks.py": "^import sys|^end of document$",  # Python's messages
    "engine/servers/host_keys.py": "^(HOST IDENT|REVOKED HOST|Host key verification failed$)",  # ssh's messages
    "engine/servers/ssh_keys.py": "^no comment$",  # ssh-keygen's message
    "gui/editor/languages.py": ".",  # QScintilla's style names
    "gui/look/chapters.py": ".",  # headings of the documentation
    "gui/repositories/passphrase_entry.py": "^pass show",
    "gui/runs/run_search.py": "^Something else is wanted",
    "gui/scripts/script_text.py": "^#!",
    "gui/shell/report.py": ".",  # for developers
    "gui/workers/qt_types.py": r"^Q\w+ ",  # names of classes
    "logs.py": ".",
    "store/connections.py": "^The search stopped there",
    "store/differences.py": "^a change has impossible values$",  # logged
    "store/exposure.py": "^ch(mod|own) ",
}
"""By file: texts that look like sentences but are never shown."""


def looks_like_a_sentence(text: str) -> bool:
    return re.search(r"[A-Za-z]{2,}[,;:.]? [a-zA-Z“{]{2,}", text) is not None


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return str(getattr(node.func, "id", getattr(node.func, "attr", "")))


def is_logging(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "_log"
    )


def unmarked(node: ast.AST, relative: str, *, shown: bool = False) -> Iterator[tuple[int, str]]:
    """Yield line and text of each literal below *node* that users may see untranslated."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    name = called(node)
    if name in MARKS or is_logging(node):
        return
    if name in FOR_PROGRAMMERS or (name in LOGS and relative.startswith("engine/")):
        return
    text = text_of(node)
    if text is not None:
        if looks_like_a_sentence(text) or (shown and re.search("[A-Z][a-z]|[a-z]{2} ", text)):
            yield getattr(node, "lineno", 0), text
        return
    for child in ast.iter_child_nodes(node):
        yield from unmarked(child, relative, shown=name in SHOWN and child in getattr(node, "args", ()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_is_marked(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    patterns = [NOT_SHOWN.get(relative), SQL if relative.startswith("store/") else None]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        f"{relative}:{line}: {text}"
        for line, text in unmarked(tree, relative)
        if not any(pattern and re.search(pattern, text) for pattern in patterns)
    ]
    assert found == []


def test_nothing_is_allowed_in_vain() -> None:
    assert [name for name in NOT_SHOWN if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    "code",
    [
        'raise NotFound("There is no such script.")',
        'raise NotFound(f"There is no script {name}.")',
        'label.setText("Ready")',
        'print("Nothing was done.")',
        'parser.add_argument("--name", help="its new name")',
    ],
)
def test_a_sentence_without_a_mark_is_found(code: str) -> None:
    assert list(unmarked(ast.parse(code), "gui/some.py"))


def raw_quotes(node: ast.AST, relative: str) -> Iterator[int]:
    """Yield lines that put a value between English quotation marks, which other languages write differently."""
    if called(node) in MARKS or is_logging(node) or (called(node) in LOGS and relative.startswith("engine/")):
        return
    if isinstance(node, ast.JoinedStr) and re.search("“{}|{}”", text_of(node) or ""):
        yield node.lineno
    for child in ast.iter_child_nodes(node):
        yield from raw_quotes(child, relative)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_quoted_as_the_language_does(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    assert list(raw_quotes(ast.parse(path.read_text(encoding="utf-8")), relative)) == []


def test_english_quotation_marks_are_found() -> None:
    assert list(raw_quotes(ast.parse('what = f"“{name}”"'), "gui/some.py")) == [1]
    assert list(raw_quotes(ast.parse('what = _("“{name}”")'), "gui/some.py")) == []


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def own_nodes(scope: ast.AST) -> tuple[list[ast.AST], list[ast.AST]]:
    """Return the nodes of a scope itself, and the functions in it."""
    own: list[ast.AST] = []
    inner: list[ast.AST] = []
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, SCOPES):
            inner.append(node)
        else:
            own.append(node)
            waiting += ast.iter_child_nodes(node)
    return own, inner


def calls_of_another_mark(scope: ast.AST, *, bound: bool = False) -> Iterator[int]:
    """Yield lines that call ``_`` where a loop, an assignment or a parameter has redefined that name."""
    own, inner = own_nodes(scope)
    bound = bound or any(
        (isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.arg) and node.arg == "_")
        for node in own
    )
    for node in own:
        if bound and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node.lineno
    for one in inner:
        yield from calls_of_another_mark(one, bound=bound)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_else_is_called_like_the_mark(path: Path) -> None:
    assert list(calls_of_another_mark(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ('def f():\n    for _ in x:\n        _("a")', [3]),
        ('def f(_):\n    return _("a")', [2]),
        ('def f():\n    _, b = g()\n    return lambda: _("a")', [3]),
        ('def f():\n    return map(lambda _: 1, _("a"))', []),
        ('def f():\n    return _("a")', []),
    ],
)
def test_another_meaning_of_the_mark_is_found(code: str, lines: list[int]) -> None:
    assert list(calls_of_another_mark(ast.parse(code))) == lines


def wrong_values(tree: ast.AST) -> Iterator[str]:
    """Yield marked sentences whose placeholders differ from the arguments of ``format``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
            continue
        mark = node.func.value
        if called(mark) not in MARKS or not isinstance(mark, ast.Call):
            continue
        texts = [text for argument in mark.args if (text := text_of(argument)) is not None]
        wanted = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}
        given = {keyword.arg for keyword in node.keywords}
        if texts and (wanted != given or node.args):
            yield f"{node.lineno}: {texts} wants {sorted(wanted)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_placeholder_has_its_value(path: Path) -> None:
    assert list(wrong_values(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ('_("{a} and {b}").format(a=1, b=2)', False),
        ('_("{a} and {b}").format(a=1)', True),
        ('_("{a}").format(a=1, b=2)', True),
        ('_("{}").format(1)', True),
        ('ngettext("one", "{count}", n).format(count=n)', False),
    ],
)
def test_a_placeholder_without_a_value_is_found(code: str, wrong: bool) -> None:
    assert bool(list(wrong_values(ast.parse(code)))) is wrong


def raw_lanes(tree: ast.AST) -> Iterator[int]:
    """Yield lines of texts with the value of a lane, such as ``pre-backup``, in place of its title."""
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.FormattedValue):
            values = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            values = [keyword.value for keyword in node.keywords]
        for value in values:
            if "hook" in (getattr(value, "attr", ""), getattr(value, "id", "")):
                yield value.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_lanes_are_called_by_their_titles(path: Path) -> None:
    assert list(raw_lanes(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("code", ['_("in {hook}").format(hook=one.hook)', '_("{a}").format(a=hook)', 'f"({one.hook})"'])
def test_the_raw_value_of_a_lane_is_found(code: str) -> None:
    assert list(raw_lanes(ast.parse(code))) == [1]
