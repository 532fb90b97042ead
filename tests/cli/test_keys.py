"""Keys and passphrases on the command line, with real Borg: saved, imported, changed, and killed in the middle."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrases import change_passphrase
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.repositories.shared_locations import turn_of
from tests.cli.lab import Answer, BorgDesk, borg, wait_until
from tests.cli.screen import Terminal

OLD, NEW = "correct horse", "battery staple 12"
PROGRAM = os.environ.get("BORGDESK_BORG") or "borg"


def test_a_key_of_another_machine(desk: BorgDesk) -> None:
    made = add_repository(desk.workspace, desk._repository("Docs"), "correct horse", Encryption.KEYFILE)
    key = str(desk.folder / "docs.key")
    borg(desk, "key", "export", made.location, key)
    shutil.rmtree(Path(desk.environment["BORG_BASE_DIR"]) / ".config/borg/keys")
    assert desk("run", "Docs").code == 2
    done = desk.ok("key", "import", "Docs", key, "--json")
    assert done.json["encryption"] == "keyfile"
    desk.ok("run", "Docs")
    shutil.rmtree(Path(desk.environment["BORG_BASE_DIR"]) / ".config/borg/keys")
    again = ("repo", "add", "Again", "--location", made.location, "--source", str(desk.source), "--passphrase-stdin")
    refused = desk(*again, stdin="correct horse\n")
    assert "Import it with “repo add --key-file FILE” or “borgdesk key import”." in refused.err
    desk.ok(*again, "--key-file", key, stdin="correct horse\n")


def test_saving_the_key(desk: BorgDesk) -> None:
    add_repository(desk.workspace, desk._repository("Docs"), "correct horse", Encryption.KEYFILE)
    key, paper, page = (desk.folder / name for name in ("docs.key", "docs.txt", "docs.html"))
    done = desk.ok("key", "export", "Docs", str(key), "--json")
    assert done.json == {"repository": "Docs", "file": str(key), "form": "file"}
    assert "Keep it in a safe place together with the passphrase" in done.err
    assert key.stat().st_mode & 0o777 == 0o600
    desk.ok("key", "export", "Docs", str(paper), "--paper")
    assert "BORG PAPER KEY" in paper.read_text()
    desk.ok("key", "export", "Docs", str(page), "--qr")
    assert "<html" in page.read_text()
    before = key.read_bytes()
    again = desk("key", "export", "Docs", str(key))
    assert (again.code, key.read_bytes()) == (2, before)
    assert "already exists; it was not overwritten" in again.err
    nowhere = desk("key", "export", "Docs", str(desk.folder / "none" / "x.key"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (2, True)
    assert desk("key", "export", "Docs", str(page), "--paper", "--qr").code == 64
    shutil.rmtree(Path(desk.environment["BORG_BASE_DIR"]) / ".config/borg/keys")
    gone = desk("key", "export", "Docs", str(desk.folder / "y.key"))
    assert (gone.code, (desk.folder / "y.key").exists()) == (2, False)
    desk.ok("key", "import", "Docs", str(key))
    desk.ok("run", "Docs")


def test_an_open_repository_has_no_key(desk: BorgDesk) -> None:
    desk.add_repository("Docs")
    answer = desk("key", "export", "Docs", str(desk.folder / "docs.key"))
    assert (answer.code, (desk.folder / "docs.key").exists()) == (2, False)
    assert "The key of Docs could not be saved." in answer.err


@pytest.fixture
def docs(desk: BorgDesk) -> Repository:
    return desk.add_repository("Docs", OLD)


def change(desk: BorgDesk, old: str = OLD, new: str = NEW, name: str = "Docs") -> Answer:
    return desk("passphrase", "change", name, "--json", stdin=f"{old}\n{new}\n")


def opens(desk: BorgDesk, repository: Repository, passphrase: str) -> bool:
    """Ask plain Borg."""
    done = subprocess.run(
        [PROGRAM, "list", repository.location],
        env=desk.environment | {"BORG_PASSPHRASE": passphrase, "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def wrap_borg(desk: BorgDesk, *, before: str = ":", after: str = ":") -> None:
    """Let BorgDesk use a Borg that does something else around a change of the passphrase."""
    wrapper = desk.folder / "wrapped-borg"
    real = shlex.quote(str(shutil.which(PROGRAM)))
    wrapper.write_text(
        "#!/bin/bash\n"
        f'case "$*" in *change-passphrase*) ;; *) exec {real} "$@" ;; esac\n'
        f'{before}\n{real} "$@"; code=$?\n{after}\nexit $code\n'
    )
    wrapper.chmod(0o700)
    desk.environment["BORGDESK_BORG"] = str(wrapper)


def unwrap_borg(desk: BorgDesk) -> None:
    desk.environment["BORGDESK_BORG"] = PROGRAM


def secrets_of(desk: BorgDesk) -> str:
    return (desk.home / "config" / "secrets.json").read_text()


# The key --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["file", "paper", "qr"])
def test_each_form_of_a_key_can_be_imported(desk: BorgDesk, docs: Repository, form: str) -> None:
    copy = desk.folder / "copy"
    desk.ok("key", "export", "Docs", str(copy), *([] if form == "file" else [f"--{form}"]))
    assert copy.stat().st_mode & 0o777 == 0o600
    config = Path(docs.location) / "config"
    config.write_text("\n".join(line for line in config.read_text().splitlines() if not line.startswith(("key", "\t"))))
    assert desk("run", "Docs").code == 2
    desk.ok("key", "import", "Docs", str(copy))
    desk.ok("run", "Docs")


def test_a_damaged_copy_does_not_replace_the_key(desk: BorgDesk, docs: Repository) -> None:
    copy = desk.folder / "copy"
    desk.ok("key", "export", "Docs", str(copy))
    before = (Path(docs.location) / "config").read_bytes()
    whole = copy.read_text()
    copy.write_text(whole[:400])
    cut = desk("key", "import", "Docs", str(copy))
    assert cut.code == 2
    assert cut.said == [
        f"borgdesk: The file {copy} is a damaged copy of a key: its text is incomplete, or characters of it are wrong."
    ]
    # Complete, but one letter in the encrypted part is wrong.
    place = whole.index("\n", 90) + 10
    copy.write_text(whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1 :])
    wrong = desk("key", "import", "Docs", str(copy))
    assert wrong.code == 2
    assert "so its previous key was put back" in wrong.err
    # Borg ends the key with an empty line now.
    assert (Path(docs.location) / "config").read_bytes().split() == before.split()
    assert not list((desk.home / "state" / "keys").iterdir())
    desk.ok("run", "Docs")


def test_a_key_that_cannot_be_kept_meanwhile_is_not_replaced(desk: BorgDesk, docs: Repository) -> None:
    copy, keys = desk.folder / "copy", desk.home / "state" / "keys"
    desk.ok("key", "export", "Docs", str(copy))
    before = (Path(docs.location) / "config").read_bytes()
    keys.write_text("in the way of the folder")
    refused = desk("key", "import", "Docs", str(copy))
    assert refused.code == 2
    assert f"borgdesk: The present key cannot be kept in {keys}: " in refused.err
    assert (Path(docs.location) / "config").read_bytes() == before


def test_the_key_of_another_repository(desk: BorgDesk, docs: Repository) -> None:
    desk.add_repository("Photos", OLD)
    for form in ([], ["--paper"], ["--qr"]):
        copy = desk.folder / f"copy{len(form)}{''.join(form)}"
        desk.ok("key", "export", "Photos", str(copy), *form)
        refused = desk("key", "import", "Docs", str(copy))
        assert (refused.code, "This key belongs to another repository." in refused.err) == (2, True)
    assert opens(desk, docs, OLD)


def test_a_copy_from_before_a_change_is_put_back(desk: BorgDesk, docs: Repository) -> None:
    copy = desk.folder / "copy"
    desk.ok("key", "export", "Docs", str(copy))
    assert change(desk).code == 0
    refused = desk("key", "import", "Docs", str(copy))
    assert refused.code == 2
    assert "older than the last change of the passphrase" in refused.err
    assert opens(desk, docs, NEW)
    desk.ok("run", "Docs")


@pytest.mark.parametrize("place", ["fifo", "folder", "/dev/zero"])
def test_no_file_to_import(desk: BorgDesk, docs: Repository, place: str) -> None:
    os.mkfifo(desk.folder / "fifo")
    (desk.folder / "folder").mkdir()
    refused = desk("key", "import", "Docs", str(desk.folder / place))
    assert (refused.code, len(refused.said)) == (2, 1)


def test_a_full_disk_at_the_export(desk: BorgDesk, docs: Repository) -> None:
    full = desk.folder / "full"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "none", full], check=False)
    if mounted.returncode != 0:
        pytest.skip("needs to mount a small file system")
    try:
        (full / "ballast").write_bytes(bytes(4096))
        refused = desk("key", "export", "Docs", str(full / "copy"))
        assert (refused.code, sorted(one.name for one in full.iterdir())) == (2, ["ballast"])
        assert "The disk that the key is written to is full." in refused.err
    finally:
        subprocess.run(["umount", full], check=True)


# Changing the passphrase ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Encryption.REPOKEY_BLAKE2, Encryption.KEYFILE, Encryption.AUTHENTICATED])
def test_a_change(desk: BorgDesk, mode: Encryption) -> None:
    docs = add_repository(desk.workspace, desk._repository("Docs"), OLD, mode)
    copy = desk.folder / "copy"
    desk.ok("key", "export", "Docs", str(copy))
    done = change(desk)
    assert (done.code, done.json) == (
        0, {"repository": "Docs", "stored_for": ["Docs"], "commands_to_change": []},
    )  # fmt: skip
    assert done.said[0] == "The passphrase of “Docs” was changed."
    assert "saved before" in done.said[1]
    assert (opens(desk, docs, OLD), opens(desk, docs, NEW)) == (False, True)
    desk.ok("run", "Docs")
    assert OLD not in secrets_of(desk)
    assert desk.ok("history", "--json").json[0]["kind"] == "backup"
    log = (desk.home / "state" / "borgdesk.log").read_text()
    assert (OLD in log, NEW in log) == (False, False)


def test_on_a_terminal(desk: BorgDesk, docs: Repository) -> None:
    for again, code in (("other", 2), (NEW, 0)):
        with Terminal(desk, "passphrase", "change", "Docs") as terminal:
            for asked, typed in (("Old passphrase:", OLD), ("New passphrase:", NEW), ("New passphrase again:", again)):
                terminal.wait_for(asked)
                terminal.press(f"{typed}\n")
            assert terminal.end()[0] == code
    assert opens(desk, docs, NEW)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (f"wrong\n{NEW}\n", "The old passphrase is wrong."),
        (f"{OLD}\n", "Standard input ended before the value of New passphrase."),
        (f"{'x' * 65536}\n{NEW}\n", "The old passphrase is wrong."),
    ],
    ids=["wrong", "one line", "long"],
)
def test_refused(desk: BorgDesk, docs: Repository, given: str, problem: str) -> None:
    kept = secrets_of(desk)
    refused = desk("passphrase", "change", "Docs", stdin=given)
    assert (refused.code, len(refused.said)) == (2, 1)
    assert problem in refused.err
    assert (opens(desk, docs, OLD), secrets_of(desk)) == (True, kept)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (OLD, "The new passphrase is the same as the old one."),
        ("", "The new passphrase is empty."),
        ("one\ntwo", "contains a line break or another character that cannot be typed"),
        ("x" * 65536, "has 65536 characters; 1000 are the most"),
    ],
    ids=["same", "empty", "line", "long"],
)
def test_a_new_one_that_is_refused(desk: BorgDesk, new: str, problem: str) -> None:
    docs = desk.add_pretended_repository("Docs", encryption="repokey")
    with pytest.raises(InvalidInput, match=problem):
        change_passphrase(desk.workspace, docs, OLD, new)


def test_not_text(desk: BorgDesk, docs: Repository) -> None:
    refused = desk("passphrase", "change", "Docs", stdin=f"{OLD}\n".encode() + b"\xff\xfe\n")
    assert (refused.code, "is not UTF-8 text" in refused.err) == (2, True)
    assert opens(desk, docs, OLD)


@pytest.mark.parametrize("new", [" Straße 写真 🐎 ", '-e none "$(touch x)`; \\ %s {now}'])
def test_awkward_but_allowed(desk: BorgDesk, docs: Repository, new: str) -> None:
    assert change(desk, new=new).code == 0
    assert opens(desk, docs, new)
    desk.ok("run", "Docs")


def test_an_open_repository_has_no_passphrase(desk: BorgDesk) -> None:
    desk.add_repository("Docs")
    refused = change(desk)
    assert (refused.code, refused.said) == (2, ["borgdesk: “Docs” is not encrypted, so it has no passphrase."])


def test_an_open_repository_that_was_never_looked_at_has_no_passphrase(desk: BorgDesk) -> None:
    made = desk.add_repository("Made")
    desk.add_pretended_repository("Docs", location=made.location)
    refused = change(desk)
    assert refused.code == 2
    assert "The passphrase of “Docs” was not changed." in refused.err
    assert not desk.ok("repo", "show", "Docs", "--json").json["has_passphrase"]


def test_a_passphrase_from_a_command(desk: BorgDesk) -> None:
    secret = desk.folder / "secret"
    secret.write_text(OLD)
    wanted = desk._repository("Docs", passcommand=f"cat {secret}")
    docs = add_repository(desk.workspace, wanted, None, Encryption.REPOKEY)
    done = change(desk)
    assert (done.code, done.json["commands_to_change"], done.json["stored_for"]) == (0, ["Docs"], [])
    assert f"The command of “Docs” has to print the new passphrase from now on: cat {secret}" in done.said
    assert opens(desk, docs, NEW)
    assert desk("run", "Docs").code == 2
    secret.write_text(NEW)
    desk.ok("run", "Docs")


def test_others_at_the_same_place_get_it_too(desk: BorgDesk, docs: Repository) -> None:
    words = ("repo", "add", "Twin", "--location", docs.location, "--source", str(desk.source), "--passphrase-stdin")
    desk.ok(*words, stdin=f"{OLD}\n")
    assert change(desk).json["stored_for"] == ["Docs", "Twin"]
    desk.ok("run", "Docs", "Twin")


def test_not_while_a_run_uses_the_repository(desk: BorgDesk, docs: Repository) -> None:
    turn = Turn.try_take(desk.workspace, turn_of(docs))
    assert turn is not None
    with turn:
        refused = change(desk)
    assert refused.code == 2
    assert "A run of BorgDesk is using “Docs” right now." in refused.err
    assert opens(desk, docs, OLD)


def test_where_the_passphrases_can_be_seen(desk: BorgDesk) -> None:
    seen = desk.folder / "seen"
    ssh = desk.folder / "ssh"
    ssh.write_text(f'#!/bin/bash\nenv >>{seen}.ssh\nwhile [ "$1" != borg ]; do shift; done\nexec "$@"\n')
    ssh.chmod(0o700)
    desk.environment["BORG_RSH"] = str(ssh)
    place = f"ssh://nowhere.invalid{desk.folder}/docs.borg"
    docs = add_repository(desk.workspace, desk._repository("Docs", location=place), OLD, Encryption.REPOKEY)
    wrap_borg(desk, before=f'printf "%s\\n" "$@" >{seen}.argv; env >{seen}.borg')
    assert change(desk).code == 0
    assert opens(desk, docs, NEW)
    found = {
        what: [text for text in (OLD, NEW) if text in Path(f"{seen}.{what}").read_text()]
        for what in ("argv", "borg", "ssh")
    }
    # Borg 1.x takes the new one from its environment only.
    assert found == {"argv": [], "borg": [NEW], "ssh": []}


# Interrupted changes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_the_worst_moment(desk: BorgDesk, docs: Repository, when: str) -> None:
    """BorgDesk dies right before or right after Borg has changed the passphrase."""
    die = "kill -KILL $PPID" + ("; exit 1" if when == "before" else "")
    wrap_borg(desk, **{when: die})
    died = desk("passphrase", "change", "Docs", stdin=f"{OLD}\n{NEW}\n")
    assert died.code == -signal.SIGKILL
    unwrap_borg(desk)
    assert opens(desk, docs, NEW if when == "after" else OLD)
    # Both are kept until the next use finds out which one is right.
    assert all(one in secrets_of(desk) for one in (OLD, NEW))
    desk.ok("run", "Docs")
    assert [one in secrets_of(desk) for one in (OLD, NEW)] == [when == "before", when == "after"]
    desk.ok("archive", "list", "Docs")


def test_killed_and_then_changed_again(desk: BorgDesk, docs: Repository) -> None:
    wrap_borg(desk, after="kill -KILL $PPID")
    desk("passphrase", "change", "Docs", stdin=f"{OLD}\n{NEW}\n")
    unwrap_borg(desk)
    assert change(desk, NEW, "a third one").code == 0
    assert opens(desk, docs, "a third one")
    desk.ok("run", "Docs")


def test_killed_and_then_removed(desk: BorgDesk, docs: Repository) -> None:
    wrap_borg(desk, after="kill -KILL $PPID")
    desk("passphrase", "change", "Docs", stdin=f"{OLD}\n{NEW}\n")
    unwrap_borg(desk)
    desk.ok("repo", "remove", "Docs")
    assert [one in secrets_of(desk) for one in (OLD, NEW)] == [False, False]


@pytest.mark.parametrize("when", ["before", "after"])
def test_borg_dies(desk: BorgDesk, docs: Repository, when: str) -> None:
    """Nobody knows from its exit whether Borg has changed it, so the repository is asked."""
    wrap_borg(desk, **{when: "kill -KILL $$"})
    done = change(desk)
    assert done.code == (0 if when == "after" else 2)
    assert opens(desk, docs, NEW if when == "after" else OLD)
    unwrap_borg(desk)
    desk.ok("run", "Docs")
    assert [one in secrets_of(desk) for one in (OLD, NEW)] == [when == "before", when == "after"]


def test_borg_dies_and_the_repository_is_gone(desk: BorgDesk, docs: Repository) -> None:
    wrap_borg(desk, after=f"mv {docs.location} {docs.location}.away; kill -KILL $$")
    unknown = change(desk)
    assert unknown.code == 2
    assert "It is not known whether the passphrase of “Docs” was changed" in unknown.err
    assert all(one in secrets_of(desk) for one in (OLD, NEW))
    unwrap_borg(desk)
    assert "It is not known yet whether an earlier change" in change(desk, NEW, "third").err
    assert desk("run", "Docs").code == 2
    Path(f"{docs.location}.away").rename(docs.location)
    desk.ok("run", "Docs")
    assert [one in secrets_of(desk) for one in (OLD, NEW)] == [False, True]


def test_the_place_of_secrets_fails_afterwards(desk: BorgDesk, docs: Repository) -> None:
    secrets = desk.home / "config" / "secrets.json"
    wrap_borg(desk, after=f"mv {secrets} {secrets}.away; mkdir {secrets}")
    done = change(desk)
    assert (done.code, done.json["stored_for"]) == (1, [])
    assert "It is not stored yet:" in done.err
    secrets.rmdir()
    Path(f"{secrets}.away").rename(secrets)
    unwrap_borg(desk)
    assert opens(desk, docs, NEW)
    desk.ok("run", "Docs")


def test_the_place_of_secrets_fails_before(desk: BorgDesk, docs: Repository) -> None:
    secrets = desk.home / "config" / "secrets.json"
    content = secrets.read_bytes()
    secrets.unlink()
    secrets.mkdir()
    refused = change(desk)
    assert (refused.code, len(refused.said)) == (2, 1)
    assert opens(desk, docs, OLD)
    secrets.rmdir()
    secrets.write_bytes(content)
    desk.ok("run", "Docs")


def test_stopped_while_borg_waits(desk: BorgDesk, docs: Repository) -> None:
    wrap_borg(desk, before=f"touch {desk.folder}/began; exec sleep 60")
    running = subprocess.Popen(
        desk.argv("passphrase", "change", "Docs"),
        env=desk.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin is not None
    running.stdin.write(f"{OLD}\n{NEW}\n".encode())
    running.stdin.close()
    wait_until((desk.folder / "began").exists, "Borg began")
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert running.stderr is not None
    running.stderr.close()
    assert opens(desk, docs, OLD)
    assert NEW not in secrets_of(desk)
    unwrap_borg(desk)
    desk.ok("run", "Docs")
