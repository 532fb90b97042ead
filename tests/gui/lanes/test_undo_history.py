"""Undo history of the lanes."""

from __future__ import annotations

from borgdesk.gui.lanes.undo_history import Change, ChangeHistory


def change(text: str) -> Change:
    return Change(text, (), ())


def names(history: ChangeHistory) -> tuple[str | None, str | None]:
    undo, redo = history.to_undo, history.to_redo
    return undo.text if undo else None, redo.text if redo else None


def test_back_and_forth() -> None:
    history = ChangeHistory()
    assert names(history) == (None, None)
    history.add(change("one"))
    history.add(change("two"))
    assert names(history) == ("two", None)
    history.undone()
    assert names(history) == ("one", "two")
    history.undone()
    assert names(history) == (None, "one")
    history.redone()
    assert names(history) == ("one", "two")
    history.add(change("three"))
    assert names(history) == ("three", None), "what had been taken back is forgotten"
    history.clear()
    assert names(history) == (None, None)


def test_a_hundred_steps_are_kept() -> None:
    history = ChangeHistory()
    for number in range(101):
        history.add(change(str(number)))
    for _ in range(99):
        history.undone()
    assert names(history) == ("1", "2")
    history.undone()
    assert names(history) == (None, "1"), "the oldest step is forgotten"
