"""``borgdesk demo``: a successful and a failing run on real Borg, with all files in one folder."""

from __future__ import annotations

from tests.cli.lab import BorgDesk
from tests.cli.screen import Terminal


def test_demo(desk: BorgDesk) -> None:
    folder = desk.folder / "demo folder"
    answer = desk("demo", str(folder))
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "BorgDesk demo"
    assert f"Everything is in {folder}; delete that folder when you are done." in lines
    assert "Backup of Photos finished." in lines
    assert (
        "Backup of Photos failed. The script “Stop photo server” failed (exit 1): the database did not shut down. "
        "“Start photo server” and “Report trouble” ran afterwards."
    ) in lines
    assert lines.count("  The photo server is running.") == 2
    assert (folder / "service").read_text() == "running\n"
    assert not (desk.home / "data").exists(), "the user's own BorgDesk is not touched"
    assert not (desk.folder / "borg-base").exists()
    look = lines[-1].removeprefix("Look around: ")
    assert f"BORGDESK_HOME='{folder}/borgdesk' " in look
    shown = desk.shell(look)
    assert (shown.code, shown.out.splitlines()[0].split()[:2]) == (0, ["Run", "2"])


def test_demo_as_json(desk: BorgDesk) -> None:
    folder = desk.folder / "demo"
    folder.mkdir()
    answer = desk("demo", str(folder), "--json")
    good, bad = answer.json
    assert (good["status"], bad["status"]) == ("success", "failure")
    assert [one["status"] for one in bad["executions"]] == ["failed", "success", "success"]
    assert [one["status"] for one in good["executions"]] == ["success", "success", "skipped"]
    assert answer.said[0] == "BorgDesk demo"
    again = desk.here("demo", str(folder))
    assert (again.code, again.out, again.said) == (
        2, "", [f"borgdesk: The folder {folder} is not empty; name a new one for the demo."],
    )  # fmt: skip


def test_demo_in_a_temporary_folder_is_stopped(desk: BorgDesk) -> None:
    folder = desk.folder / "tmp"
    folder.mkdir()
    with Terminal(desk, "demo", environment={"TMPDIR": str(folder)}) as terminal:
        terminal.wait_for("1. A good backup")
        terminal.press("\x03")
        code, lines = terminal.end()
    assert code == 130
    assert lines[-1] == "  The photo server is running."
    assert "2. A backup whose first script fails halfway" not in lines
    (made,) = folder.iterdir()
    assert made.name.startswith("borgdesk-demo-")
    assert {path.name for path in made.iterdir()} >= {"borgdesk", "photos", "repository", "service"}
