"""Sends the commits of the library to its remote."""

from __future__ import annotations

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.git.command import GitFailed, at_other_side, is_folder
from borgdesk.engine.git.library import distance
from borgdesk.engine.git.pull import remote_of
from borgdesk.engine.git.work_tree import opened
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_REJECTED = ("[rejected]", "non-fast-forward", "fetch first")


def push(workspace: Workspace, cancel: Cancel | None = None) -> int:
    """Send the commits that the remote does not have; return how many these were.

    Raises:
        NoWorkTree: the library is not in git.
        BorgDeskError: it has no remote or no commit, the remote does not answer, or it has changes to be pulled first.
        Stopped: *cancel* was asked.
    """
    with opened(workspace) as tree:
        branch = tree.check_at_rest()
        remote = remote_of(tree)
        if tree.head is None:
            raise BorgDeskError(_("The library has no commit yet."))
        ahead, _behind = distance(tree)
        options = ["--porcelain", "--no-follow-tags", "--no-recurse-submodules", "--no-signed"]
        if is_folder(remote.address):
            options.append(f"--receive-pack={at_other_side('receive-pack')}")
        what = f"{branch}:{remote.branch}"
        try:
            tree.git.call_remote("push", *options, "--", remote.address, what, folder=str(tree.folder), cancel=cancel)
        except GitFailed as error:
            if any(word in error.said for word in _REJECTED):
                raise GitFailed(
                    _("The remote has changes that the library does not have. Pull them first."), error.said
                ) from error
            raise
        tree.git.having(**tree.identity).call("update-ref", "-m", "push", remote.tracking, tree.head)
        return ahead
