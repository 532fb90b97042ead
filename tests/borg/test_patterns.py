"""Lines of patterns files: what is accepted, and errors with the number of the line."""

from __future__ import annotations

import pytest

from borgdesk.borg.patterns import LONGEST, check_patterns
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.pattern_roots import roots_in, without_roots

COMMANDS = "Line 2: “{}” must begin with + (include), - (exclude), ! (exclude and do not enter), P or R."
LITERALLY = "“fm:xx:y” to match it literally."
GOOD = """\
# comment
R /srv/data
 r   /srv/more stuff\t

P re
+ ^home/[a-z]+/keep$
p sh
- home/*/Downloads/**
! sh:**/node_modules
-fm:*.iso
+ pp:etc
"""


def test_what_borg_accepts() -> None:
    assert check_patterns(GOOD) == GOOD
    assert check_patterns("- a\r\n+ b\r- c") == "- a\n+ b\n- c\n"
    assert check_patterns(" \n\n") == ""
    assert check_patterns("- a\u2028+ no line of its own\n") == "- a\u2028+ no line of its own\n"


def test_the_sources_among_them() -> None:
    assert roots_in(GOOD) == ("/srv/data", "/srv/more stuff")
    rules = without_roots(GOOD)
    assert roots_in(rules) == ()
    assert rules.count("\n") == GOOD.count("\n") - 2
    assert roots_in("") == ()
    assert without_roots("") == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a\nhome/x", COMMANDS.format("home/x")),
        ("\n\n+", "Line 3: There is nothing after “+”."),
        ("+ a\n- re:(", "Line 2: The pattern “re:(” is not valid: missing ), unterminated subpattern at position 0."),
        ("P re\n- (", "Line 2: The pattern “(” is not valid: missing ), unterminated subpattern at position 0."),
        ("- (\n- [z-a]", "Line 2: The pattern “[z-a]” is not valid: bad character range z-a at position 1."),
        ("P xx", "Line 1: “P xx” does not name a pattern style. After P, use one of fm, sh, re, pp, pf."),
        ("pp:home", "Line 1: “pp:home” does not name a pattern style. After P, use one of fm, sh, re, pp, pf."),
        ("- xx:y", "Line 1: “xx:” in “xx:y” is not a pattern style. Use fm:, sh:, re:, pp:, pf:, or " + LITERALLY),
        ("R data", "Line 1: The source “data” must be an absolute path."),
        ("- sh:", "Line 1: The pattern “sh:” is empty."),
        ("- a\n- a\0b", "Line 2: It contains a NUL character."),
        ("- a\ud800", "Line 1: It contains characters that no path has."),
        ("x" * (LONGEST + 1), "The patterns must have at most 1,000,000 characters."),
    ],
    ids=["command", "nothing", "regex", "style", "brackets", "unknown style", "root of pp", "prefix", "relative",
         "empty", "nul", "surrogate", "long"],
)  # fmt: skip
def test_the_line_with_the_mistake_is_named(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_patterns(text)
    assert str(caught.value) == sentence
