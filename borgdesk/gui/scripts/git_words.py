"""What the window says about a library in git."""

from __future__ import annotations

from borgdesk.domain.enumeration import listed, quoted
from borgdesk.engine.git.library import Kind, Status
from borgdesk.engine.git.pull import Incoming, State
from borgdesk.translation import N_, _, ngettext

KINDS = {
    Kind.ADDED: N_("new"),
    Kind.MODIFIED: N_("changed"),
    Kind.REMOVED: N_("removed"),
    Kind.RENAMED: N_("renamed"),
}


def status_line(status: Status) -> str:
    """Return the state of the library on one line."""
    parts = [status.branch or _("no branch is checked out")]
    if status.unfinished:
        parts.append(_("{what} is not finished").format(what=_(status.unfinished)))
    if count := len(status.changes):
        parts.append(ngettext("{count} file not committed", "{count} files not committed", count).format(count=count))
    if count := status.ahead:
        parts.append(ngettext("{count} commit to push", "{count} commits to push", count).format(count=count))
    if count := status.behind:
        parts.append(ngettext("{count} commit to pull", "{count} commits to pull", count).format(count=count))
    if len(parts) == 1:
        parts.append(_("everything is committed"))
    return "  ·  ".join(parts)


def remark(one: Incoming) -> str:
    """Return why a change of the remote waits for a decision; empty if it does not."""
    if one.state is State.REFUSED:
        return one.problem
    places = listed(quoted(place) for place in one.used_by)
    if one.state is State.CONFLICT:
        sentence = _("The file was changed here, too.")
        return sentence if not places else f"{sentence} {_('It is used by {places}.').format(places=places)}"
    if one.state is State.ASSIGNED:
        return _("It is used by {places}, so it is taken only if you choose so.").format(places=places)
    return ""
