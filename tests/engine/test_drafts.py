from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from borgdesk.engine.drafts import Draft, Drafts

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def draft(script_id: int | None = 3, text: str = "echo ä\n", when: datetime = NOON) -> Draft:
    return Draft(script_id, "Stop", text, "ab" * 32, when)


def test_kept_and_listed_newest_first(tmp_path: Path) -> None:
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
    assert [one.text for one in drafts.list()] == ["second"]


def test_dropped(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    drafts.drop(3)
    drafts.drop(3)
    drafts.drop(None)
    assert drafts.list() == []


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    Drafts(tmp_path).keep(draft())
    (path,) = (tmp_path / "drafts").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    for name, content in (("4", "{"), ("5", "[]"), ("6", '{"script_id": "x"}'), ("7", "\xff")):
        (tmp_path / "drafts" / f"{name}.json").write_text(content, encoding="latin-1")
    assert drafts.list() == [draft()]


def test_a_folder_that_cannot_be_written_loses_the_draft_only(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("in the way")
    drafts = Drafts(tmp_path)
    drafts.keep(draft())
    drafts.drop(3)
    assert drafts.list() == []
