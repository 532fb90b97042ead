from __future__ import annotations

from dataclasses import replace

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.script import AssignmentPlace, NewScript, Script
from borgdesk.store.places import places_of
from borgdesk.store.store import Store


def test_each_script_has_its_own_places_by_repository_and_lane(
    store: Store, documents: Repository, script: Script
) -> None:
    others = [store.scripts.add(NewScript(name, b"#!/bin/sh\n")) for name in ("Mount", "Report")]
    album, music = (
        store.repositories.add(replace(documents, name=name, location=f"/{name}")) for name in ("album", "Music")
    )
    for repository, one, hook in (
        (music, script, Hook.POST_RUN),
        (music, script, Hook.PRE_BACKUP),
        (music, script, Hook.PRE_BACKUP),
        (album, script, Hook.POST_BACKUP),
        (documents, others[0], Hook.PRE_BACKUP),
        (album, others[1], Hook.POST_RUN),
    ):
        store.assignments.add(repository.id, one.id, hook)
    of_script = (
        AssignmentPlace("album", Hook.POST_BACKUP),
        AssignmentPlace("Music", Hook.PRE_BACKUP),
        AssignmentPlace("Music", Hook.POST_RUN),
    )
    with store.database.reading() as session:
        assert places_of(session) == {
            script.id: of_script,
            others[0].id: (AssignmentPlace("Documents", Hook.PRE_BACKUP),),
            others[1].id: (AssignmentPlace("album", Hook.POST_RUN),),
        }
        for one in (script, *others):
            assert places_of(session, one.id) == {one.id: places_of(session)[one.id]}
