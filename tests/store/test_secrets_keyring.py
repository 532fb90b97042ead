"""Keyring within this process: the calls to it, and the messages when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.paths import Paths
from borgdesk.store.secrets import Secrets

INSIST = {"BORGDESK_SECRETS": "keyring"}


class Kept(KeyringBackend):
    """Stores passwords in memory, and raises *trouble* if it is set."""

    priority = 1.0
    name = "test keyring"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.passwords: dict[tuple[str, str], str] = {}
        self.trouble: BaseException | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.trouble is not None:
            raise self.trouble
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


class Poor(Kept):
    """A keyring of low priority."""

    priority = 0.9


@pytest.fixture
def use() -> Iterator[Callable[[KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def backend(use: Callable[[KeyringBackend], None]) -> Kept:
    backend = Kept()
    use(backend)
    return backend


def test_values_are_kept_by_service_owner_and_name(backend: Kept, paths: Paths, tmp_path: Path) -> None:
    trial, real = Secrets(paths, {}), Secrets(Paths(*(tmp_path / name for name in "abcd")), {})
    trial.set("repository:3", "PASSPHRASE", "x")
    real.set("repository:3", "PASSPHRASE", "y")
    assert backend.passwords == {
        (f"BorgDesk ({paths.home})", "repository:3/PASSPHRASE"): "x",
        ("BorgDesk", "repository:3/PASSPHRASE"): "y",
    }
    assert (trial.get("repository:3", "PASSPHRASE"), trial.get("repository:3", "OTHER")) == ("x", None)
    assert trial.where == "the system keyring (test keyring)"
    trial.delete("repository:3", "OTHER")
    real.delete("repository:3", "PASSPHRASE")
    assert list(backend.passwords.values()) == ["x"]


def test_a_keyring_that_is_there_is_used_though_there_is_a_file(backend: Kept, paths: Paths) -> None:
    Secrets(paths, {}).keep_in_file()
    Secrets(paths, {}).set("a", "b", "c")
    assert list(backend.passwords.values()) == ["c"]


def test_what_is_for_lack_of_anything_better_is_not_used(use: Callable[[KeyringBackend], None], paths: Paths) -> None:
    use(Poor())
    with pytest.raises(SecretsUnavailable, match="There is no keyring on this system that can keep a secret"):
        Secrets(paths, INSIST).get("a", "b")
    assert Secrets(paths, {}).where.startswith("the file ")


def test_of_several_keyrings_the_first_counts(
    use: Callable[[KeyringBackend], None], paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Kept(), Poor()
    use(ChainerBackend())  # type: ignore[no-untyped-call]
    monkeypatch.setattr(ChainerBackend, "backends", [first, second])
    Secrets(paths, INSIST).set("a", "b", "c")
    assert (list(first.passwords.values()), second.passwords) == (["c"], {})
    monkeypatch.setattr(ChainerBackend, "backends", [])
    with pytest.raises(SecretsUnavailable, match="There is no keyring"):
        Secrets(paths, INSIST).get("a", "b")


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (KeyringLocked("x"), "The keyring is locked."),
        (RuntimeError("The bus\nis gone!."), "The keyring cannot be used: The bus is gone."),
        (RuntimeError(), "The keyring cannot be used: RuntimeError."),
        (TimeoutError(), "The keyring did not respond within 60 s. It may be waiting to be unlocked."),
    ],
)
def test_trouble_is_one_sentence_and_the_choices(
    backend: Kept, paths: Paths, trouble: Exception, sentence: str
) -> None:
    secrets = Secrets(paths, INSIST)
    backend.trouble = trouble
    with pytest.raises(SecretsUnavailable) as caught:
        secrets.get("a", "b")
    assert caught.value.sentence.startswith(f"{sentence} Unlock or install a keyring")
    backend.trouble = SecretsUnavailable("As it was said.")
    with pytest.raises(SecretsUnavailable, match=r"^As it was said\.$"):
        secrets.get("a", "b")
