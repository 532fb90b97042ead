from __future__ import annotations

import pytest

from borgdesk.store.store import Store


@pytest.mark.parametrize("value", [1, "text", True, None, 2.5, ["a", {"b": [1]}], {"ä": "\ud800"}])
def test_a_json_value_comes_back_as_it_was(store: Store, value: object) -> None:
    store.key_values.set("key", value)
    assert store.key_values.get("key", "default") == value


def test_a_key_that_was_never_set_has_the_default(store: Store) -> None:
    assert store.key_values.get("key") is None
    assert store.key_values.get("key", 7) == 7


def test_a_value_replaces_the_older_one(store: Store) -> None:
    store.key_values.set("key", {"a": 1})
    store.key_values.set("key", {"b": 2})
    assert store.key_values.get("key") == {"b": 2}
