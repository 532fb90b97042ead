from __future__ import annotations

import pytest

from borgdesk.store.store import Store


@pytest.mark.parametrize("value", [1, "text", True, None, 2.5, ["a", {"b": [1]}], {"ä": "\ud800"}])
def test_a_json_value_comes_back_as_it_was(store: Store, value: object) -> None:
    store.settings.set("key", value)
    assert store.settings.get("key", "default") == value


def test_a_setting_that_was_never_made_has_the_default(store: Store) -> None:
    assert store.settings.get("key") is None
    assert store.settings.get("key", 7) == 7


def test_a_setting_replaces_the_older_one(store: Store) -> None:
    store.settings.set("key", {"a": 1})
    store.settings.set("key", {"b": 2})
    assert store.settings.get("key") == {"b": 2}
