"""Definitions of the editor's commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from borgdesk.gui.editor.actions import Command
from borgdesk.gui.editor.binding import Qsci
from borgdesk.gui.editor.completion import Completion
from borgdesk.gui.editor.finder import Finder
from borgdesk.gui.editor.surface import Surface
from borgdesk.gui.editor.text_edits import toggle_comment
from borgdesk.translation import _

_S = Qsci.QsciScintilla


class GoToFinding(Protocol):
    """Function that goes to the next or the previous finding."""

    def __call__(self, *, backward: bool = False) -> None: ...


def editing_commands(surface: Surface, completion: Completion, comment: Callable[[], str]) -> list[Command]:
    """Return the commands for undo, clipboard, comments and completion; ``comment`` returns the comment sign."""
    return [
        Command("undo", _("&Undo"), ("Ctrl+Z",), surface.undo, "edit-undo", needs_writing=True),
        Command("redo", _("&Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), surface.redo, "edit-redo", needs_writing=True),
        Command("cut", _("Cu&t"), ("Ctrl+X",), surface.cut, "edit-cut", needs_writing=True),
        Command("copy", _("&Copy"), ("Ctrl+C",), surface.copy, "edit-copy"),
        Command("paste", _("&Paste"), ("Ctrl+V",), surface.paste, "edit-paste", needs_writing=True),
        Command("all", _("Select &all"), ("Ctrl+A",), surface.selectAll, "edit-select-all"),
        Command("occurrence", _("Select next &occurrence"), ("Ctrl+D",), partial(_select_occurrence, surface)),
        Command(
            "comment",
            _("To&ggle comment"),
            ("Ctrl+/",),
            lambda: toggle_comment(surface, comment()),
            needs_writing=True,
        ),
        Command("complete", _("Co&mplete"), ("Ctrl+Space",), completion.offer, needs_writing=True),
    ]


def finding_commands(finder: Finder, ask_line: Callable[[], None], to_finding: GoToFinding) -> list[Command]:
    """Return the commands that go to another place in the text."""
    open_find = partial(finder.open, replace=False)
    open_replace = partial(finder.open, replace=True)
    return [
        Command("find", _("&Find…"), ("Ctrl+F",), open_find, "edit-find", everywhere=True),
        Command("replace", _("R&eplace…"), ("Ctrl+H",), open_replace, "edit-find-replace", everywhere=True),
        Command("next", _("Find &next"), ("F3",), partial(finder.again, backward=False), everywhere=True),
        Command("previous", _("Find pre&vious"), ("Shift+F3",), partial(finder.again, backward=True), everywhere=True),
        Command("line", _("Go to &line…"), ("Ctrl+G",), ask_line, "go-jump", everywhere=True),
        Command("finding", _("Ne&xt finding"), ("F8",), to_finding),
        Command("finding_before", _("Previous fin&ding"), ("Shift+F8",), partial(to_finding, backward=True)),
    ]


def view_commands(surface: Surface) -> list[Command]:
    """Return the commands for folds, white space and zoom."""
    return [
        Command("folds", _("Fold or unfold all"), ("Ctrl+Shift+-",), surface.foldAll),
        Command("whitespace", _("Show &white space"), ("Ctrl+Shift+W",), partial(_toggle_whitespace, surface)),
        Command("in", _("Zoom &in"), ("Ctrl++", "Ctrl+="), surface.zoomIn, "zoom-in"),
        Command("out", _("Zoom o&ut"), ("Ctrl+-",), surface.zoomOut, "zoom-out"),
        Command("normal", _("Reset &zoom"), ("Ctrl+0",), partial(surface.zoomTo, 0), "zoom-original"),
    ]


def _select_occurrence(surface: Surface) -> None:
    """Select the word at the caret, or if it is selected also its next occurrence."""
    surface.SendScintilla(_S.SCI_TARGETWHOLEDOCUMENT)
    surface.SendScintilla(_S.SCI_SETSEARCHFLAGS, _S.SCFIND_MATCHCASE)
    surface.SendScintilla(_S.SCI_MULTIPLESELECTADDNEXT)
    surface.SendScintilla(_S.SCI_SCROLLCARET)


def _toggle_whitespace(surface: Surface) -> None:
    shown = surface.whitespaceVisibility() != _S.WhitespaceVisibility.WsInvisible
    mode = _S.WhitespaceVisibility.WsInvisible if shown else _S.WhitespaceVisibility.WsVisible
    surface.setWhitespaceVisibility(mode)
