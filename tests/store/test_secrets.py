from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.paths import Paths
from borgdesk.store.secrets import Secrets
from tests.secret_service import in_python, needs_secret_service, secret_service, session_bus

__all__ = ["session_bus"]

VALUE = "pä ss\n“word” $HOME '\""
FILE = {"BORGDESK_SECRETS": "file"}
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def file(paths: Paths) -> Path:
    return paths.config / "secrets.json"


class TestFile:
    """Secrets in a file, on request."""

    @pytest.fixture
    def secrets(self, paths: Paths) -> Secrets:
        return Secrets(paths, FILE)

    def test_values_by_owner_and_name(self, secrets: Secrets, paths: Paths) -> None:
        secrets.set("repository:3", "PASSPHRASE", VALUE)
        secrets.set("assignment:3", "PASSPHRASE", "another")
        secrets.set("assignment:3", "PASSPHRASE", "newer")
        again = Secrets(paths, FILE)
        assert again.get("repository:3", "PASSPHRASE") == VALUE
        assert again.get("assignment:3", "PASSPHRASE") == "newer"
        assert again.get("assignment:3", "TOKEN") is None
        assert again.get("assignment:7", "PASSPHRASE") is None

    def test_deleting(self, secrets: Secrets, file: Path) -> None:
        for name in ("A", "B", "C"):
            secrets.set("assignment:1", name, "x")
        secrets.delete("assignment:1", "A")
        secrets.delete("assignment:1", "A")
        secrets.delete("assignment:9", "A")
        assert json.loads(file.read_text()) == {"assignment:1": {"B": "x", "C": "x"}}
        secrets.delete_all("assignment:1", ["B", "C", "D"])
        assert json.loads(file.read_text()) == {}

    def test_nobody_else_can_read_it(self, secrets: Secrets, file: Path) -> None:
        before = os.umask(0)
        try:
            secrets.set("repository:3", "PASSPHRASE", VALUE)
        finally:
            os.umask(before)
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert sorted(path.name for path in file.parent.iterdir()) == ["secrets.json", "secrets.lock"]

    def test_it_is_never_silent_about_where(self, secrets: Secrets, file: Path) -> None:
        assert secrets.where == f"the file {file}, unencrypted, readable only by you"

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "b"}', '{"a": {"b": 1}}', "\xff"])
    def test_a_file_that_is_something_else_is_left_alone(self, secrets: Secrets, file: Path, content: str) -> None:
        file.parent.mkdir(parents=True)
        file.write_text(content, "latin-1")
        with pytest.raises(SecretsUnavailable, match="is not a valid file of secrets") as caught:
            secrets.get("a", "b")
        assert str(file) in caught.value.sentence
        with pytest.raises(SecretsUnavailable, match="is not a valid file of secrets"):
            secrets.set("a", "b", "c")
        assert file.read_text("latin-1") == content

    def test_a_place_that_cannot_be_written(self, secrets: Secrets, file: Path) -> None:
        file.mkdir(parents=True)
        with pytest.raises(SecretsUnavailable, match="cannot be read"):
            secrets.get("a", "b")
        file.rmdir()
        file.parent.rmdir()
        file.parent.write_text("")
        with pytest.raises(SecretsUnavailable, match="Secrets cannot be kept in"):
            secrets.set("a", "b", "c")

    def test_processes_do_not_lose_each_others_secrets(
        self, file: Path, tmp_path: Path, together: Callable[..., list[str]]
    ) -> None:
        together(3, SET_MANY, str(tmp_path))
        found = json.loads(file.read_text())
        assert sorted(len(values) for values in found.values()) == [20, 20, 20]


SET_MANY = """
import os, sys
from pathlib import Path
from borgdesk.paths import Paths
from borgdesk.store.secrets import Secrets
secrets = Secrets(Paths.below(Path(sys.argv[1])), {"BORGDESK_SECRETS": "file"})
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    secrets.set(f"assignment:{os.getpid()}", f"NAME_{number}", "x")
"""

SAY = """
import os, sys
from pathlib import Path
from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.paths import Paths
from borgdesk.store.secrets import Secrets
folder = Path(sys.argv[1])
paths = Paths.below(folder) if sys.argv[2] == "trial" else Paths(*[folder / name for name in "abcd"])
secrets = Secrets(paths, os.environ)
try:
    print(secrets.where)
except SecretsUnavailable as error:
    print("unavailable:", error.sentence)
"""


class TestChoice:
    """Where secrets are stored, depending on environment and system."""

    @pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
    def test_without_a_keyring_the_choices_are_named(
        self, tmp_path: Path, python: Callable[..., str], backend: str
    ) -> None:
        said = python(SAY, str(tmp_path), "real", PYTHON_KEYRING_BACKEND=backend)
        assert said.startswith("unavailable: There is no keyring")
        for choice in ("Unlock or install a keyring", "passcommand", "BORGDESK_SECRETS=file"):
            assert choice in said
        assert not list(tmp_path.glob("*/secrets.json"))

    def test_a_trial_without_a_keyring_uses_a_file_and_says_so(
        self, tmp_path: Path, python: Callable[..., str]
    ) -> None:
        said = python(SAY, str(tmp_path), "trial", **NO_KEYRING)
        assert said == f"the file {tmp_path}/config/secrets.json, unencrypted, readable only by you"

    def test_a_trial_can_insist_on_the_keyring(self, tmp_path: Path, python: Callable[..., str]) -> None:
        said = python(SAY, str(tmp_path), "trial", **NO_KEYRING, BORGDESK_SECRETS="keyring")
        assert said.startswith("unavailable: There is no keyring")

    def test_a_file_can_be_chosen_anywhere(self, tmp_path: Path, python: Callable[..., str]) -> None:
        said = python(SAY, str(tmp_path), "real", **NO_KEYRING, **FILE)
        assert said == f"the file {tmp_path}/a/secrets.json, unencrypted, readable only by you"

    def test_a_file_that_was_chosen_stays_chosen(self, tmp_path: Path, python: Callable[..., str]) -> None:
        chosen = "secrets.keep_in_file()\nsecrets.set('repository:1', 'passphrase', 'x')\nprint(secrets.where)"
        where = f"the file {tmp_path}/a/secrets.json, unencrypted, readable only by you"
        said = python(SAY.partition("try:")[0] + chosen, str(tmp_path), "real", **NO_KEYRING)
        assert said == where
        assert python(SAY, str(tmp_path), "real", **NO_KEYRING) == where
        assert (tmp_path / "a/secrets.json").stat().st_mode & 0o777 == 0o600

    def test_a_choice_that_is_none(self, paths: Paths) -> None:
        with pytest.raises(SecretsUnavailable, match="“flie”: it must be “file” or “keyring”"):
            Secrets(paths, {"BORGDESK_SECRETS": "flie"}).get("a", "b")

    def test_an_owner_without_secrets_goes_without_a_keyring(self, paths: Paths) -> None:
        Secrets(paths, {"BORGDESK_SECRETS": "keyring"}).delete_all("assignment:1", [])


SERVICE = """
import json, os, sys
from pathlib import Path
from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.paths import Paths
from borgdesk.store.secrets import Secrets
answers = []
for home, method, *arguments in json.loads(sys.argv[1]):
    try:
        secrets = Secrets(Paths.below(Path(home)), {"BORGDESK_SECRETS": "keyring"})
        answers.append(secrets.where if method == "where" else getattr(secrets, method)(*arguments))
    except SecretsUnavailable as error:
        answers.append(error.sentence)
print(json.dumps(answers))
"""


@needs_secret_service
class TestSecretService:
    """A real keyring on a private bus."""

    @pytest.fixture
    def ask(self, session_bus: dict[str, str]) -> Callable[..., list[object]]:
        """Return a function that queries a new keyring, unlocked or locked."""

        def ask(*questions: tuple[str | list[str], ...], unlocked: bool) -> list[object]:
            with secret_service(session_bus, unlocked=unlocked):
                answers: list[object] = json.loads(in_python(SERVICE, session_bus, json.dumps(questions)))
                return answers

        return ask

    def test_values_come_back_trials_stay_apart_and_deleted_ones_are_gone(
        self, ask: Callable[..., list[object]], tmp_path: Path
    ) -> None:
        trial, other = str(tmp_path / "trial"), str(tmp_path / "other")
        answers = ask(
            (trial, "where"),
            (trial, "set", "repository:3", "PASSPHRASE", "older"),
            (trial, "set", "repository:3", "PASSPHRASE", VALUE),
            (trial, "set", "assignment:3", "PASSPHRASE", "another"),
            (trial, "get", "repository:3", "PASSPHRASE"),
            (other, "get", "repository:3", "PASSPHRASE"),
            (trial, "delete", "repository:3", "NONE"),
            (trial, "delete_all", "repository:3", ["PASSPHRASE", "NONE"]),
            (trial, "get", "repository:3", "PASSPHRASE"),
            (trial, "get", "assignment:3", "PASSPHRASE"),
            unlocked=True,
        )
        assert answers == [
            "the system keyring (SecretService Keyring)", None, None, None, VALUE, None, None, None, None, "another",
        ]  # fmt: skip
        assert not list(tmp_path.glob("*/config/secrets.json"))

    def test_a_locked_keyring_is_a_sentence(self, ask: Callable[..., list[object]], tmp_path: Path) -> None:
        home = str(tmp_path / "trial")
        assert ask((home, "set", "repository:3", "PASSPHRASE", VALUE), unlocked=True) == [None]
        answers = ask(
            (home, "get", "repository:3", "PASSPHRASE"), (home, "set", "repository:3", "X", "y"), unlocked=False
        )
        for answer in answers:
            assert str(answer).startswith("The keyring is locked. Unlock or install a keyring")
        assert not (tmp_path / "trial" / "config").exists()

    def test_a_bus_without_a_keyring(self, session_bus: dict[str, str], tmp_path: Path) -> None:
        question = [(str(tmp_path), "get", "repository:3", "PASSPHRASE")]
        (answer,) = json.loads(in_python(SERVICE, session_bus, json.dumps(question)))
        assert "keyring" in answer
        assert "BORGDESK_SECRETS=file" in answer

    def test_a_keyring_that_never_answers_is_given_up(self, session_bus: dict[str, str], tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(tmp_path / "silent"))
            silent.listen()
            deaf = {**session_bus, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/silent"}
            question = [(str(tmp_path), "get", "repository:3", "PASSPHRASE")]
            impatient = "import borgdesk.store.secrets as s; s._PATIENCE = 0.5\n" + SERVICE
            (answer,) = json.loads(in_python(impatient, deaf, json.dumps(question)))
        assert "did not respond within" in answer
