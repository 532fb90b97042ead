"""Locales whose encoding lacks characters used by us, Borg or users."""

from __future__ import annotations

from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from tests.faults.lab import OWED, World

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Makes Python use ASCII for system calls, as it uses ISO 8859-1 in a locale with that encoding."""


def test_what_went_wrong_and_values_are_passed_all_the_same(world: World) -> None:
    """The sentence about the failure has typographic quotation marks."""
    world.rewrite("pre2", "exit 1")
    script = world.workspace.store.scripts.get("post1")
    body = f"printf '%s\\n' \"$PRICE\" \"$BORGDESK_ERROR\" >'{world.folder}/seen'"
    header = "#!/bin/bash\n# /// borgdesk\n# [parameters.PRICE]\n# ///\n"
    text = world.script("post1", body).decode().replace("#!/bin/bash\n", header)
    world.workspace.store.scripts.save(script.id, text.encode())
    (post1,) = [a for a in world.workspace.store.assignments.list(world.repository.id) if a.script == "post1"]
    edit_assignment(world.workspace, post1, Changes(parameters={"PRICE": "5 €"}))
    answer = world.command("run", "Documents", **ASCII)
    assert answer.returncode == 2, answer.stderr
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    assert (world.folder / "seen").read_text() == "5 €\nThe script “pre2” failed (exit 1).\n"
