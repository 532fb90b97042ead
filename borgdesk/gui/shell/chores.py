"""What each start of the window does beside it, after the first content is shown."""

from __future__ import annotations

from collections.abc import Callable

from borgdesk.engine.workspace import Workspace

Chore = Callable[[], object]


def chores(workspace: Workspace) -> list[Chore]:
    """Return the chores, which do not depend on each other. Takes long: it imports what they need."""
    from borgdesk.engine.archives.mounts import recover_mounts
    from borgdesk.engine.desktop import autostart
    from borgdesk.engine.runs.active_run import now
    from borgdesk.engine.runs.restore_undo import forget_old_restores
    from borgdesk.engine.schedule.installation import try_to_follow_schedules
    from borgdesk.engine.settings.changing import follow_autostart

    return [
        lambda: autostart.install(workspace.environment),
        lambda: follow_autostart(workspace),
        lambda: try_to_follow_schedules(workspace),
        lambda: forget_old_restores(workspace, now()),
        lambda: recover_mounts(workspace),
    ]
