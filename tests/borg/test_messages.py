"""Conditions that Borg names, recognised by that name, by exit code, or by the text of a message."""

from __future__ import annotations

import pytest

from borgdesk.borg.messages import (
    ERRORS,
    WARNINGS,
    Condition,
    condition_of_exit_code,
    condition_of_msgid,
    condition_of_text,
    condition_of_warning,
)
from tests.borg.exit_codes import ERROR_CODES, WARNING_CODES


def test_the_table_is_borgs() -> None:
    assert {condition.exit_code: condition.msgid for condition in ERRORS} == ERROR_CODES
    assert {condition.exit_code: condition.msgid for condition in WARNINGS} == WARNING_CODES


@pytest.mark.parametrize("condition", [*ERRORS, *WARNINGS], ids=lambda condition: condition.msgid)
def test_every_sentence_is_one_for_people(condition: Condition) -> None:
    sentence = condition.sentence
    assert sentence[0].isupper()
    assert sentence[-1] in ".?"
    assert 20 <= len(sentence) <= 200


@pytest.mark.parametrize("condition", [*ERRORS, *WARNINGS], ids=lambda condition: condition.msgid)
def test_by_name_and_by_exit_code(condition: Condition) -> None:
    assert condition_of_msgid(condition.msgid) is condition
    assert condition_of_exit_code(condition.exit_code) is condition


@pytest.mark.parametrize("exit_code", [-9, 0, 1, 2, 7, 9, 128, 137])
def test_exit_codes_that_say_nothing(exit_code: int) -> None:
    assert condition_of_exit_code(exit_code) is None


@pytest.mark.parametrize("msgid", [None, "", "Error", "Exception"])
def test_names_that_say_nothing(msgid: str | None) -> None:
    assert condition_of_msgid(msgid) is None


@pytest.mark.parametrize("message", ["", "something new", "Errno 13", "file changed while we backed it up: no"])
def test_words_that_say_nothing(message: str) -> None:
    assert condition_of_warning(message) is None
    assert condition_of_text(message) is None


def test_borgs_words_before_it_can_log() -> None:
    condition = condition_of_text('Invalid placeholder "nope" in string: {nope}')
    assert condition is condition_of_msgid("InvalidPlaceholder")
    assert condition_of_text('It is an Invalid placeholder "nope"') is None
