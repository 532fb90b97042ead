"""Joins the texts of a file that was changed on both sides, for a person to look at."""

from __future__ import annotations

import re
from pathlib import Path

from borgdesk.engine.git.pull import Incoming
from borgdesk.engine.git.work_tree import opened
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_MARKS = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)


def merged(workspace: Workspace, one: Incoming) -> str:
    """Return the text with the changes of both sides; lines that both have changed are in it twice, between marks.

    Raises:
        NoWorkTree: the library is not in git.
        GitFailed: git does not answer.
    """
    with opened(workspace) as tree:
        folder = Path(tree.git.environment["GIT_DIR"])
        files = []
        for name, content in (("mine", one.mine), ("base", one.base), ("theirs", one.theirs)):
            (folder / name).write_bytes(content)
            files.append(str(folder / name))
        labels = (_("here"), _("before"), _("remote"))
        named = [word for label in labels for word in ("-L", label)]
        _conflicts, out, _err = tree.git.ask("merge-file", "-p", *named, *files)
    return out.decode("utf-8", "replace")


def is_merged(text: str) -> bool:
    """Return whether a text has no marks of changes that were at the same place."""
    return _MARKS.search(text) is None
