"""What a person is told before BorgDesk ends while it works."""

from __future__ import annotations

from borgdesk.domain.run import RunKind
from borgdesk.gui.shell import quit_dialog


def test_a_restore_is_asked_about() -> None:
    asked = quit_dialog.runs([(RunKind.RESTORE, "Papers")])
    assert asked.what == "A restore from “Papers” is running."
    assert asked.then.startswith("Quitting stops it.")
    assert asked.then.endswith("leaves every file as it was or as it is in the archive.")


def test_several_kinds_are_told_one_by_one() -> None:
    asked = quit_dialog.runs([(RunKind.BACKUP, "Docs"), (RunKind.RESTORE, "Papers"), (RunKind.PRUNE, "Photos")])
    assert asked.what.count(" is running.") == 3
