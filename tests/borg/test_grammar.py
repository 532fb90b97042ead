"""Locations and passcommands, compared with how the installed Borg, or BORGDESK_BORG, interprets them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borgdesk.borg.options import Encryption
from borgdesk.borg.passcommand import check_passcommand, for_a_shell
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import parse_location
from borgdesk.domain.repository import check_location
from tests.borg.lab import RIGHT, Lab
from tests.real_borg import PROGRAM, borg_program

READER = """
import json, sys
from borg.helpers import Location
for line in sys.stdin:
    try:
        found = Location(json.loads(line))
    except Exception as error:
        answer = None
    else:
        answer = {"canonical": found.canonical_path(), "host": found._host, "archive": found.archive}
    print(json.dumps(answer), flush=True)
"""
"""Uses Borg's own class, in the interpreter that Borg runs with."""

OUR_OWN_REASONS = re.compile(
    r"enter an absolute path|is not an absolute path|does not expand|as a placeholder|has a placeholder|no valid host"
    r"|must be between|not a location Borg supports|not a valid location|must not include an archive"
    r"|ends in a colon"
)
"""Reasons to refuse what Borg accepts: it depends on the current folder or the time, or is not a location at all."""


class Asked:
    """Asks Borg for the meaning of locations."""

    def __init__(self, interpreter: str) -> None:
        self._process = subprocess.Popen(
            [interpreter, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, text: str) -> dict[str, Any] | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] | None = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def borg() -> Iterator[Asked]:
    first = Path(PROGRAM).read_bytes()[:200].split(b"\n")[0].decode(errors="replace") if PROGRAM else ""
    if not first.startswith("#!") or "python" not in first:
        pytest.skip("there is no Borg on this machine whose parts can be asked")
    asked = Asked(first[2:].strip())
    yield asked
    asked.close()


def agree(borg: Asked, text: str) -> None:
    text = text.strip()  # surrounding blanks are ignored
    try:
        ours = parse_location(text)
    except InvalidInput as error:
        reason = str(error)
    else:
        reason = ""
    if reason:
        assert borg(text) is None or OUR_OWN_REASONS.search(reason), f"Borg takes {text!r}, we say: {reason}"
        return
    says = borg(check_location(text))
    assert says is not None, f"Borg refuses {text!r}"
    assert says["archive"] is None
    assert says["host"] == ours.host
    assert one_spelling(says["canonical"]) == ours.canonical()


def one_spelling(canonical: str) -> str:
    """Normalise what Borg leaves alone: capital letters of hosts, the default port, double slashes, forms of home."""
    if not canonical.startswith("ssh://"):
        return canonical
    authority, slash, path = canonical.removeprefix("ssh://").partition("/")
    user, at, host = authority.rpartition("@")
    path = re.sub(r"\A/~/", "/./", "/" + (slash + path).lstrip("/"))
    return f"ssh://{user}{at}{host.lower().removesuffix(':22')}{path}"


@pytest.mark.parametrize(
    "text",
    [
        "/backup", "/backup/", "//backup", "/a:b", "/a:b/c", "/a b", "/{{a}}", "/a/../b", "/./a", "/~/a", "/",
        "file:///backup", "file://host/backup", "file:////a", "ssh://host/backup", "ssh://me@host:22/./backup",
        "ssh://host/~/backup", "ssh://host/~me/backup", "ssh://[::1]/backup", "ssh://[::1]:22/a", "ssh://me@[fe80::1]/a",
        "host:backup", "me@host:backup", "host:/backup", "host:~/backup", "host:~me/backup", "host:a:b", "host:./a",
        "host:../a", "host:a/../../b", "ssh://host/./../a", "[::1]:a", "me@[::1]:/a", "h@st:a", "ssh://host/a//b/./c",
        "ssh://host//a", "ssh://host/.", "host:.", "a@b@c:d", "host:a/", "ssh://user:pw@host/a", "ssh://ho%20st/a",
        # Also refused by Borg.
        "", "ssh://", "ssh://host", "ssh://host/", "ssh://host:", "ssh://host:x/a", "ssh:///a", "ssh://@host/a",
        "ssh://[::1/a", "ssh://::1]/a", "::", ":a", "/a::", "/{nope}", "/{}", "/{0}", "/{now", "/}", "/{now!r}",
        "/{{now}", "file://",
        # Accepted by Borg with a meaning that nobody intends.
        "backup", "./backup", "~/backup", "$HOME/backup", "host:", "host:22/a", "sftp://host/a", "smb://nas/share",
        "/a::b", "/a:", "host:a:", "/{user}", "/{now}", "-x:a", "a b:c", "ssh://host:0/a", "ssh://host:99999/a",
        "/{now:%Y}", "host:{hostname}", "http://host/a", "rclone:remote:path/x", "C:\\backup", "\\\\nas\\share",
    ],
)  # fmt: skip
def test_locations(borg: Asked, text: str) -> None:
    agree(borg, text)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["ssh://", "file://", "/", ":", "::", "@", "host", "me", "22", ".", "..", "~", "{{", "}}",
                         "{user}", "[::1]", "[", "]", "-", " ", "a", "//", "/./", "/~/"]),
        max_size=7,
    ).map("".join)
)  # fmt: skip
def test_any_location(borg: Asked, text: str) -> None:
    agree(borg, text)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(borg_program(), tmp_path, RIGHT)
    lab.init(Encryption.REPOKEY)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "phrase").write_text("right\n")
    return lab


def opens(lab: Lab, command: str) -> bool:
    lab.passcommand = command
    return lab.run(lab.borg.list_archives(lab.repository)).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        "echo right", "'echo' \"right\"", "printf 'right'", r"printf 'right\n'", "sh -c 'echo right | cat'",
        'bash -c "cat $HOME/phrase"', "sh -c 'cat ~/phrase'", "printf '%s' right",
    ],
)  # fmt: skip
def test_a_passcommand_that_works_is_taken_without_a_word(lab: Lab, command: str) -> None:
    assert opens(lab, command)
    assert check_passcommand(command) == command
    assert for_a_shell(command) == ""


@pytest.mark.parametrize(
    ("command", "syntax"),
    [
        ("cat ~/phrase", "~"),
        ("cat $HOME/phrase", "$HOME"),
        ('cat "$HOME/phrase"', "$HOME"),
        ("cat ${HOME}/phrase", "${HOME"),
        ("echo wrong | sed s/wrong/right/", "|"),
        ("false || echo right", "||"),
        ("true && echo right", "&&"),
        ("echo $(echo right)", "$(echo"),
        ("echo `echo right`", "`"),
        ("echo right 2> /dev/null", ">"),
        ("true; echo right", ";"),
    ],
)
def test_a_passcommand_for_a_shell_does_not_work_and_that_is_said(lab: Lab, command: str, syntax: str) -> None:
    assert not opens(lab, command)
    assert f"“{syntax}” is passed to" in for_a_shell(command)


@pytest.mark.parametrize("command", ["echo 'right", 'echo "right', "echo right\\", "", "  ", "''"])
def test_a_passcommand_that_borg_cannot_take_apart(lab: Lab, command: str) -> None:
    assert not opens(lab, command)
    with pytest.raises(InvalidInput):
        check_passcommand(command)
