"""What each start of the window does beside it, after the first content is shown."""

from __future__ import annotations

from collections.abc import Callable

from borgdesk.engine.workspace import Workspace

Chore = Callable[[], object]


def chores(workspace: Workspace) -> list[Chore]:
    """Return the chores, which do not depend on each other. Takes long: it imports what they need."""
    from borgdesk.engine.desktop import autostart
    from borgdesk.engine.schedule.installation import try_to_follow_schedules
    from borgdesk.engine.settings.changing import follow_autostart

    return [
        lambda: autostart.install(workspace.environment),
        lambda: follow_autostart(workspace),
        lambda: try_to_follow_schedules(workspace),
        lambda: _forget_old_restores(workspace),
        lambda: _recover_mounts(workspace),
    ]


def _recover_mounts(workspace: Workspace) -> None:
    from borgdesk.engine.repositories.mounted import mounts

    if mounts(workspace):
        from borgdesk.engine.archives.mounts import recover_mounts

        recover_mounts(workspace)


def _forget_old_restores(workspace: Workspace) -> None:
    from borgdesk.engine.runs.removal_notice import may_begin
    from borgdesk.engine.runs.run_folders import now

    if not any(workspace.paths.runs.glob("*/restore/places.json")):
        # Nothing is imported for nothing, but the clock is looked at.
        may_begin(workspace, now())
        return
    from borgdesk.engine.runs.restore_undo import forget_old_restores

    forget_old_restores(workspace, now())
