"""What the editor can be told by key or menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import QCoreApplication

from borgdesk.gui.widgets.script_editor.actions import Command
from borgdesk.gui.widgets.script_editor.binding import Qsci
from borgdesk.gui.widgets.script_editor.completion import Completion
from borgdesk.gui.widgets.script_editor.editing import toggle_comment
from borgdesk.gui.widgets.script_editor.finder import Finder
from borgdesk.gui.widgets.script_editor.surface import Surface

_S = Qsci.QsciScintilla


class GoToFinding(Protocol):
    """Goes to the next finding, or the one before."""

    def __call__(self, *, backward: bool = False) -> None: ...


def editing_commands(surface: Surface, completion: Completion, comment: Callable[[], str]) -> list[Command]:
    """Undo, clipboard, comments, completion; ``comment`` tells the language's comment sign."""
    return [
        Command("undo", _tr("&Undo"), ("Ctrl+Z",), surface.undo, "edit-undo", needs_writing=True),
        Command("redo", _tr("&Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), surface.redo, "edit-redo", needs_writing=True),
        Command("cut", _tr("Cu&t"), ("Ctrl+X",), surface.cut, "edit-cut", needs_writing=True),
        Command("copy", _tr("&Copy"), ("Ctrl+C",), surface.copy, "edit-copy"),
        Command("paste", _tr("&Paste"), ("Ctrl+V",), surface.paste, "edit-paste", needs_writing=True),
        Command("all", _tr("Select &all"), ("Ctrl+A",), surface.selectAll, "edit-select-all"),
        Command("occurrence", _tr("Select next &occurrence"), ("Ctrl+D",), partial(_select_occurrence, surface)),
        Command(
            "comment",
            _tr("To&ggle comment"),
            ("Ctrl+/",),
            lambda: toggle_comment(surface, comment()),
            needs_writing=True,
        ),
        Command("complete", _tr("Co&mplete"), ("Ctrl+Space",), completion.offer, needs_writing=True),
    ]


def finding_commands(finder: Finder, ask_line: Callable[[], None], to_finding: GoToFinding) -> list[Command]:
    """Everything that goes to another place in the text."""
    open_find = partial(finder.open, replace=False)
    open_replace = partial(finder.open, replace=True)
    return [
        Command("find", _tr("&Find…"), ("Ctrl+F",), open_find, "edit-find", everywhere=True),
        Command("replace", _tr("R&eplace…"), ("Ctrl+H",), open_replace, "edit-find-replace", everywhere=True),
        Command("next", _tr("Find &next"), ("F3",), partial(finder.again, backward=False), everywhere=True),
        Command(
            "previous", _tr("Find pre&vious"), ("Shift+F3",), partial(finder.again, backward=True), everywhere=True
        ),
        Command("line", _tr("Go to &line…"), ("Ctrl+G",), ask_line, "go-jump", everywhere=True),
        Command("finding", _tr("Ne&xt finding"), ("F8",), to_finding),
        Command("finding_before", _tr("Previous fin&ding"), ("Shift+F8",), partial(to_finding, backward=True)),
    ]


def view_commands(surface: Surface) -> list[Command]:
    """Folds, white space and size."""
    return [
        Command("folds", _tr("Fold or unfold all"), ("Ctrl+Shift+-",), surface.foldAll),
        Command("whitespace", _tr("Show &white space"), ("Ctrl+Shift+W",), partial(_toggle_whitespace, surface)),
        Command("in", _tr("Zoom &in"), ("Ctrl++", "Ctrl+="), surface.zoomIn, "zoom-in"),
        Command("out", _tr("Zoom o&ut"), ("Ctrl+-",), surface.zoomOut, "zoom-out"),
        Command("normal", _tr("Normal &size"), ("Ctrl+0",), partial(surface.zoomTo, 0), "zoom-original"),
    ]


def _select_occurrence(surface: Surface) -> None:
    """Select the word at the caret; again: its next occurrence as well."""
    surface.SendScintilla(_S.SCI_TARGETWHOLEDOCUMENT)
    surface.SendScintilla(_S.SCI_SETSEARCHFLAGS, _S.SCFIND_MATCHCASE)
    surface.SendScintilla(_S.SCI_MULTIPLESELECTADDNEXT)
    surface.SendScintilla(_S.SCI_SCROLLCARET)


def _toggle_whitespace(surface: Surface) -> None:
    shown = surface.whitespaceVisibility() != _S.WhitespaceVisibility.WsInvisible
    mode = _S.WhitespaceVisibility.WsInvisible if shown else _S.WhitespaceVisibility.WsVisible
    surface.setWhitespaceVisibility(mode)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ScriptEditor", text)
