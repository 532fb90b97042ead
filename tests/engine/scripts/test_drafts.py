from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import RunOn
from borgdesk.engine.scripts.drafts import Draft, Drafts, key_of
from borgdesk.engine.scripts.script_editing import Edited

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


STOP = ScriptId(3)


def draft(script_id: ScriptId | None = STOP, text: str = "echo ä\n", when: datetime = NOON) -> Draft:
    edited = Edited(script_id, "Stop", text, "Stops\nit", 77, RunOn.parse("warning,failure"), "ab" * 32)
    return Draft(key_of(script_id), edited, when)


def test_kept_whole_and_listed_newest_first(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    assert drafts.list() == []
    older, newer = draft(), draft(None, when=NOON + timedelta(minutes=1))
    drafts.keep(older)
    drafts.keep(newer)
    assert Drafts(tmp_path).list() == [newer, older]


def test_one_a_script(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(draft(text="first"))
    drafts.keep(draft(text="second"))
    assert [one.edited.text for one in drafts.list()] == ["second"]


def test_new_scripts_have_a_draft_each(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    first, second = draft(None, "first"), draft(None, "second", NOON - timedelta(days=1))
    drafts.keep(first)
    drafts.keep(second)
    assert drafts.list() == [first, second]
    drafts.drop(first.key)
    assert drafts.list() == [second]


def test_dropped(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    drafts.drop("3")
    drafts.drop("3")
    assert drafts.list() == []


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    Drafts(tmp_path).keep(draft())
    (path,) = (tmp_path / "drafts").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_drafts_of_texts_alone_are_read(tmp_path: Path) -> None:
    (tmp_path / "drafts").mkdir()
    old = {"name": "Stop", "text": "echo ä\n", "saved_at": NOON.isoformat()}
    for name, script_id, base in (("3", 3, "ab" * 32), ("new", None, None)):
        record = old | {"script_id": script_id, "base": base}
        (tmp_path / "drafts" / f"{name}.json").write_text(json.dumps(record))
    assert sorted(Drafts(tmp_path).list(), key=lambda one: one.key) == [
        Draft("3", Edited(ScriptId(3), "Stop", "echo ä\n", base="ab" * 32), NOON, whole=False),
        Draft("new", Edited(None, "Stop", "echo ä\n"), NOON, whole=False),
    ]


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    good = json.loads((tmp_path / "drafts" / "3.json").read_text())
    for name, content in (
        ("4", "{"),
        ("5", "[]"),
        ("6", '{"script_id": "x"}'),
        ("7", "\xff"),
        ("8", json.dumps(good | {"timeout": 0})),
        ("9", json.dumps(good | {"run_on": "sometimes"})),
        ("10", json.dumps(good | {"saved_at": "2026-05-01T12:00:00"})),
    ):
        (tmp_path / "drafts" / f"{name}.json").write_text(content, encoding="latin-1")
    assert drafts.list() == [draft()]


def test_a_folder_that_cannot_be_written_loses_the_draft_only(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("in the way")
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    drafts.drop("3")
    assert drafts.list() == []
