"""Where the folder with restored files is, and reports of other versions."""

from __future__ import annotations

import pytest

from borgdesk.domain.restore import RestoreReport, restored_folder


@pytest.mark.parametrize(
    ("report", "paths", "folder"),
    [
        (RestoreReport("/out"), ("home/me/letter.txt",), "/out"),
        (RestoreReport("/"), ("home/me/letter.txt",), "/home/me"),
        (RestoreReport("/"), ("home/me/letter.txt", "home/you"), "/home"),
        (RestoreReport("/"), (), "/"),
        (
            RestoreReport("/", renamed=1, renamed_to=("/home/me/sub/letter (2026-11-20).txt",)),
            ("home",),
            "/home/me/sub",
        ),
    ],
)
def test_the_folder_with_what_was_restored(report: RestoreReport, paths: tuple[str, ...], folder: str) -> None:
    assert restored_folder(report, paths) == folder


def test_a_report_without_new_names() -> None:
    kept = RestoreReport("/", renamed=1, renamed_to=("/a",)).as_json()
    assert RestoreReport.from_json(kept).renamed_to == ("/a",)
    del kept["renamed_to"]
    assert RestoreReport.from_json(kept) == RestoreReport("/", renamed=1)
