"""Repository locations as Borg understands them, and the reasons for refusing others."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import escaped, parse_location, with_home
from borgdesk.domain.repository import check_location, local_path

SAME = [
    ("host:docs", "ssh://host/./docs"),
    ("host:docs/", "ssh://host/~/docs"),
    ("me@host:/backup//docs/", "ssh://me@host/backup/docs"),
    ("host:~/docs", "ssh://host/~/docs"),
    ("HOST:/backup", "ssh://host:22/backup"),
    ("/backup/./docs/../docs/", "/backup/docs"),
    ("//backup", "/backup"),
    ("file:///backup/docs", "/backup/docs"),
    ("file:////backup", "/backup"),
    ("/{{a}}", "file:///{{a}}"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_place(one: str, other: str) -> None:
    assert parse_location(one).canonical() == parse_location(other).canonical()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("host:docs", "host:/docs"),
        ("me@host:docs", "host:docs"),
        ("host:docs", "other:docs"),
        ("ssh://host:2222/docs", "ssh://host/docs"),
        ("/docs", "host:/docs"),
        ("/Docs", "/docs"),
        ("host:~me/docs", "host:~/docs"),
    ],
)
def test_different_places(one: str, other: str) -> None:
    assert parse_location(one).canonical() != parse_location(other).canonical()


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("file:///mnt/disk", "/mnt/disk"),
        ("/mnt/{{a}}/", "/mnt/{{a}}"),
        ("ssh://[::1]:22/mnt", "ssh://[::1]:22/mnt"),
        ("host:a:b", "host:a:b"),
        ("/mnt/a:b c", "/mnt/a:b c"),
        ("/~/x", "/~/x"),
    ],
)
def test_as_it_is_stored(location: str, kept: str) -> None:
    assert check_location(location) == kept


def test_braces_in_a_path() -> None:
    assert check_location(escaped("/mnt/{user}/x")) == "/mnt/{{user}}/x"
    assert local_path("/mnt/{{user}}/x") == "/mnt/{user}/x"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("sftp://me@host/docs", "must be installed there. Enter ssh://me@host/docs."),
        ("smb://nas/share", "is not a location Borg supports: mount it and enter the mount point"),
        ("SSH://host/docs", "an address has the form ssh://user@host:port/path"),
        ("ssh://host", "an address has the form ssh://user@host:port/path."),
        ("ssh://host/", "an address has the form ssh://user@host:port/path."),
        ("ssh://host:docs", "an address has the form ssh://user@host:port/path."),
        ("ssh://host:x/docs", "an address has the form ssh://user@host:port/path."),
        ("ssh://host:0/docs", "must be between 1 and 65535."),
        ("ssh://host:65536/docs", "must be between 1 and 65535."),
        ("me@host:2222/docs", "enter ssh://me@host:2222/docs, or ssh://me@host/./2222/docs for a folder called 2222."),
        ("-oProxyCommand=x:docs", "no valid host"),
        ("-me@host:docs", "no valid host"),
        ("a host:docs", "no valid host"),
        ("ssh://a`id`/docs", "no valid host"),
        ("a;id:docs", "no valid host"),
        ("ssh://me|id@host/docs", "no valid host"),
        ("ssh://a host/docs", "no valid host"),
        ("~/docs", "Borg does not expand “~”, so enter the full path."),
        ("~me/docs", "does not expand “~me”, so enter the full path."),
        ("$HOME/docs", "does not expand “$HOME”, so enter the full path."),
        ("${HOME}/docs", "as a placeholder"),
        ("docs", "enter an absolute path"),
        ("docs/x:y", "enter an absolute path"),
        (":docs", "enter an absolute path"),
        ("host:", "enter an absolute path"),
        ("file://docs", "enter file:///docs, or just the path."),
        ("/docs:", "ends in a colon"),
        ("host:docs:", "ends in a colon"),
        ("/docs::a", "must not include an archive"),
        ("host::a", "must not include an archive"),
        ("/backup/{user}", "enter the value of {user} instead"),
        ("/{{backup}}/{user}", "enter the value of {user} instead"),
        ("ssh://host/./{hostname}", "enter the value of {hostname} instead"),
        ("/backup/{now:%Y}", "the location would change with every run"),
        ("/backup/{pid}", "the location would change with every run"),
        ("/backup/{nope}", "Borg reads {nope}"),
        ("/backup/{}", "as a placeholder"),
        ("/backup/{user", "not closed"),
        ("/backup/user}", "not closed"),
    ],
)  # fmt: skip
def test_refused_with_the_right_spelling(location: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_location(location)
    assert words in str(caught.value)


@pytest.mark.parametrize("port", [1, 22, 65535])
def test_ports(port: int) -> None:
    location = parse_location(f"ssh://me@Host:{port}/docs")
    assert (location.user, location.host, location.port, location.path) == ("me", "Host", port, "/docs")
    assert location.canonical() == ("ssh://me@host/docs" if port == 22 else f"ssh://me@host:{port}/docs")


@pytest.mark.parametrize(
    ("location", "canonical"),
    [
        ("host:docs", "ssh://host/./docs"),
        ("host:~/a/b", "ssh://host/./a/b"),
        ("host:~me/docs", "ssh://host/~me/docs"),
        ("host:/~/docs", "ssh://host/./docs"),
        ("ssh://host/./a/../docs", "ssh://host/./docs"),
        ("ssh://host/~/docs", "ssh://host/./docs"),
        ("ssh://host//a/./b/", "ssh://host/a/b"),
        ("me@[::1]:a", "ssh://me@[::1]/./a"),
        ("/a//b/../c", "/a/c"),
        ("//", "/"),
    ],
)
def test_the_one_spelling(location: str, canonical: str) -> None:
    assert parse_location(location).canonical() == canonical


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("host:2222/docs", "enter ssh://host:2222/docs, or ssh://host/./2222/docs for a folder called 2222."),
        ("host:99999/a/b", "enter ssh://host:99999/a/b, or ssh://host/./99999/a/b for a folder called 99999."),
    ],
)
def test_a_number_that_may_be_a_port_is_asked_about(location: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parse_location(location)


@pytest.mark.parametrize(("location", "path"), [("host:123456/docs", "/./123456/docs"), ("host:22", "/./22")])
def test_a_number_that_is_no_port_is_a_folder(location: str, path: str) -> None:
    assert parse_location(location).path == path


def test_the_home_of_whoever_types_it() -> None:
    assert with_home(" ~/docs ", "/home/{anna}") == "/home/{{anna}}/docs"
    assert with_home("~", "/home/anna") == "/home/anna"
    for other in ("~bob/docs", "/~/docs", "host:~/docs", "$HOME/docs"):
        assert with_home(other, "/home/anna") == other
