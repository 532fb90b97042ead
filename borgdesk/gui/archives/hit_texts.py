"""Texts of search results."""

from __future__ import annotations

from borgdesk.engine.archives.search import Hit
from borgdesk.gui.look import words
from borgdesk.store.listings import Entry
from borgdesk.translation import ngettext


def hit_tip(hit: Hit) -> str:
    """Return the tool tip: the path, and the number of archives that have it."""
    path = "/" + words.file_name(hit.entry.path)
    many = ngettext("in {count} archive", "in {count} archives", hit.archives).format(count=words.number(hit.archives))
    return words.tooltip(f"{path}\n{many}")


def modified(entry: Entry) -> str:
    """Return when an item was modified; "" if that is not known."""
    return words.moment(entry.modified) if entry.modified else ""
