"""How a repository on another machine is reached: what is accepted, and how it is stored."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import parse_location
from borgdesk.domain.server import (
    Host,
    check_jump_host,
    check_port,
    check_remote_path,
    check_ssh_key,
    host_of,
    jump_host,
    port_of,
    with_port,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("hop", Host("hop")),
        ("me@hop:2222", Host("hop", "me", 2222)),
        ("ssh://me@[::1]:22/", Host("::1", "me", 22)),
        (" hop ", Host("hop")),
    ],
)
def test_a_jump_host(text: str, host: Host) -> None:
    assert jump_host(check_jump_host(text)) == host


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b", "names more than one jump host"),
        ("-oProxyCommand=x", "is not a jump host"),
        ("me@-x", "is not a jump host"),
        ("a b", "is not a jump host"),
        ("a`id`", "is not a jump host"),
        ("a$(id)", "is not a jump host"),
        ("a\0b", "is not a jump host"),
        ("me;id@hop", "is not a jump host"),
        ("hop:", "is not a jump host"),
        ("hop:0", "0 is not a port"),
        ("hop:99999", "99999 is not a port"),
    ],
)
def test_what_is_no_jump_host(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        check_jump_host(text)


def test_the_arguments_for_a_host() -> None:
    assert Host("hop", "me", 2222).arguments == ("-p", "2222", "me@hop")
    assert Host("hop").arguments == ("hop",)
    assert host_of("ssh://u@[::1]:7/x") == Host("::1", "u", 7)
    assert host_of("/here") is None


@pytest.mark.parametrize(
    ("text", "path"), [("", ""), ("~/.ssh/id", "/home/me/.ssh/id"), ("/a//b/../id", "/a/id"), (" /id ", "/id")]
)
def test_the_path_of_a_key(text: str, path: str) -> None:
    assert check_ssh_key(text, "/home/me") == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id", "must be absolute"),
        ("/100%", "ssh cannot use a key whose path contains"),
        ("/${HOME}/id", "ssh cannot use a key whose path contains"),
        ("/a\nb", "ssh cannot use a key whose path contains"),
        ("/id.pub", r"is a public key. Choose the private one: /id\."),
    ],
)
def test_what_is_no_path_of_a_key(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        check_ssh_key(text, "/home/me")


@pytest.mark.parametrize("text", ["", "/opt/borg", "sudo /usr/bin/borg", "~/bin/borg"])
def test_the_path_of_borg(text: str) -> None:
    assert check_remote_path(f" {text} ") == text


@pytest.mark.parametrize("text", ["{user}/borg", "a\nb", "--version"])
def test_what_is_no_path_of_borg(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_remote_path(text)


@pytest.mark.parametrize(
    ("location", "made"),
    [
        ("u@h:path", "ssh://u@h:2222/./path"),
        ("h:/abs/x", "ssh://h:2222/abs/x"),
        ("h:~u/x", "ssh://h:2222/~u/x"),
        ("ssh://u@h/abs", "ssh://u@h:2222/abs"),
        ("ssh://u@[::1]:22/./x", "ssh://u@[::1]:2222/./x"),
        ("u@[::1]:/x", "ssh://u@[::1]:2222/x"),
        ("ssh://h:2222/x", "ssh://h:2222/x"),
        ("ssh://h/{{a}}", "ssh://h:2222/{{a}}"),
    ],
)
def test_a_port_is_part_of_the_location(location: str, made: str) -> None:
    assert with_port(location, 2222) == made
    assert port_of(made) == 2222
    assert parse_location(with_port(made, None)).path == parse_location(location).path
    assert port_of(with_port(made, None)) is None


def test_a_folder_has_no_port() -> None:
    assert with_port("/here", None) == "/here"
    assert port_of("/here") is None
    assert port_of("no location") is None
    with pytest.raises(InvalidInput, match="Only a repository on another machine has a port"):
        with_port("/here", 22)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_there_is_no_such_port(port: int) -> None:
    with pytest.raises(InvalidInput, match="must be between 1 and 65535"):
        check_port(port)
