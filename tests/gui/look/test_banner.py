"""Banner with a message and its actions."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone

LONG = "The scripts that start your services again were not run, because the computer was switched off. " * 2


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    made = Banner()
    qtbot.addWidget(made)
    return made


def test_a_button_acts_once_and_the_banner_goes(banner: Banner) -> None:
    done: list[str] = []
    assert banner.text == ""
    banner.show_message("Something", Tone.BAD, [BannerButton("Do it", lambda: done.append(banner.text))])
    banner.button("Do it").click()
    assert (done, banner.text) == ([""], "")
    banner.show_message("Else")
    with pytest.raises(LookupError):
        banner.button("Do it")


def test_only_a_dismissible_one_can_be_closed(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("Something", dismissible=False)
    close = banner.findChild(QToolButton)
    assert isinstance(close, QToolButton)
    assert not close.isVisible()
    banner.show_message("Something")
    assert close.isVisible()
    with qtbot.waitSignal(banner.dismissed):
        close.click()
    assert banner.text == ""


def test_no_text_shows_nothing(banner: Banner) -> None:
    banner.show_message("Something")
    banner.show_message("")
    assert (banner.isVisible(), banner.text) == (False, "")


def test_its_text_is_what_a_screen_reader_reads(banner: Banner) -> None:
    banner.show_message("The disk is full.", Tone.BAD)
    assert banner._text.accessibleName() == "The disk is full."


def test_the_icon_stands_beside_a_single_line(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("Everything is back in order.", Tone.WORKING, [BannerButton("Show", lambda: None)])
    banner.resize(600, banner.sizeHint().height())
    icon, said = banner._icon, banner._text
    qtbot.waitUntil(lambda: abs(icon.geometry().center().y() - said.geometry().center().y()) <= 1)


@pytest.mark.parametrize(("text", "is_below"), [("Something.", False), (LONG, True)])
def test_buttons_stand_below_a_text_that_is_longer_than_a_line(
    banner: Banner, qtbot: QtBot, text: str, is_below: bool
) -> None:
    banner.show_message(text, Tone.BAD, [BannerButton("Run now", lambda: None)])
    banner.resize(700, 120)
    button, said = banner.button("Run now"), banner._text
    qtbot.waitUntil(lambda: (button.geometry().top() > said.geometry().bottom()) is is_below)
    qtbot.waitUntil(lambda: (button.geometry().left() > said.geometry().right()) is not is_below)


def test_a_banner_that_was_wide_can_be_made_narrow(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("Everything is back in order. " * 3, Tone.BAD, [BannerButton("Show", lambda: None)])
    for width in range(900, 200, -20):
        banner.resize(width, banner.height())
    qtbot.waitUntil(lambda: banner.width() <= 220)


def test_a_label_that_names_a_file_is_cut(banner: Banner) -> None:
    label = "Restore " + "x" * 60
    banner.show_message("Something", buttons=[BannerButton(label, lambda: None)])
    assert len(banner.button(label).text()) == 40
