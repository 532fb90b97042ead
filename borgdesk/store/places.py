"""Queries for the places where scripts are assigned."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import LANES
from borgdesk.domain.script import AssignmentPlace
from borgdesk.store.tables import RepositoryRow, RepositoryScriptRow


def places_of(session: Session, script_id: ScriptId | None = None) -> Mapping[ScriptId, tuple[AssignmentPlace, ...]]:
    """Return the repositories and lanes of all scripts, or of one, each once, by repository and lane."""
    query = (
        select(RepositoryScriptRow.script_id, RepositoryRow.name, RepositoryScriptRow.hook)
        .join(RepositoryRow, RepositoryRow.id == RepositoryScriptRow.repository_id)
        .distinct()
    )
    if script_id is not None:
        query = query.where(RepositoryScriptRow.script_id == script_id)
    found: dict[ScriptId, list[AssignmentPlace]] = {}
    for script, repository, hook in session.execute(query):
        found.setdefault(script, []).append(AssignmentPlace(repository, hook))
    return {script: tuple(sorted(places, key=_by_name_and_lane)) for script, places in found.items()}


def _by_name_and_lane(place: AssignmentPlace) -> tuple[str, str, int]:
    return (place.repository.casefold(), place.repository, LANES.index(place.hook))
