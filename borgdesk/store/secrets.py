"""Where secret values are kept: the system's keyring, or, when that was chosen, a file only its owner can read."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol, TypeGuard, TypeVar

from borgdesk.domain.errors import SecretsUnavailable, StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store import files

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_CHOICE = "BORGDESK_SECRETS"
_CHOICES = (
    "Unlock or install a keyring (GNOME Keyring, KWallet, KeePassXC), use a passcommand, or set "
    f"{_CHOICE}=file to keep secrets in a file that only you can read."
)
_USABLE_PRIORITY = 1
"""Backends below are for lack of anything better; some of them write plain text (keyring's documentation)."""

_PATIENCE = 60.0
"""Seconds to wait for the keyring: enough to type its password."""

_Result = TypeVar("_Result")


class _Place(Protocol):
    """Something that keeps secrets."""

    @property
    def where(self) -> str: ...

    def get(self, owner: str, name: str) -> str | None: ...

    def set(self, owner: str, name: str, value: str) -> None: ...

    def delete(self, owner: str, name: str) -> None: ...


class Secrets:
    """Secret values by owner (``repository:3``, ``assignment:7``) and name. Never part of the database.

    The keyring is asked for at first use. Without one, secrets go to a file only where that was chosen: by
    :meth:`keep_in_file`, by ``BORGDESK_SECRETS=file``, or in a trial whose folders are all below ``BORGDESK_HOME``.
    Every method that needs the place raises :class:`SecretsUnavailable` when there is none, with the choices people
    have.
    """

    def __init__(self, paths: Paths, environment: Mapping[str, str]) -> None:
        self._paths = paths
        self._choice = environment.get(_CHOICE, "")
        self._found: _Place | None = None

    @property
    def where(self) -> str:
        """In words, where secrets are kept: for whoever has just given one."""
        return self._place().where

    def get(self, owner: str, name: str) -> str | None:
        """The value; None where none was set."""
        return self._place().get(owner, name)

    def set(self, owner: str, name: str, value: str) -> None:
        """Keep a value, in the place of an older one."""
        self._place().set(owner, name, value)

    def delete(self, owner: str, name: str) -> None:
        """Forget a value; one that was never set is no error."""
        self._place().delete(owner, name)

    def delete_all(self, owner: str, names: Iterable[str]) -> None:
        """Forget several values of an owner that is going away; without names, nobody is asked for a keyring."""
        for name in names:
            self.delete(owner, name)

    def _place(self) -> _Place:
        if self._found is None:
            self._found = self._find()
        return self._found

    def keep_in_file(self) -> str:
        """Keep secrets in a file from now on, since there is no keyring and the user wants it so; where, in words.

        The file is the choice: while there is one, it is used whenever there is no keyring.

        Raises:
            SecretsUnavailable: the file cannot be written.
        """
        file = _SecretsFile(self._file)
        file.make()
        self._found = file
        return file.where

    @property
    def _file(self) -> Path:
        return self._paths.config / "secrets.json"

    def _find(self) -> _Place:
        if self._choice not in ("", "file", "keyring"):
            raise SecretsUnavailable(f"{_CHOICE} is “{self._choice}”: it must be “file” or “keyring”.")
        if self._choice == "file":
            return _SecretsFile(self._file)
        home = self._paths.home
        try:
            return _Keyring("BorgDesk" if home is None else f"BorgDesk ({home})")
        except SecretsUnavailable:
            if self._choice == "keyring" or (home is None and not self._file.exists()):
                raise
            return _SecretsFile(self._file)


class _Keyring:
    """The system's keyring, through the ``keyring`` package."""

    def __init__(self, service: str) -> None:
        self._backend = _asked(_usable_backend)
        self._service = service

    @property
    def where(self) -> str:
        return f"the system keyring ({self._backend.name})"

    def get(self, owner: str, name: str) -> str | None:
        return _asked(lambda: self._backend.get_password(self._service, f"{owner}/{name}"))

    def set(self, owner: str, name: str, value: str) -> None:
        _asked(lambda: self._backend.set_password(self._service, f"{owner}/{name}", value))

    def delete(self, owner: str, name: str) -> None:
        if self.get(owner, name) is not None:
            _asked(lambda: self._backend.delete_password(self._service, f"{owner}/{name}"))


def _usable_backend() -> KeyringBackend:
    # Takes a while, since it looks for every backend there may be.
    import keyring
    from keyring.backends.chainer import ChainerBackend

    backend = keyring.get_keyring()
    first = next(iter(backend.backends), None) if isinstance(backend, ChainerBackend) else backend
    if first is None or first.priority < _USABLE_PRIORITY:
        raise SecretsUnavailable(f"There is no keyring on this system that can keep a secret. {_CHOICES}")
    return first


def _asked(question: Callable[[], _Result]) -> _Result:
    """The keyring's answer, within a minute; whatever else comes of it is told in one sentence.

    A keyring that is locked asks the user for its password and waits, for ever when nobody is there. Services that
    are to be started again must not wait with it.
    """
    answer: Future[_Result] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:
            answer.set_exception(error)

    # Not an executor: the interpreter would wait at its end for a thread that never comes back.
    Thread(target=ask, name="keyring", daemon=True).start()
    try:
        return answer.result(_PATIENCE)
    except SecretsUnavailable:
        raise
    except Exception as error:
        raise SecretsUnavailable(f"{_in_words(error)} {_CHOICES}") from error


def _in_words(error: Exception) -> str:
    from keyring.errors import KeyringLocked

    if isinstance(error, TimeoutError):
        return f"The keyring did not answer within {_PATIENCE:.0f} s; perhaps it waits to be unlocked."
    if isinstance(error, KeyringLocked):
        return "The keyring is locked."
    # Backends raise what their libraries raise: D-Bus errors, ImportError, RuntimeError.
    detail = " ".join(str(error).split()).rstrip(".!") or type(error).__name__
    return f"The keyring cannot be used: {detail}."


class _SecretsFile:
    """A JSON file: owner, name, value."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def where(self) -> str:
        return f"the file {self._path}, unencrypted, readable by you only"

    def make(self) -> None:
        with self._changed():
            pass

    def get(self, owner: str, name: str) -> str | None:
        return self._read().get(owner, {}).get(name)

    def set(self, owner: str, name: str, value: str) -> None:
        with self._changed() as secrets:
            secrets.setdefault(owner, {})[name] = value

    def delete(self, owner: str, name: str) -> None:
        if self.get(owner, name) is None:
            return
        with self._changed() as secrets:
            secrets.get(owner, {}).pop(name, None)
            if not secrets.get(owner):
                secrets.pop(owner, None)

    @contextmanager
    def _changed(self) -> Iterator[dict[str, dict[str, str]]]:
        """The content, changed by one process at a time and written whole."""
        try:
            files.make_folder(self._path.parent)
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SecretsUnavailable(f"Secrets cannot be kept in {self._path}: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            secrets = self._read()
            yield secrets
            files.write(self._path, json.dumps(secrets, indent=1, sort_keys=True).encode() + b"\n", 0o600)
        except StoreUnusable as error:
            raise SecretsUnavailable(str(error)) from error
        finally:
            os.close(lock)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretsUnavailable(f"The secrets in {self._path} cannot be read: {error.strerror}.") from error
        except ValueError:
            found = None
        if not _is_two_levels(found):
            raise SecretsUnavailable(f"The file {self._path} is not a file of secrets any more; move it away.")
        return found


def _is_two_levels(found: object) -> TypeGuard[dict[str, dict[str, str]]]:
    return isinstance(found, dict) and all(
        isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        for values in found.values()
    )
