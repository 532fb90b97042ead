"""Locations of Borg's own files, as its documentation gives them."""

from __future__ import annotations

import pytest

from borgdesk.borg.own_folders import own_folders


@pytest.mark.parametrize(
    ("environment", "folders"),
    [
        ({}, ()),
        ({"HOME": "", "BORG_BASE_DIR": ""}, ()),
        ({"HOME": "/h"}, ("/h/.cache/borg", "/h/.config/borg/security", "/h/.local/share/borg/security")),
        (
            {"HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/f", "XDG_DATA_HOME": "/d"},
            ("/c/borg", "/f/borg/security", "/d/borg/security"),
        ),
        (
            {"HOME": "/h", "XDG_CACHE_HOME": "/c", "BORG_BASE_DIR": "/b"},
            ("/b/.cache/borg", "/b/.config/borg/security", "/b/.local/share/borg/security"),
        ),
        ({"HOME": "/h", "BORG_CACHE_DIR": "/c", "BORG_SECURITY_DIR": "/s"}, ("/c", "/s")),
        (
            {"HOME": "/h", "BORG_CONFIG_DIR": "/f", "BORG_DATA_DIR": "/d"},
            ("/h/.cache/borg", "/f/security", "/d/security"),
        ),
    ],
)
def test_where_borg_keeps_its_own_files(environment: dict[str, str], folders: tuple[str, ...]) -> None:
    assert own_folders(environment) == folders
