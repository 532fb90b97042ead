from __future__ import annotations

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.history import Run
from borgdesk.store.run_filters import Conditions
from borgdesk.store.store import Store


def found(store: Store, text: str) -> list[Run]:
    return store.runs.find(Conditions(search=text), limit=10)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("DOCUMENT", True), ("uments", True), ("Documents ", False), ("Doc%", False), ("Doc_ments", False)],
)
def test_what_is_looked_for_stands_there_in_any_case_and_is_no_pattern(
    store: Store, armed: Run, text: str, *, is_found: bool
) -> None:
    assert [run.id for run in found(store, text)] == ([armed.id] if is_found else [])


@pytest.mark.usefixtures("armed")
@pytest.mark.parametrize("character", ["x", "%", "\N{FACE WITH TEARS OF JOY}"])
def test_as_much_as_the_database_takes_is_looked_for(store: Store, character: str) -> None:
    assert found(store, 5000 * character) == []
    with pytest.raises(InvalidInput, match=r"^The search text is too long. The limit is 5,000 characters.$"):
        found(store, 5001 * character)
