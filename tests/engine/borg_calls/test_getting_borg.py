"""How Borg is installed on the distribution at hand."""

from __future__ import annotations

import platform

import pytest

from borgdesk.engine.borg_calls import getting_borg


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "sudo apt install borgbackup"),
        ({"ID": "fedora"}, "sudo dnf install borgbackup"),
        ({"ID": "opensuse-tumbleweed", "ID_LIKE": "opensuse suse"}, "sudo zypper install borgbackup"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "sudo pacman -S borg"),
        ({"ID": "haiku"}, ""),
        ({}, ""),
    ],
)
def test_the_command_of_the_distribution(
    release: dict[str, str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert getting_borg.install_command() == command
    assert (command or "package borgbackup") in getting_borg.how_to_install()


def test_a_system_that_does_not_say_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", unknown)
    assert getting_borg.install_command() == ""
