"""What is cached of archives: how much of it, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.engine.archives import differences, listings
from borgdesk.engine.archives.archive_list import Reader
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.archives.listings import listing_file, read_listing
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk


@pytest.fixture
def trimmed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Collection[Path]]]:
    """Provide the limits of the cache, with the files that are kept in any case, as they are applied."""
    found: list[tuple[int, Collection[Path]]] = []
    for module in (listings, differences):
        monkeypatch.setattr(module, "trim", lambda _folder, budget, kept: found.append((budget, kept)))
    return found


def test_listings_have_two_gibibytes(desk: Desk, trimmed: list[tuple[int, Collection[Path]]]) -> None:
    archive = listed(desk.workspace)

    def ask(take: Callable[[bytes], None]) -> None:
        take(b"")

    read_listing(desk.workspace, desk.repository, archive, ask).close()
    file = listing_file(desk.workspace, archive)
    assert trimmed == [(2_147_483_648, (file, file))]


def test_differences_have_half_a_gibibyte_and_each_its_file(
    desk: Desk, trimmed: list[tuple[int, Collection[Path]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = listed(desk.workspace)
    second = replace(first, id="c" * 64)
    monkeypatch.setattr(Reader, "confirm", lambda *_: None)
    for path in ("", "a", "b"):
        desk.play(diff={})
        difference_of(desk.workspace, desk.repository, first, second, path).close()
    assert [budget for budget, _ in trimmed] == [536_870_912] * 3
    assert len({file for _, kept in trimmed for file in kept}) == 3
