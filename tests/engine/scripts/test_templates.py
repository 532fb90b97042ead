from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes.template_assignment import TemplateUse, make
from borgdesk.engine.scripts.templates import Template, companion_of, pair_of, templates
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.engine.workspace import Workspace
from tests.engine.desk import Desk


@pytest.fixture
def workspace(desk: Desk) -> Workspace:
    return desk.workspace


def template(name: str) -> Template:
    return next(one for one in templates() if one.file_name == name)


def test_every_template_says_what_it_is() -> None:
    found = templates()
    assert len(found) > 20
    for one in found:
        assert one.header.name, one.file_name
        assert one.header.description, one.file_name
        assert one.header.category, one.file_name
        assert one.header.hook, one.file_name
    assert [(one.header.category, one.name) for one in found] == sorted(
        ((one.header.category, one.name) for one in found), key=lambda pair: (pair[0].casefold(), pair[1].casefold())
    )


def test_companions_name_each_other() -> None:
    found = templates()
    for one in found:
        other = companion_of(one, found)
        assert (other is None) == (one.header.companion is None), one.file_name
        if other is not None:
            assert companion_of(other, found) == one


def test_a_pair_begins_with_the_side_that_runs_first() -> None:
    found = templates()
    stop, start = template("docker-stop.sh"), template("docker-start.sh")
    assert pair_of(stop, found) == pair_of(start, found) == (stop, start)
    assert pair_of(template("sqlite-backup.sh"), found) == (template("sqlite-backup.sh"),)


def test_only_into_the_library(workspace: Workspace) -> None:
    made = make(workspace, TemplateUse([template("ntfy.sh")]))
    (script,) = made.scripts
    assert (script.name, Path(script.file_path).name, str(script.run_on)) == (
        "ntfy: send a message", "ntfy.sh", "warning,failure",
    )  # fmt: skip
    assert made.assignments == ()


def test_both_sides_are_assigned_in_their_own_lanes(desk: Desk) -> None:
    pair = pair_of(template("docker-stop.sh"), templates())
    made = make(desk.workspace, TemplateUse(pair, desk.repository.id, {"CONTAINERS": "app db", "GRACE": "90"}))
    assert [(one.script, one.hook) for one in made.assignments] == [
        ("Docker: stop containers", Hook.PRE_BACKUP),
        ("Docker: start containers again", Hook.POST_BACKUP),
    ]
    assert [dict(one.parameters) for one in made.assignments] == [
        {"CONTAINERS": "app db", "GRACE": "90"},
        {"GRACE": "90"},
    ]
    assert [place.repository for place in made.scripts[0].used_by] == ["Docs"]


def test_secret_values_go_to_their_place(desk: Desk) -> None:
    pair = pair_of(template("healthchecks-start.sh"), templates())
    made = make(desk.workspace, TemplateUse(pair, desk.repository.id, {"PING_URL": "https://hc.example.org/x"}))
    for one in made.assignments:
        assert one.secrets == {"PING_URL"}
        assert dict(one.parameters) == {}
        assert desk.workspace.secrets.get(secret_owner(one.id), "PING_URL") == "https://hc.example.org/x"


def test_an_unchanged_copy_is_used_again(desk: Desk) -> None:
    one = template("ntfy.sh")
    first = make(desk.workspace, TemplateUse([one])).scripts[0]
    assert make(desk.workspace, TemplateUse([one], desk.repository.id, {"TOPIC": "t"})).scripts[0].id == first.id
    desk.workspace.store.scripts.save(first.id, one.content + b"# mine\n")
    third = make(desk.workspace, TemplateUse([one])).scripts[0]
    assert (third.id == first.id, third.name) == (False, "ntfy: send a message 2")


def test_a_missing_value_adds_nothing(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="OUTPUT_DIR"):
        make(desk.workspace, TemplateUse([template("postgresql-dump.sh")], desk.repository.id))
    assert desk.workspace.store.scripts.list() == []


def test_all_or_nothing(desk: Desk) -> None:
    stop, start = pair_of(template("docker-stop.sh"), templates())
    with pytest.raises(InvalidInput, match="GRACE"):
        make(desk.workspace, TemplateUse([stop, start], desk.repository.id, {"CONTAINERS": "a", "GRACE": "soon"}))
    with pytest.raises(NotFound):
        make(desk.workspace, TemplateUse([stop, start], RepositoryId(4711), {"CONTAINERS": "a"}))
    bad = replace(start, content=b"#!/bin/sh\n\0")
    with pytest.raises(BorgDeskError):
        make(desk.workspace, TemplateUse([stop, bad], desk.repository.id, {"CONTAINERS": "a"}))
    assert desk.workspace.store.scripts.list() == []
    assert list(desk.workspace.paths.library.iterdir()) == []
    assert desk.workspace.store.assignments.list(desk.repository.id) == []
