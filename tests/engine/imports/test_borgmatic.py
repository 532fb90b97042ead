"""Configurations of borgmatic: what becomes of them."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention
from borgdesk.engine.imports.borgmatic import read_borgmatic
from borgdesk.engine.imports.borgmatic_commands import translated
from borgdesk.engine.imports.findings import Found, FoundRepository
from borgdesk.engine.imports.gathering import Gathering

DATA = Path(__file__).parents[2] / "data" / "borgmatic"
HOME = Path("/home/someone")


def read(*paths: Path) -> Found:
    return read_borgmatic(paths, HOME)


def reasons(found: Found) -> dict[str, str]:
    return {one.what.partition(": ")[2]: one.reason for one in found.not_taken}


def lanes(repository: FoundRepository) -> list[tuple[str, str, str]]:
    return [(use.hook.value, str(use.run_on or "always"), use.script.name) for use in repository.uses]


def last_line(repository: FoundRepository, name: str) -> str:
    (script,) = (use.script for use in repository.uses if use.script.name == name)
    return script.content.decode().splitlines()[-1]


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


PLAIN = "repositories: [{path: /backup/x.borg}]\nsource_directories: [/srv]\n"


class TestModern:
    found = staticmethod(lambda: read(DATA / "modern.yaml"))

    def test_a_repository_for_each(self) -> None:
        borgbase, local = self.found().repositories
        assert (borgbase.name, borgbase.location) == ("borgbase", "ssh://k8pDxu32@k8pDxu32.repo.borgbase.com/./repo")
        assert (local.name, local.location) == ("local", f"/mnt/backup/{getpass.getuser()}.borg")
        assert borgbase.sources == local.sources == ("/etc", "/home", "/home/someone/notes")
        assert borgbase.excludes == ("*.pyc", "/home/someone/*/.cache")
        assert (borgbase.exclude_caches, borgbase.one_file_system, borgbase.compression) == (True, True, "zstd,6")
        assert borgbase.archive_name == "documents-{now}"
        assert borgbase.retention == Retention(daily=7, weekly=4, monthly=6)
        assert borgbase.passphrase == "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

    def test_commands_in_their_lanes(self) -> None:
        assert lanes(self.found().repositories[0]) == [
            ("pre-backup", "always", "mount /mnt/backup"),
            ("pre-backup", "always", "docker stop 'my db'"),
            ("post-backup", "always", "docker start 'my db'"),
            ("post-backup", "success,warning", 'echo "good {repository_label}"'),
            ("post-run", "failure", "notify {repository} '{error}' \"{configuration_filename}\""),
            ("post-run", "failure", 'mail -s "broken" root'),
            ("post-run", "always", "umount /mnt/backup"),
        ]

    def test_the_text_of_a_command(self) -> None:
        (repository, _) = self.found().repositories
        assert {use.script.timeout for use in repository.uses} == {3600}, "borgmatic has no limit"
        text = repository.uses[0].script.content.decode()
        assert text == "#!/bin/sh\numask 77\ncd -- '/srv/my stuff' || exit\nmount /mnt/backup\n"
        assert last_line(repository, 'echo "good {repository_label}"') == 'echo "good ${REPOSITORY_NAME}"'

    def test_what_is_not_taken(self) -> None:
        found = reasons(self.found())
        assert "does not expand patterns" in found["source “/var/log/syslog*”"]
        assert found["option “unheard_of”"] == "BorgDesk has no such option."
        assert "template" in found["option “postgresql_databases”"]
        assert "template" in found["option “healthchecks”"]
        assert "prune" in found["command “echo pruned”"]
        assert "option “checks”" in found


class TestSections:
    found = staticmethod(lambda: read(DATA / "sections.yaml"))

    def test_repositories(self) -> None:
        found = self.found().repositories
        assert [(one.name, one.location) for one in found] == [
            ("sections sourcehostname", "ssh://user@backupserver/./sourcehostname.borg"),
            ("sections other", "ssh://server2/abs/other.borg"),
            ("sections near", "/home/someone/near.borg"),
        ]
        assert found[0].passcommand == "secret-tool lookup borg-repository repo-name"
        assert found[0].retention == Retention("3H", hourly=24)
        assert found[0].ssh_key == "/path/to/private/key"

    def test_patterns(self) -> None:
        found = self.found()
        assert found.repositories[0].sources == ("/home", "/etc", "/opt")
        assert found.repositories[0].excludes == ("/home/*/.cache",)
        assert found.repositories[0].patterns == "- /opt/*/tmp\nP fm\n! *.iso\n+ /opt/keep\n- /opt/**\n"

    def test_older_commands(self) -> None:
        found = self.found()
        assert lanes(found.repositories[0]) == [
            ("pre-backup", "always", "echo all"),
            ("pre-backup", "always", 'echo "Starting a backup."'),
            ("post-backup", "always", 'echo "Finished a backup."'),
            ("post-run", "failure", 'echo "`date` - Error while creating a backup."'),
        ]
        assert "command “echo prune”" in reasons(found)
        assert any("older versions left them out" in note for note in found.repositories[0].notes)
        assert any("once for each repository" in note for note in found.repositories[0].notes)

    def test_what_is_not_taken(self) -> None:
        assert {"option “checks”", "option “prefix”"} < reasons(self.found()).keys()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run {repository}", 'run "${REPOSITORY_PATH}"'),
        ('say "to {repository}"', 'say "to ${REPOSITORY_PATH}"'),
        ("say 'to {repository}'", "say 'to '\"${REPOSITORY_PATH}\"''"),
        ("say {configuration_filename}", "say '/etc/my config.yaml'"),
        ("keep ${repository} {other} ${X:-{repository}}", 'keep ${repository} {other} ${X:-"${REPOSITORY_PATH}"}'),
        (r"say \${HOME} \" {error}", 'say ${HOME} \\" "${BORGDESK_ERROR}"'),
    ],
)
def test_placeholders_keep_their_place_in_quotes(line: str, expected: str) -> None:
    assert translated(line, "/etc/my config.yaml", Gathering("x")) == expected


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_hostile_value_stays_one_word(quote: str) -> None:
    line = translated(f"printf '[%s]' {quote}{{repository}}{quote}", "", Gathering("x"))
    hostile = 'a b\'; touch x "$(id)" `id`'
    environment = {"REPOSITORY_PATH": hostile, "PATH": "/usr/bin:/bin"}
    told = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == f"[{hostile}]"


def test_nothing_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "/from/the/environment")
    path = write(
        tmp_path,
        "repositories: [{path: '${SECRET}/x.borg', label: first}, {path: /backup/y.borg, label: second}]\n"
        "source_directories: ['${SECRET}/a', /srv]\n"
        "encryption_passphrase: ${SECRET}\n"
        "before_backup: ['echo ${SECRET}']\n",
    )
    found = read(path)
    (repository,) = found.repositories
    assert (repository.name, repository.sources, repository.passphrase) == ("second", ("/srv",), None)
    assert last_line(repository, "echo ${SECRET}") == "echo ${SECRET}"
    assert {"repository ${SECRET}/x.borg", "source “${SECRET}/a”", "passphrase"} <= reasons(found).keys()
    assert "/from/the/environment" not in repr(found)


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("encryption_passphrase: '{credential systemd borg}'", "passphrase"),
        ("keep_minutely: 5", "retention"),
        ("keep_daily: -7", "retention"),
        ("skip_actions: [prune]", "retention"),
        ("compression: best", "compression"),
        ("exclude_patterns: ['re:[']", "exclude pattern “re:[”"),
        ("exclude_from: [/nowhere/excludes]", "patterns in /nowhere/excludes"),
        ("patterns: ['- ok', 'nonsense']", "patterns"),
        ("extra_borg_options: {create: --json}", "options of Borg (“--json”)"),
        ("ssh_command: ssh -p 5 -o X=y", "option “ssh_command”"),
        ("remote_path: --x", "path of Borg on the server"),
        ("checkpoint_interval: 5", "checkpoint interval"),
        ("before_backup: ['x {credential file /x}']", "command “x {credential file /x}”"),
        ("commands: [{before: dump_data_sources, run: [x]}]", "command “x”"),
        ("commands: [{after: action, states: [maybe], run: [x]}]", "command “x”"),
    ],
)
def test_what_is_left_out_is_said(tmp_path: Path, option: str, what: str) -> None:
    found = read(write(tmp_path, f"{PLAIN}{option}\n"))
    assert what in reasons(found)
    (repository,) = found.repositories
    assert (repository.name, repository.retention, repository.uses) == ("x", Retention(), ())


def test_options_of_borg(tmp_path: Path) -> None:
    options = "upload_rate_limit: 100\ncheckpoint_interval: 900\nexclude_if_present: [.nobackup]\nsparse: true\n"
    extra = "extra_borg_options: {create: '--comment \"a b\"', prune: --save-space}\n"
    found = read(write(tmp_path, PLAIN + options + extra))
    (repository,) = found.repositories
    assert (repository.upload_limit, repository.checkpoint_interval) == (100, 900)
    assert repository.extra_arguments == "--exclude-if-present=.nobackup --sparse '--comment=a b'"
    assert reasons(found).keys() == {"options of Borg for “prune”"}


def test_excludes_from_files(tmp_path: Path) -> None:
    (tmp_path / "excludes").write_text("# mine\n*.tmp\n\n/var/cache\n")
    found = read(write(tmp_path, f"{PLAIN}exclude_from: [{tmp_path}/excludes]\n"))
    assert found.repositories[0].excludes == ("*.tmp", "/var/cache")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no repositories"),
        ("just text", "is not a list of named values"),
        ("[1, 2]", "is not a list of named values"),
        ("repositories: 5", "“repositories” must be a list"),
        ("repositories: [5]", "is not a list of named values"),
        ("repositories: [{label: x}]", "a repository without a path"),
        ("repositories: [{path: [a]}]", "“path” must be a text, not a list"),
        (f"{PLAIN}commands: {{a: b}}", "“commands” must be a list"),
        (f"{PLAIN}commands: [5]", "is not a list of named values"),
        (f"{PLAIN}commands: [{{before: [a], run: [x]}}]", "“before” must be a text"),
        (f"{PLAIN}before_backup: [[x]]", "“before_backup” must be a list of commands"),
        (f"{PLAIN}keep_daily: many", "“keep_daily” must be a whole number"),
        (f"{PLAIN}exclude_caches: sometimes", "“exclude_caches” must be yes or no"),
        (f"{PLAIN}compression: [a]", "“compression” must be a text"),
        (f"{PLAIN}constants: 5", "is not a list of named values"),
        (f"{PLAIN}exclude_patterns: [{{a: b}}]", "“exclude_patterns” must be a list of texts"),
    ],
)
def test_wrong_types_are_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"constants: {{a: {'x' * 100_000}}}\nexclude_patterns: ['{'{a}' * 50}']\n", id="often"),
        pytest.param(
            "constants: {"
            + ", ".join(f"c{n}: '{f'{{c{n + 1}}}' * 9}'" for n in range(12))
            + "}\nexclude_patterns: ['{c0}']\n",
            id="in each other",
        ),
    ],
)
def test_constants_that_explode_are_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="expands to far too many values"):
        read(write(tmp_path, f"{PLAIN}{text}"))
