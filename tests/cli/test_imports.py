"""``borgdesk import``: from another program's files to a backup with real Borg."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.lab import BorgDesk
from tests.engine.imports.borg_ui_files import BorgUi
from tests.engine.imports.vorta_files import VortaDatabase, write_export


@pytest.fixture
def vorta(desk: BorgDesk) -> VortaDatabase:
    """Vorta with one profile that stops and starts something, and a repository that exists."""
    desk.add_repository("Existing", passphrase="s3cret words")
    location = str(desk.folder / "existing.borg")
    assert desk.ok("repo", "remove", "Existing").code == 0
    database = VortaDatabase(desk.folder / "settings.db")
    repository = database.repository(location, password="s3cret words")
    database.execute("UPDATE repomodel SET encryption = 'repokey-blake2'")
    database.profile(
        "Home",
        repository,
        [str(desk.source)],
        pre_backup_cmd=f"echo stop >>{desk.journal_file}",
        post_backup_cmd=f"echo start $returncode >>{desk.journal_file}",
        schedule_mode="fixed",
    )
    return database


def test_from_vorta_to_a_backup(desk: BorgDesk, vorta: VortaDatabase) -> None:
    told = desk("import", "vorta", str(vorta.path))
    assert told.code == 2
    assert "There is no terminal to ask on. To confirm, use --yes." in told.err
    assert "Before the backup: echo stop" in told.out
    dry = desk.ok("import", "vorta", str(vorta.path), "--dry-run", "--json").json
    assert dry["dry_run"]
    assert dry["repositories"][0]["action"] == "add"
    assert dry["repositories"][0]["passphrase"] is True
    assert desk.ok("repo", "list", "--json").json == []
    assert desk.ok("script", "list", "--json").json == []

    made = desk.ok("import", "vorta", str(vorta.path), "--yes", "--json")
    assert "s3cret" not in made.out + made.err
    assert [one["name"] for one in made.json["imported"]["repositories"]] == ["Home"]
    assert made.json["imported"]["schedules"] == 1
    assert desk.ok("run", "Home").code == 0
    assert desk.journal == ["stop", "start", "0"]

    again = desk.ok("import", "vorta", str(vorta.path), "--yes")
    assert "already here as “Home”" in again.out
    assert "There is nothing to import." in again.err
    assert len(desk.ok("script", "list", "--json").json) == 2


def test_a_failing_command_before_the_backup_still_starts_things_again(desk: BorgDesk, vorta: VortaDatabase) -> None:
    vorta.execute("UPDATE backupprofilemodel SET pre_backup_cmd = 'false'")
    desk.ok("import", "vorta", str(vorta.path), "--yes")
    assert desk("run", "Home").code == 2
    # Vorta's code for “Borg did not run”.
    assert desk.journal == ["start", "2"]


def test_an_export_is_imported_with_its_passphrase(desk: BorgDesk, tmp_path: Path) -> None:
    sources = [{"dir": str(desk.source)}]
    path = write_export(tmp_path / "home.json", SourceFileModel=sources, password="hush-hush")
    told = desk.ok("import", "vorta", str(path), "--yes")
    assert "hush" not in told.out + told.err
    repository = desk.ok("repo", "show", "Home", "--json").json
    assert repository["location"] == "/backup/home"
    secrets = json.loads((desk.home / "config" / "secrets.json").read_text())
    assert secrets == {f"repository:{repository['id']}": {"passphrase": "hush-hush"}}


def test_a_folder_of_scripts(desk: BorgDesk, tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "stop.sh").write_text("#!/bin/sh\ntrue\n")
    told = desk.ok("import", "script-folder", str(folder), "--yes", "--json").json
    assert [one["action"] for one in told["scripts"]] == ["add"]
    again = desk.ok("import", "script-folder", str(folder), "--yes", "--json").json
    assert [one["action"] for one in again["scripts"]] == ["present"]
    assert len(desk.ok("script", "list", "--json").json) == 1


def test_a_file_that_is_none_is_one_sentence(desk: BorgDesk, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk")
    told = desk("import", "vorta", str(tmp_path / "notes.txt"), "--yes")
    assert (told.code, told.out) == (2, "")
    assert told.said == [f"borgdesk: {tmp_path}/notes.txt is neither a profile that Vorta exported nor its database."]


def test_from_borgmatic_to_a_backup(desk: BorgDesk) -> None:
    desk.add_repository("Existing", passphrase="open sesame")
    desk.ok("repo", "remove", "Existing")
    config = desk.folder / "config.yaml"
    config.write_text(f"""
<<: !include {desk.folder}/common.yaml
repositories:
    - path: {desk.folder}/existing.borg
      label: Papers
encryption_passphrase: open sesame
commands:
    - before: action
      when: [create]
      run: ['echo stop >>{desk.journal_file}']
    - after: action
      run: ['echo start >>{desk.journal_file}']
    - after: action
      states: [finish]
      run: ['echo good >>{desk.journal_file}']
    - after: error
      run: ['echo broken {{repository}} >>{desk.journal_file}']
    - after: everything
      run: ['echo end >>{desk.journal_file}']
""")
    (desk.folder / "common.yaml").write_text(f"source_directories: ['{desk.source}']\nkeep_daily: 7\n")
    made = desk.ok("import", "borgmatic", str(config), "--yes", "--json")
    assert "sesame" not in made.out + made.err
    assert made.json["repositories"][0]["retention"] == {"within": None, "daily": 7}
    assert desk.ok("run", "Papers").code == 0
    assert desk.journal == ["stop", "start", "good", "end"]
    desk.journal_file.unlink()
    desk.source.rename(desk.folder / "elsewhere")
    assert desk("run", "Papers").code == 2
    assert desk.journal == ["stop", "start", "broken", f"{desk.folder}/existing.borg", "end"]


def test_from_borg_ui_to_a_backup(desk: BorgDesk) -> None:
    desk.add_repository("Existing")
    desk.ok("repo", "remove", "Existing")
    data = BorgUi(desk.folder / "data")
    number = data.repository("Photos", f"{desk.folder}/existing.borg", [str(desk.source)])

    def add(name: str, hook: str, order: float, run_on: str = "always", **values: object) -> None:
        text = f'#!/bin/bash\necho {name} "$BORG_UI_BACKUP_STATUS" >>{desk.journal_file}\n'
        data.assign(number, data.script(name, text, run_on), hook, order, **values)

    add("second", "pre-backup", 2)
    add("first", "pre-backup", 1.5)
    add("bad", "post-backup", 1, "failure")
    add("good", "post-backup", 3, "success")
    add("start", "post-backup", 2)
    add("never", "post-backup", 4, enabled=0)
    data.job("Nightly", [number], run_prune_after=1)
    made = desk.ok("import", "borg-ui", str(data.path), "--scripts", str(data.scripts), "--yes", "--json").json
    assert made["repositories"][0]["cron"] == "0 2 * * *"
    assert desk.ok("run", "Photos").code == 0
    assert desk.journal == ["first", "second", "start", "success", "good", "success"]
    desk.journal_file.unlink()
    desk.source.rename(desk.folder / "elsewhere")
    assert desk("run", "Photos").code == 2
    assert desk.journal == ["first", "second", "bad", "failure", "start", "failure"]
    again = desk.ok("import", "borg-ui", str(data.path), "--scripts", str(data.scripts), "--yes")
    assert "There is nothing to import." in again.err


def test_what_there_is_none_of_is_not_counted(desk: BorgDesk) -> None:
    folder = desk.folder / "scripts"
    folder.mkdir()
    (folder / "stop.sh").write_text("#!/bin/sh\ndocker stop web\n")
    unasked = desk("import", "script-folder", str(folder))
    assert unasked.said[-1].startswith("borgdesk: Import 1 script? There is no terminal to ask on.")
    assert desk.ok("import", "script-folder", str(folder), "--yes").said == ["Imported: 1 script."]
