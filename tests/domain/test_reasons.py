from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain import reason_json, reasons
from borgdesk.domain.reasons import Code, Reason, Value

values = st.dictionaries(
    st.sampled_from(["sentence", "script", "status", "programs", "count", "seconds", "else"]),
    st.one_of(st.text(), st.integers(), st.lists(st.text(), min_size=1).map(tuple)),
)


@pytest.mark.parametrize(
    ("code", "given", "words"),
    [
        (Code.TEXT, {"sentence": "It {broke} at 100 %"}, "It {broke} at 100 %"),
        (Code.EXIT, {"exit_code": 3}, "exit 3"),
        (Code.SCRIPT_BEFORE, {"script": "Mount", "status": "timed_out"}, "Mount timed out before it"),
        (Code.SCRIPT_BEFORE, {"script": "{Mount}", "status": "eaten"}, "{Mount}: eaten"),
        (Code.NOT_ENDED, {"programs": ("a",)}, "a could not be ended, since it belongs to another user"),
        (Code.NOT_ENDED, {"programs": ("a", "b")}, "a and b could not be ended, since they belong to another user"),
        (Code.TIMED_OUT, {}, "timed out after ? s"),
        (Code.SCRIPT_FAILED, {"script": "Mount", "status": "failed"}, "The script “Mount” failed."),
        (
            Code.SCRIPT_FAILED,
            {"script": "Mount", "status": "failed", "exit_code": 3, "words": "No such disk"},
            "The script “Mount” failed (exit 3): No such disk.",
        ),
        (
            Code.SCRIPT_FAILED,
            {"script": "Mount", "status": "timed_out", "words": "Why?"},
            "The script “Mount” timed out: Why?",
        ),
        (Code.NOT_RESTORED, {"count": 1, "path": "a", "reason": "no space"}, "1 item was not restored: a: no space."),
        (Code.INTERRUPTED, {"kind": "juggling"}, "BorgDesk was interrupted while the backup was running."),
    ],
)
def test_words(code: Code, given: dict[str, Value], words: str) -> None:
    assert Reason(code, given).in_words() == words


def test_numbers_are_told_in_the_singular_and_in_the_plural() -> None:
    one, two = (Reason(Code.FOREIGN_ARCHIVES, {"count": count}).in_words() for count in (1, 2))
    assert one.startswith("1 archive has a name like those of this backup")
    assert two.startswith("2 archives have names like those of this backup")


@given(st.lists(st.builds(Reason, st.sampled_from(Code), values)))
def test_all_can_be_kept_and_phrased_whatever_their_values_are(given: list[Reason]) -> None:
    kept = json.loads(json.dumps(reason_json.as_json(given)))
    assert reason_json.from_json(kept) == tuple(given)
    assert (reasons.in_words(given) is None) == (not "; ".join(one.in_words() for one in given))


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    (found,) = reason_json.from_json([{"code": "struck-by-lightning", "values": {}}])
    assert (found.code, found.in_words()) == (Code.TEXT, "struck-by-lightning")


def test_every_text_among_the_values_can_be_changed() -> None:
    given = Reason(Code.STILL_RUNNING, {"programs": ("secret", "b"), "script": "my secret", "count": 1})
    masked = given.with_texts(lambda text: text.replace("secret", "***"))
    assert masked == Reason(Code.STILL_RUNNING, {"programs": ("***", "b"), "script": "my ***", "count": 1})
    assert masked.in_words() == "Still running when what was stopped was started again: ***, b of “my ***”."
