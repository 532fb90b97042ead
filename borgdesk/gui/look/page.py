"""Base class of the pages in the main window."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """A page of the main window. The default implementations suit a page that has no use for a call."""

    def refresh(self) -> None:
        """Show what is stored now: the user asked for it, or returned to the page."""

    def show_start(self) -> None:
        """Return to the page's start, because the user chose the page by its name."""

    def focus_search(self) -> None:
        """Focus the search field."""

    def focus_content(self) -> None:
        """Focus the main content of the page."""

    def has_unsaved(self) -> bool:
        """Return whether the page has unsaved changes."""
        return False

    def can_leave(self) -> bool:
        """Return whether the page has no unsaved changes, or the user, who is asked, agrees to leave them."""
        return True

    def lost_at_end(self) -> str:
        """Return the name of what would be lost if the program ended without a question; empty if nothing would."""
        return ""
