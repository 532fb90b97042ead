"""Options that users add to ``borg create``: what is passed on, and what is refused."""

from __future__ import annotations

import pytest

from borgdesk.borg.extra_arguments import LONGEST, extra_arguments
from borgdesk.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("", ()),
        ("  ", ()),
        ("--noacls --noxattrs", ("--noacls", "--noxattrs")),
        ("--exclude-if-present=.nobackup", ("--exclude-if-present=.nobackup",)),
        ("--exclude-if-present .nobackup --sparse", ("--exclude-if-present=.nobackup", "--sparse")),
        ("--comment 'two words; $(no shell)'", ("--comment=two words; $(no shell)",)),
        ("--comment=--json", ("--comment=--json",)),
        ('--comment="by {user}"', ("--comment=by {user}",)),
        ("--files-cache mtime,size", ("--files-cache=mtime,size",)),
        ("--chunker-params buzhash,10,23,16,4095", ("--chunker-params=buzhash,10,23,16,4095",)),
        ("--upload-buffer 100", ("--upload-buffer=100",)),
    ],
)
def test_what_is_passed_on(text: str, passed: tuple[str, ...]) -> None:
    assert extra_arguments(text) == passed


OUTPUT = "changes what Borg prints, which BorgDesk reads"
FIELD = "is a setting of its own"
CONNECTION = "how the repository is reached and locked"


@pytest.mark.parametrize(
    ("text", "named", "why"),
    [
        *((f"--noacls {one}", one, OUTPUT) for one in ("--json", "--log-json", "--list", "--stats", "--progress")),
        *((one, one, OUTPUT) for one in ("--show-rc", "--debug", "--info", "--verbose", "--help", "--quick-stats")),
        ("--debug-topic=repo", "--debug-topic", OUTPUT),
        ("--debug-profile /tmp/x", "--debug-profile", OUTPUT),
        ("--filter=A", "--filter", OUTPUT),
        ("--json=1", "--json", OUTPUT),
        *((one, one, OUTPUT) for one in ("-p", "-v", "-s", "-h", "-pv")),
        *((one, one, "Borg would not back up anything") for one in ("--dry-run", "-n", "-np")),
        ("--rsh=x", "--rsh", CONNECTION),
        ("--lock-wait=1", "--lock-wait", CONNECTION),
        ("--remote-path /x/borg", "--remote-path", CONNECTION),
        ("--bypass-lock", "--bypass-lock", CONNECTION),
        ("--umask=0000", "--umask", "others could then read or write"),
        ("--timestamp 2020-01-01", "--timestamp", "relies on the time of the archives"),
        ("--stdin-name x", "--stdin-name", "the sources of the repository decide"),
        ("--paths-from-command", "--paths-from-command", "the sources of the repository decide"),
        ("--content-from-command", "--content-from-command", "the sources of the repository decide"),
        *((one, one, FIELD) for one in ("--compression", "-Clz4", "-e", "-x", "--one-file-system", "--patterns-from")),
        ("--upload-ratelimit=10", "--upload-ratelimit", FIELD),
        ("--checkpoint-interval=1", "--checkpoint-interval", FIELD),
        *((one, one, "write the option in full. Borg might take it for") for one in ("--jso", "--dry", "--no", "--s")),
        ("--rs=sh", "--rs", "Borg might take it for --rsh"),
        ("--log=1", "--log", "Borg might take it for --log-json"),
        *((one, one, "only options are possible here") for one in ("/home", "::archive", "--", "-", "repo::x")),
        ("--noacls /etc", "/etc", "only options are possible here"),
        ("--nonsense", "--nonsense", "Borg has no such option"),
        ("-z", "-z", "Borg has no such option"),
        ("--noacls=yes", "--noacls=yes", "has no value"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(text: str, named: str, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        extra_arguments(text)
    assert str(caught.value).startswith(f"“{named}” cannot be used")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("--comment 'a", "The additional options contain a quotation mark without its counterpart."),
        ("--comment", "--comment needs a value that Borg accepts, not “”."),
        ("--comment --noacls", "--comment needs a value that Borg accepts, not “”."),
        ("--files-cache=fast", "--files-cache needs a value that Borg accepts, not “fast”."),
        ("--upload-buffer=much", "--upload-buffer needs a value that Borg accepts, not “much”."),
        ("--chunker-params=1,2", "--chunker-params needs a value that Borg accepts, not “1,2”."),
        *(
            (f"--chunker-params={bad}", f"--chunker-params needs a value that Borg accepts, not “{bad}”.")
            for bad in ("10,9,8,7", "5,23,21,4095", "19,24,21,4095", "buzhash,19,23,21,0", "fixed,63", "fixed,20971480")
        ),
        ("--comment a\0b", "The additional options contain a NUL character."),
        ("x" * (LONGEST + 1), "The additional options must have at most 10,000 characters."),
    ],
    ids=[
        "quote",
        "no value",
        "next option",
        "cache",
        "buffer",
        "chunker",
        "order",
        "small",
        "large",
        "window",
        "block",
        "large block",
        "nul",
        "long",
    ],
)
def test_what_cannot_be_read(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        extra_arguments(text)
    assert str(caught.value) == sentence


def test_placeholders_that_borg_does_not_know() -> None:
    with pytest.raises(InvalidInput, match="nope"):
        extra_arguments("--comment '{nope}'")
