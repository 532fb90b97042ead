"""The settings of BorgDesk in the window: always those that are stored, whoever changed them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.settings import Setting, V, Values
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.gui.workers.store_watcher import StoreWatcher

_Change = tuple[Callable[[], object], Callable[[], object], Callable[[str], object] | None]
"""Stores a change; is called when that is done; is called with a sentence if it was refused."""


class LiveSettings(QObject):
    """Follows the store. A change counts at once, and is taken back if it cannot be stored."""

    changed = Signal()
    """Some values are different now."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._values = workspace.store.settings.latest
        self._waiting: deque[_Change] = deque()
        """Changes that are not stored yet, in order; the first one is being stored."""
        watcher = StoreWatcher(workspace.store.database, background, self)
        watcher.changed.connect(self.reload)
        watcher.start()

    @property
    def values(self) -> Values:
        """The values that were last read."""
        return self._values

    def change(
        self,
        setting: Setting[V],
        value: V,
        done: Callable[[], object] = lambda: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Change a setting. *failed* gets a sentence if that was refused; the old value counts again then."""
        if self._values[setting] != value:
            self._show(Values({**self._values.given(), setting.key: value}))
            self._waiting.append((lambda: _change(self._workspace, setting, value), done, failed))
            if len(self._waiting) == 1:
                self._store_next()

    def adopt(self, values: dict[str, Any]) -> None:
        """Store values of an older version, by key, unless the same settings have been set since."""

        def store() -> Values:
            settings = self._workspace.store.settings
            known = settings.read().given()
            new = {key: value for key, value in Values(values).given().items() if key not in known}
            if new:
                settings.set_all(new)
            return settings.latest

        self._show(Values({**values, **self._values.given()}))
        self._background.ask(store, self._take, owner=self)

    def reload(self) -> None:
        """Read the settings again."""
        self._background.ask(self._workspace.store.settings.read, self._take, leave_untold, self)

    def _store_next(self) -> None:
        store, done, failed = self._waiting[0]

        def finish() -> None:
            self._waiting.popleft()
            self._take(self._workspace.store.settings.latest)
            if self._waiting:
                self._store_next()

        def on_stored(_: object) -> None:
            finish()
            done()

        def on_failed(error: BorgDeskError) -> None:
            finish()
            (failed or self._background.problem_met.emit)(error.sentence)

        self._background.ask(store, on_stored, on_failed, self)

    def _take(self, values: Values) -> None:
        """Show what was read, unless changes are under way that it does not contain."""
        if not self._waiting:
            self._show(values)

    def _show(self, values: Values) -> None:
        if values != self._values:
            self._values = values
            self.changed.emit()


def _change(workspace: Workspace, setting: Setting[V], value: V) -> None:
    # Imported here: the first content need not wait for what calls Borg, to try another program.
    from borgdesk.engine.settings.changing import change

    change(workspace, setting, value)
