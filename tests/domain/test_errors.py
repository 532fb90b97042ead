"""Messages of errors."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import BorgDeskError, CannotOpen, Changed, InvalidInput, Remedy


@pytest.mark.parametrize("kind", [BorgDeskError, InvalidInput, CannotOpen])
def test_the_message_is_what_is_shown(kind: type[BorgDeskError]) -> None:
    assert kind("The disk is full.").sentence == "The disk is full."


def test_what_two_writers_have_changed_is_named() -> None:
    refused = Changed("“Photos”", ["sources", "keep daily"])
    assert refused.sentence == (
        "“Photos” was changed by another program in the meantime: sources, keep daily. Nothing was saved."
    )
    assert refused.facts == ("sources", "keep daily")
    assert Changed("“Photos”").sentence == "“Photos” was changed by another program in the meantime. Nothing was saved."


def test_there_may_be_a_remedy() -> None:
    assert CannotOpen("It was moved.", Remedy.MOVED).remedy is Remedy.MOVED
    assert CannotOpen("It is damaged.").remedy is None
