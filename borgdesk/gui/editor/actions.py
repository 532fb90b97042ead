"""Actions of the editor, for its key bindings and its context menu.

The keys are not registered as Qt shortcuts: a window that also has Ctrl+S or Ctrl+F would make them ambiguous, and
neither would work. The focused editor claims them (ShortcutOverride) and looks them up here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from borgdesk.gui.look import icons

_MENU = (
    ("undo", "redo"),
    ("cut", "copy", "paste", "all"),
    ("comment", "occurrence", "complete"),
    ("find", "replace", "line", "finding"),
    ("whitespace", "folds", "in", "out", "normal"),
)
"""Names of commands in the context menu."""

_KEYPAD = Qt.KeyboardModifier.KeypadModifier.value
_SHIFT = Qt.KeyboardModifier.ShiftModifier.value


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its label, its keys (the first is shown), and its function."""

    name: str
    """Internal name, not shown."""
    text: str
    keys: tuple[str, ...]
    run: Callable[[], object]
    icon: str = ""
    everywhere: bool = False
    """Whether the keys also work while the find bar has the focus."""
    needs_writing: bool = False
    """Whether the command is disabled in a read-only text."""


class Actions(QObject):
    """The commands of one editor."""

    def __init__(self, commands: list[Command], parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._by_key: dict[int, QAction] = {}
        self._everywhere: set[QAction] = set()
        self._writing: list[QAction] = []
        for command in commands:
            self._add(command)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def action_for(self, key: int, *, everywhere: bool = False) -> QAction | None:
        """Return the action of a key code with modifiers, with ``everywhere`` only if it works outside the text."""
        action = None
        for code in _same_keys(key):
            action = action or self._by_key.get(code)
        if action is None or not action.isEnabled() or (everywhere and action not in self._everywhere):
            return None
        return action

    def set_writable(self, *, writable: bool) -> None:
        """Enable or disable the commands that change the text."""
        for action in self._writing:
            action.setEnabled(writable)

    def fill(self, menu: QMenu) -> None:
        """Add the commands to a context menu, in groups."""
        for group in _MENU:
            if not menu.isEmpty():
                menu.addSeparator()
            for name in group:
                menu.addAction(self._actions[name])

    def _add(self, command: Command) -> None:
        action = QAction(command.text, self)
        if command.icon:
            action.setIcon(icons.icon(command.icon))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.triggered.connect(lambda _checked: command.run())
        self._actions[command.name] = action
        for key in command.keys:
            self._by_key[_code(key)] = action
        if command.everywhere:
            self._everywhere.add(action)
        if command.needs_writing:
            self._writing.append(action)


def _code(keys: str) -> int:
    first: QKeyCombination = QKeySequence(keys)[0]  # type: ignore[index] # PySide6's stubs lack __getitem__
    return first.toCombined()


def _same_keys(key: int) -> list[int]:
    """Return the codes under which a key may be listed: keypad as main keys, and Shift optional for signs."""
    plain = key & ~_KEYPAD
    codes = [plain]
    sign = QKeyCombination.fromCombined(plain).key().value
    if sign < 0x7F and not chr(sign).isalnum():
        codes.append(plain & ~_SHIFT)
    return codes
