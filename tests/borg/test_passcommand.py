"""Validation of passcommands as text; ``test_grammar.py`` asks Borg itself."""

from __future__ import annotations

import pytest

from borgdesk.borg.passcommand import check_passcommand, for_a_shell
from borgdesk.domain.errors import InvalidInput


@pytest.mark.parametrize("command", ["cat /secret", "'/my programs/pass' show borg", 'pass show "a b"', "a\\ b c"])
def test_taken_as_it_is(command: str) -> None:
    assert check_passcommand(command) == command
    assert for_a_shell(command) == ""


@pytest.mark.parametrize("command", ["", "  ", "cat\0/secret", "''", "'' /secret", '""'])
def test_no_command(command: str) -> None:
    for check in (check_passcommand, for_a_shell):
        with pytest.raises(InvalidInput) as caught:
            check(command)
        assert str(caught.value) == "The passcommand is empty or not a valid command line."


@pytest.mark.parametrize("command", ["cat 'a", 'cat "a', "cat a\\"])
def test_not_closed(command: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_passcommand(command)
    assert str(caught.value) == (
        f"A quote in the passcommand “{command}” is not closed, or the command ends in a backslash."
    )


@pytest.mark.parametrize(
    ("command", "syntax"),
    [
        ("cat ~/secret", "~"),
        ("~/bin/pass borg", "~"),
        ("cat ~me/secret", "~me"),
        ("cat $HOME/secret", "$HOME"),
        ("cat ${HOME}/secret", "${HOME"),
        ('pass "$USER/borg"', "$USER"),
        ('pass "a" "`hostname`"', "`"),
        ("pass borg | head -1", "|"),
        ("pass borg || cat /secret", "||"),
        ("mount /x && cat /x/secret", "&&"),
        ("pass borg; true", ";"),
        ("pass borg 2>/dev/null", ">"),
        ("pass borg &", "&"),
    ],
)
def test_only_a_shell_understands(command: str, syntax: str) -> None:
    said, program = for_a_shell(command), command.split(maxsplit=1)[0]
    assert said == (
        f"The passcommand is not run by a shell, so “{syntax}” is passed to {program} unchanged. Write it out, or "
        "wrap the command in sh -c '…'."
    )


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'cat ~/secret | head -1'",
        '/usr/bin/bash -c "cat $HOME/secret"',
        "pass '$HOME | ~'",
        r'pass "\$HOME" \$HOME \| \~',
        "curl http://host/a?b=1&c=2",
        "pass a~b a$ 5$ $5",
        'pass "a|b;c>d" "~/e"',
    ],
)
def test_plain_to_borg_too(command: str) -> None:
    assert for_a_shell(command) == ""
