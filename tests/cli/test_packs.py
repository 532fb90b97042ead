"""``borgdesk pack``: script packs on the command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.lab import BorgDesk

START = "#!/bin/sh\ndocker start web\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a signed pack that somebody else made."""
    return made(tmp_path, tmp_path / "web.borgdesk-pack")


def made(folder: Path, file: Path, start: str = START, *, signed: bool = True) -> Path:
    key = folder / "key"
    if not key.exists():
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna@workshop", "-f", str(key)]
        subprocess.run(argv, check=True)
    theirs = BorgDesk(folder / file.stem)
    for name, text in (("stop", "#!/bin/sh\nsudo docker stop web\n"), ("start", start)):
        source = theirs.folder / name
        source.write_text(text)
        theirs.ok("script", "add", str(source))
    sign = ("--sign", str(key)) if signed else ()
    theirs.ok("pack", "make", str(file), "stop", "start", "--name", "Web", "--author", "Anna", *sign)
    theirs.close()
    return file


def test_it_is_installed_once_it_was_shown(desk: BorgDesk, pack: Path) -> None:
    seen = desk.ok("pack", "inspect", str(pack))
    assert "anna@workshop" in seen.out
    assert "sudo docker stop web" in seen.out
    assert "Line 2: acts as another user" in seen.out
    assert desk.ok("script", "list", "--json").json == []
    answer = desk.here("pack", "install", str(pack))
    assert (answer.code, desk.ok("script", "list", "--json").json) == (2, [])
    assert "To confirm, use --yes." in answer.err
    installed = desk.ok("pack", "install", str(pack), "--yes", "--json").json
    assert [one["name"] for one in desk.ok("script", "list", "--json").json] == ["start", "stop"]
    assert len(installed["installed"]) == 2
    assert desk.ok("pack", "list", "--json").json[0]["name"] == "Web"
    assert desk.ok("pack", "install", str(pack), "--yes").said == ["There is nothing to install."]


def test_what_is_known_of_the_signature(desk: BorgDesk, pack: Path, tmp_path: Path) -> None:
    document = desk.ok("pack", "verify", str(pack), "--json").json
    assert (document["signed_by"], document["trusted"], document["problems"]) == ("anna@workshop", False, [])
    assert document["scripts"][0]["marks"] == [{"line": 2, "kind": "rights"}]
    desk.ok("pack", "install", str(pack), "--yes")
    assert desk.ok("pack", "verify", str(pack), "--json").json["trusted"]
    unsigned = made(tmp_path, tmp_path / "other.borgdesk-pack", signed=False)
    answer = desk.here("pack", "verify", str(unsigned))
    assert answer.code == 2
    assert "this one is not signed" in answer.out
    assert desk.here("pack", "install", str(unsigned), "--yes").said == ["Nothing was installed."]
    desk.ok("pack", "forget", "Web")
    assert desk.here("pack", "verify", str(unsigned)).code == 1


def test_nobody_is_trusted_without_a_question(desk: BorgDesk, pack: Path, tmp_path: Path) -> None:
    """As when the pack that was installed was not signed, and the next one has the same scripts."""
    unsigned = made(tmp_path, tmp_path / "unsigned.borgdesk-pack", signed=False)
    desk.ok("pack", "install", str(unsigned), "--yes")
    answer = desk.here("pack", "install", str(pack))
    assert answer.code == 2
    assert "Trust the key that signed the pack from now on?" in answer.err
    assert not desk.ok("pack", "verify", str(pack), "--json").json["trusted"]
    assert desk.ok("pack", "install", str(pack), "--yes").said == ["There is nothing to install."]
    assert desk.ok("pack", "verify", str(pack), "--json").json["trusted"]


def test_a_newer_version_shows_what_it_changes(desk: BorgDesk, pack: Path, tmp_path: Path) -> None:
    desk.ok("pack", "install", str(pack), "--yes")
    newer = made(tmp_path, tmp_path / "newer.borgdesk-pack", START + "echo more\n")
    seen = desk.ok("pack", "inspect", str(newer)).out
    assert "+echo more" in seen
    assert "sudo docker stop web" not in seen
    desk.ok("pack", "install", str(newer), "--yes")
    assert "echo more" in desk.ok("script", "show", "start").out


@pytest.mark.parametrize("action", ["inspect", "verify", "install"])
def test_what_is_no_pack_is_refused(desk: BorgDesk, action: str, tmp_path: Path) -> None:
    file = tmp_path / "x.borgdesk-pack"
    file.write_text("no pack")
    answer = desk.here("pack", action, str(file))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "borgdesk: x.borgdesk-pack is damaged, or is not a script pack: File is not a zip file.\n"


def test_a_double_click_on_a_pack_opens_the_window_at_it(tmp_path: Path) -> None:
    from borgdesk.cli.parser import parse

    request = parse([str(tmp_path / "web.borgdesk-pack")]).open
    assert str(request) == f"pack:{tmp_path}/web.borgdesk-pack"


def test_a_comment_that_becomes_a_command_is_shown(desk: BorgDesk, tmp_path: Path) -> None:
    first = made(tmp_path, tmp_path / "1.borgdesk-pack", "#!/bin/sh\n# note\u2028rm file\n", signed=False)
    newer = made(tmp_path, tmp_path / "2.borgdesk-pack", "#!/bin/sh\n# note\nrm file\n", signed=False)
    desk.ok("pack", "install", str(first), "--yes")
    assert "+rm file" in desk.ok("pack", "inspect", str(newer)).out


def test_nothing_of_a_script_is_hidden_in_an_escape_sequence(desk: BorgDesk, tmp_path: Path) -> None:
    start = "#!/bin/sh\necho hi \x1b]0; rm file; #\x07\n\techo \u202eback\n"
    seen = desk.ok("pack", "inspect", str(made(tmp_path, tmp_path / "1.borgdesk-pack", start, signed=False)))
    assert "    echo hi <U+001B>]0; rm file; #<U+0007>\n    \techo <U+202E>back\n" in seen.out
