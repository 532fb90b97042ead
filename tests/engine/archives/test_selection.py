"""What is selected for a restore, from a listing in the cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.engine.archives import selection
from borgdesk.engine.archives.listings import kept_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection, is_inside
from borgdesk.store.listing_writer import Item
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk

FILE, FOLDER, LINK = 0o100644, 0o40755, 0o120777
LINKED: list[Item] = [
    ("home", LINK, 0, 0, "elsewhere"), ("home/ann/one", FILE, 1, 0, ""), ("var", LINK, 0, 0, "elsewhere"),
    ("var/two", FILE, 2, 0, ""), ("three", FILE, 4, 0, ""),
]  # fmt: skip


@contextmanager
def selected(desk: Desk, items: list[Item], *paths: str, folder: Path | None = None) -> Iterator[Selection]:
    archive = listed(desk.workspace, *items)
    listing = kept_listing(desk.workspace, archive)
    assert listing is not None
    with listing:
        yield Selection(listing, archive, RestoreRequest(paths, folder))


def test_folders_that_are_only_parts_of_paths_are_on_the_way(desk: Desk) -> None:
    items: list[Item] = [
        ("home/ann/one", FILE, 1, 0, ""), ("home/bob", FOLDER, 0, 0, ""), ("home/bob/own/two", FILE, 2, 0, ""),
    ]  # fmt: skip
    with selected(desk, items, "home") as found:
        assert sorted(one.path for one in found.on_the_way()) == ["home", "home/ann"]
        assert found.amount()[1] == 3
    with selected(desk, items, "home/ann/one", "home/ann") as found:
        assert [one.path for one in found.entries] == ["home/ann"]
        assert [one.path for one in found.items()][-1] == "home/ann/one"


def test_links_with_items_below_them_are_known(desk: Desk) -> None:
    with selected(desk, LINKED) as found:
        assert sorted(found.through) == ["home", "var"]
    with selected(desk, LINKED, "var", "three") as found:
        assert found.through == ["var"]
    with selected(desk, LINKED, "three") as found:
        assert found.through == []


@pytest.mark.parametrize("most", [1, 2])
def test_too_many_of_them_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(selection, "_MOST_LINKS", most)
    if most == 2:
        with selected(desk, LINKED) as found:
            assert len(found.through) == 2
        return
    with pytest.raises(InvalidInput, match="leads out of the folder"), selected(desk, LINKED):
        pass


def test_a_path_that_leads_out_is_refused_where_it_is_selected(desk: Desk) -> None:
    items: list[Item] = [("good/one", FILE, 1, 0, ""), ("bad/../../two", FILE, 1, 0, "")]
    with selected(desk, items, "good") as found:
        assert found.paths == ["good"]
    with pytest.raises(InvalidInput, match=r"its path “bad/\.\.” leads out of the folder"), selected(desk, items):
        pass


def test_every_path_that_leads_out_counts(desk: Desk) -> None:
    items: list[Item] = [(f"{name}/../../two", FILE, 1, 0, "") for name in ("a", "b", "c")]
    for name in ("a", "b", "c"):
        with pytest.raises(InvalidInput, match="leads out of the folder"), selected(desk, items, name):
            pass


def test_nothing_is_no_selection(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="is empty"), selected(desk, []):
        pass
    with pytest.raises(NotFound), selected(desk, LINKED, "gone"):
        pass


def test_in_a_folder_what_all_have_in_common_is_left_away(desk: Desk) -> None:
    out = desk.file("out")
    items: list[Item] = [("a/b/one", FILE, 1, 0, ""), ("a/c/two", FILE, 1, 0, "")]
    with selected(desk, items, "a/b/one", "a/c/two", folder=out) as found:
        assert [found.place_of(one) for one in found.entries] == [out / "b" / "one", out / "c" / "two"]
    with selected(desk, items, "a/b/one") as found:
        assert [found.place_of(one) for one in found.entries] == [Path(os.sep, "a/b/one")]


def test_inside_means_whole_names() -> None:
    assert is_inside("/a", "/a")
    assert is_inside("/a/b", "/a/")
    assert is_inside("/a", "/")
    assert not is_inside("/ab", "/a")
    assert not is_inside("/", "/a")
