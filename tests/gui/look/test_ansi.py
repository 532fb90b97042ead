from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.gui.look.ansi import PLAIN, Style, changed, plain, styled


def test_colours_become_pieces_and_go_on_in_the_next_line() -> None:
    pieces, style = styled("a \x1b[1;31mred\x1b[0m b \x1b[32mgreen")
    assert pieces == [
        ("a ", PLAIN),
        ("red", Style(color=1, bold=True)),
        (" b ", PLAIN),
        ("green", Style(color=2)),
    ]
    assert style == Style(color=2)
    assert styled("still\x1b[0m", style) == ([("still", Style(color=2))], PLAIN)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("no colours", "no colours"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("windows\r", "windows"),
        ("\x1b[2K\x1b[1Gmoved", "moved"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 and \x00 null", "bell and  null"),
        ("tab\tstays", "tab\tstays"),
        ("cut off \x1b[3", "cut off [3"),
        ("", ""),
    ],
)
def test_what_has_no_picture_vanishes(line: str, text: str) -> None:
    assert plain(line) == text


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("", PLAIN),
        ("93", Style(color=11)),
        ("44", Style(ground=4)),
        ("103", Style(ground=11)),
        ("38;5;9", Style(color=9)),
        ("38;5;196", Style(color="#ff0000")),
        ("48;5;244", Style(ground="#808080")),
        ("38;2;1;2;300", Style(color="#0102ff")),
        ("38;2;1", PLAIN),
        ("38", PLAIN),
        ("3;4;23", Style(underline=True)),
        ("1;22;99;31;39", PLAIN),
    ],
)
def test_codes(codes: str, style: Style) -> None:
    assert changed(PLAIN, codes) == style


@given(st.text(st.sampled_from("ab\x1b[];:m0123456789\r\x07\\")))
def test_nothing_breaks_it_and_nothing_without_picture_is_left(line: str) -> None:
    pieces, _ = styled(line)
    assert not any(character < " " for text, _ in pieces for character in text)
