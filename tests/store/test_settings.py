from __future__ import annotations

from pathlib import Path

from borgdesk.domain.settings import CLOSE_TO_TRAY, COLOURS, EDITOR_TAB_WIDTH, Values
from borgdesk.paths import Paths
from borgdesk.store.store import Store


def test_what_was_set_is_known_to_the_next_program(store: Store) -> None:
    assert store.settings.read() == Values()
    store.settings.set(COLOURS, "dark")
    assert store.settings.latest[COLOURS] == "dark"
    again = Store(store._paths)
    again.open()
    assert again.settings.latest == Values({"window.colours": "dark"})
    again.close()


def test_two_programs_do_not_overwrite_each_others_settings(store: Store) -> None:
    other = Store(store._paths)
    other.open()
    store.settings.set(COLOURS, "dark")
    other.settings.set(CLOSE_TO_TRAY, False)
    store.settings.set(EDITOR_TAB_WIDTH, 2)
    wanted = {"window.colours": "dark", "window.close-to-tray": False, "editor.tab-width": 2}
    assert store.settings.read().given() == other.settings.read().given() == wanted
    other.close()


def test_what_is_reset_has_its_default_again_and_other_facts_stay(store: Store) -> None:
    store.key_values.set("settings", "another fact")
    store.settings.set(COLOURS, "dark")
    store.settings.reset(COLOURS)
    assert store.settings.latest[COLOURS] == "system"
    assert store.settings.latest.given() == {}
    assert store.key_values.get("settings") == "another fact"


def test_what_an_other_version_stored_is_ignored(store: Store, tmp_path: Path) -> None:
    assert isinstance(store._paths, Paths)
    store.key_values.set("setting.window.colours", ["dark"])
    store.key_values.set("setting.of.the.future", "x")
    assert store.settings.read() == Values()
