"""Dialog that asks before BorgDesk quits while work is in progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtWidgets import QMessageBox, QWidget

from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.run import RunKind
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.translation import _


class UnderWay(NamedTuple):
    """Work in progress, described for the user before BorgDesk quits."""

    what: str
    """A sentence that names the work."""
    then: str
    """A sentence that says what will become of it."""


def runs(under_way: Sequence[tuple[RunKind, str]]) -> UnderWay:
    """Describe runs, each by its kind and the name of its repository."""
    kinds = list(dict.fromkeys(kind for kind, _name in under_way))
    sentences = [_is_running(kind, [name for one, name in under_way if one is kind]) for kind in kinds]
    then = [_("Quitting stops it. Whatever its scripts stopped is started again first, which may take a moment.")]
    if RunKind.RESTORE in kinds:
        then.append(_("A restore that is stopped leaves every file as it was or as it is in the archive."))
    return UnderWay(" ".join(sentences), " ".join(then))


def _is_running(kind: RunKind, names: Sequence[str]) -> str:
    said = {
        RunKind.BACKUP: _("A backup of {names} is running."),
        RunKind.RESTORE: _("A restore from {names} is running."),
        RunKind.CHECK: _("A check of {names} is running."),
    }.get(kind, _("Maintenance of {names} is running."))
    return said.format(names=listed(quoted(name) for name in names))


def recovery() -> UnderWay:
    """Describe the recovery of dead runs."""
    return UnderWay(
        _("BorgDesk is cleaning up after an interrupted backup."), _("BorgDesk will quit when this is done.")
    )


def script_test() -> UnderWay:
    """Describe the test of a script."""
    return UnderWay(_("A script test is running."), _("Quitting stops it."))


def ask_to_quit(parent: QWidget, under_way: Sequence[UnderWay], stop_and_quit: Callable[[], object]) -> QMessageBox:
    """Ask without blocking the window, so that work continues; not quitting is the default."""
    return ask_to_confirm(
        parent,
        _("Quit BorgDesk?"),
        " ".join(one.what for one in under_way),
        " ".join(one.then for one in under_way),
        yes=_("&Stop and quit"),
        no=_("&Keep running"),
        on_yes=stop_and_quit,
    )
