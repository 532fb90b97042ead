"""Whether the desktop knows a web browser, by the files in which desktops look."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.engine.desktop.browser import has_browser


def knows(folder: Path, **files: str) -> bool:
    """Return whether a browser is found where the only menu entries are these."""
    applications = folder / "system" / "applications"
    applications.mkdir(parents=True)
    for name, text in files.items():
        (applications / name.replace("_", ".")).write_text(text)
    return has_browser({"HOME": str(folder), "XDG_DATA_DIRS": f"{folder}/missing:{folder}/system"})


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("[MIME Cache]\ntext/html=firefox.desktop;\nx-scheme-handler/https=firefox.desktop;\n", True),
        ("[MIME Cache]\ntext/html=writer.desktop;\nx-scheme-handler/mailto=mail.desktop;\n", False),
        ("[MIME Cache]\nx-scheme-handler/https=;\n", False),
        ("", False),
    ],
)
def test_the_index_of_the_entries_counts(index: str, expected: bool, tmp_path: Path) -> None:
    entry = "[Desktop Entry]\nMimeType=x-scheme-handler/https;\n"
    assert knows(tmp_path, mimeinfo_cache=index, removed_desktop=entry) is expected


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ("text/html;x-scheme-handler/http;x-scheme-handler/https;", True),
        ("x-scheme-handler/https", True),
        ("text/html;application/x-scheme-handler/https-like;", False),
        ("text/html;", False),
    ],
)
def test_without_an_index_the_entries_do(types: str, expected: bool, tmp_path: Path) -> None:
    entry = f"[Desktop Entry]\nName=Something\nMimeType={types}\nExec=something\n"
    assert knows(tmp_path, one_desktop="[Desktop Entry]\n", two_desktop=entry) is expected


def test_one_of_the_user_counts(tmp_path: Path) -> None:
    mine = tmp_path / ".local" / "share" / "applications"
    mine.mkdir(parents=True)
    (mine / "mine.desktop").write_text("[Desktop Entry]\nMimeType=x-scheme-handler/https;\n")
    assert has_browser({"HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path / "missing")})
