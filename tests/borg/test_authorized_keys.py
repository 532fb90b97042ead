"""The line that limits a key to one repository."""

from __future__ import annotations

import pytest

from borgdesk.borg.authorized_keys import authorized_line
from borgdesk.domain.errors import InvalidInput

KEY = "ssh-ed25519 AAAA me@here"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("ssh://u@h/abs/repo", "/abs/repo"),
        ("ssh://u@h/./repo", "./repo"),
        ("ssh://u@h/~/repo", "./repo"),
        ("u@h:-repo", "./-repo"),
        ("ssh://u@h/~other/a b", "~other/'a b'"),
        ("ssh://u@h/a b", "'/a b'"),
        ('ssh://u@h/a"b', "'/a\\\"b'"),
        ("ssh://u@h/$(x)", "'/$(x)'"),
    ],
)
def test_the_path_as_the_servers_shell_reads_it(location: str, path: str) -> None:
    expected = f'command="borg serve --restrict-to-repository {path}",restrict {KEY}'
    assert authorized_line(KEY, location) == expected


def test_other_options() -> None:
    line = authorized_line(KEY, "ssh://h/r", "/opt/borg", append_only=True)
    assert line == f'command="/opt/borg serve --restrict-to-repository /r --append-only",restrict {KEY}'


def test_a_folder_needs_no_key() -> None:
    with pytest.raises(InvalidInput, match="is on this machine"):
        authorized_line(KEY, "/r")
