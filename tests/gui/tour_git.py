"""The library in git: the line on the page of scripts, and its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from borgdesk.engine.git.library import commit
from borgdesk.engine.git.merging import merged
from borgdesk.engine.git.pull import fetch
from borgdesk.engine.git.push import push
from borgdesk.gui.scripts.merge_dialog import MergeDialog
from borgdesk.gui.scripts.pull_dialog import PullDialog
from tests.engine.git.machines import bare, git

if TYPE_CHECKING:
    from tests.gui.tour import Tour


def git_dialogs(tour: Tour) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the dialogs; both machines have changed the script that is assigned."""
    _share(tour)
    line = tour.scripts.git
    line.refresh(anyway=True)
    yield "commit", line.open_commit
    yield "pull", lambda: _pull(tour, 0)
    yield "pull: conflict", lambda: _pull(tour, 1)
    yield "edit by hand", lambda: _merge(tour)
    yield "log", line.open_log
    yield "log of a script", line.open_log_of_script


def _share(tour: Tour) -> None:
    workspace = tour.scene.workspace
    library, remote, clone = workspace.paths.library, tour.scene.folder / "remote.git", tour.scene.folder / "clone"
    if remote.exists():
        return
    bare(remote)
    git(library, "init", "--quiet", "--initial-branch=main")
    git(library, "config", "user.name", tour.named("Anna"))
    git(library, "remote", "add", "origin", str(remote))
    commit(workspace, tour.named("Scripts of the workshop"))
    push(workspace)
    git(tour.scene.folder, "clone", "--quiet", str(remote), str(clone))
    (clone / "new.sh").write_text("#!/bin/sh\necho new\n")
    theirs = clone / Path(tour.start.file_path).name
    theirs.write_text(theirs.read_text() + "echo theirs\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "-m", "Theirs")
    git(clone, "push", "--quiet")
    before = workspace.store.scripts.content(tour.start.id)
    workspace.store.scripts.save(tour.start.id, before + b"echo mine\n")


def _pull(tour: Tour, row: int) -> PullDialog:
    plan = fetch(tour.scene.workspace)
    dialog = PullDialog(tour.scene.workspace, tour.background, plan, tour.window)
    conflicts = [place for place, one in enumerate(plan.incoming) if one.used_by]
    dialog.files.setCurrentRow(conflicts[0] if row else 0)
    dialog.open()
    QApplication.processEvents()
    return dialog


def _merge(tour: Tour) -> None:
    one = next(one for one in fetch(tour.scene.workspace).incoming if one.used_by)
    MergeDialog(tour.start.name, merged(tour.scene.workspace, one), tour.window).open()
