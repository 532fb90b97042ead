from __future__ import annotations

from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.settings import ALL, BY_KEY, EDITOR_FONT_SIZE, QUIET_HOURS, Setting, Values, setting_named


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: str(setting.key))
def test_every_default_is_possible_and_comes_back_from_its_text(setting: Setting[Any]) -> None:
    assert setting.valid(setting.default) == setting.default
    assert setting.parse(setting.in_text(setting.default)) == setting.default


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("window.colours", "dark", "dark"),
        ("window.close-to-tray", " Off ", False),
        ("notifications.success", "YES", True),
        ("notifications.quiet-hours", "22:00-7:30", "22:00-07:30"),
        ("notifications.quiet-hours", " ", ""),
        ("borg.program", " /usr/bin/borg ", "/usr/bin/borg"),
        ("editor.font-size", "0", 0),
        ("editor.tab-width", "8", 8),
    ],
)
def test_what_a_person_types_gets_its_usual_form(key: str, text: str, value: object) -> None:
    assert BY_KEY[key].parse(text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("window.colours", "pink"),
        ("window.colours", ""),
        ("window.close-to-tray", "perhaps"),
        ("notifications.quiet-hours", "22:00"),
        ("notifications.quiet-hours", "22:00-22:00"),
        ("notifications.quiet-hours", "25:00-26:00"),
        ("borg.program", "borg"),
        ("borg.program", "/usr/bin/borg\n"),
        ("borg.program", "/" + "x" * 5000),
        ("editor.font-size", "5"),
        ("editor.font-size", "73"),
        ("editor.font-size", "ten"),
        ("editor.tab-width", "0"),
        ("editor.tab-width", "9" * 5000),
    ],
    ids=str,
)
def test_what_is_not_possible_is_refused(key: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        BY_KEY[key].parse(text)


def test_values_of_unknown_origin_count_only_if_they_are_possible() -> None:
    values = Values(
        {
            "editor.font-size": 12,
            "editor.tab-width": True,
            "window.colours": 7,
            "notifications.quiet-hours": "always",
            "of.the.future": 1,
        }
    )
    assert values.given() == {"editor.font-size": 12}
    assert values[EDITOR_FONT_SIZE] == 12
    assert values[QUIET_HOURS] == ""
    assert values.is_given(EDITOR_FONT_SIZE)
    assert not values.is_given(QUIET_HOURS)
    assert values == Values({"editor.font-size": 12})
    assert hash(values) == hash(Values({"editor.font-size": 12}))


def test_an_unknown_key_names_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"There is no setting “colour”\. Use window\.colours, "):
        setting_named("colour")


def test_the_limits_of_a_number_are_possible_and_what_is_beyond_them_is_not() -> None:
    for setting in (one for one in ALL if one.type == "integer"):
        least, most = setting.limits
        assert (setting.valid(least), setting.valid(most)) == (least, most)
        for beyond in (least - 1, most + 1):
            with pytest.raises(InvalidInput):
                setting.valid(beyond)
