"""Stores secret values in the system keyring or, if configured, in a file that only its owner can read."""

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
from borgdesk.translation import N_, _

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_CHOICE = "BORGDESK_SECRETS"
_CHOICES = N_(
    "Unlock or install a keyring (GNOME Keyring, KWallet, KeePassXC), use a passcommand, or "
    "set {choice}=file to keep secrets in a file that only you can read."
)
_USABLE_PRIORITY = 1
"""Backends of lower priority are last resorts; some of them write plain text (keyring's documentation)."""

_PATIENCE = 60.0
"""Seconds to wait for the keyring: enough to type its password."""

_Result = TypeVar("_Result")


class _SecretBackend(Protocol):
    """A storage of secrets."""

    @property
    def where(self) -> str: ...

    def get(self, owner: str, name: str) -> str | None: ...

    def set(self, owner: str, name: str, value: str) -> None: ...

    def delete(self, owner: str, name: str) -> None: ...


class Secrets:
    """Secret values by owner (``repository:3``, ``assignment:7``) and name. Never part of the database.

    The keyring is looked up at first use. Without one, secrets go to a file only if that was chosen: by
    :meth:`keep_in_file`, by ``BORGDESK_SECRETS=file``, or by ``BORGDESK_HOME``, which puts all folders into a test
    directory. Methods that need a backend raise :class:`SecretsUnavailable` if there is none; the message lists the
    user's choices.
    """

    def __init__(self, paths: Paths, environment: Mapping[str, str]) -> None:
        self._paths = paths
        self._choice = environment.get(_CHOICE, "")
        self._found: _SecretBackend | None = None

    @property
    def where(self) -> str:
        """Return a description of where secrets are stored, for a user who has just entered one."""
        return self._place().where

    def get(self, owner: str, name: str) -> str | None:
        """Return the value, or None if none was set."""
        return self._place().get(owner, name)

    def set(self, owner: str, name: str, value: str) -> None:
        """Set a value, replacing an older one."""
        self._place().set(owner, name, value)

    def delete(self, owner: str, name: str) -> None:
        """Delete a value; it is no error if there is none."""
        self._place().delete(owner, name)

    def delete_all(self, owner: str, names: Iterable[str]) -> None:
        """Delete several values of an owner that is being removed; without names, no keyring is needed."""
        for name in names:
            self.delete(owner, name)

    def _place(self) -> _SecretBackend:
        if self._found is None:
            self._found = self._find()
        return self._found

    def keep_in_file(self) -> str:
        """Store secrets in a file from now on, as the user chose since there is no keyring; return where, in words.

        The existence of the file records the choice: it is used whenever there is no keyring.

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

    def _find(self) -> _SecretBackend:
        if self._choice not in ("", "file", "keyring"):
            raise SecretsUnavailable(
                _("{variable} is “{value}”: it must be “file” or “keyring”.").format(
                    variable=_CHOICE, value=self._choice
                )
            )
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
    """The system keyring, accessed through the ``keyring`` package."""

    def __init__(self, service: str) -> None:
        self._backend = _asked(_usable_backend)
        self._service = service

    @property
    def where(self) -> str:
        return _("the system keyring ({backend})").format(backend=self._backend.name)

    def get(self, owner: str, name: str) -> str | None:
        return _asked(lambda: self._backend.get_password(self._service, f"{owner}/{name}"))

    def set(self, owner: str, name: str, value: str) -> None:
        _asked(lambda: self._backend.set_password(self._service, f"{owner}/{name}", value))

    def delete(self, owner: str, name: str) -> None:
        if self.get(owner, name) is not None:
            _asked(lambda: self._backend.delete_password(self._service, f"{owner}/{name}"))


def _usable_backend() -> KeyringBackend:
    # Slow to import: it searches for all possible backends.
    import keyring
    from keyring.backends.chainer import ChainerBackend

    backend = keyring.get_keyring()
    first = next(iter(backend.backends), None) if isinstance(backend, ChainerBackend) else backend
    if first is None or first.priority < _USABLE_PRIORITY:
        raise SecretsUnavailable(
            _("There is no keyring on this system that can keep a secret. {choices}").format(choices=_choices())
        )
    return first


def _asked(question: Callable[[], _Result]) -> _Result:
    """Return the keyring's answer within a minute; all failures raise an error with one sentence.

    A locked keyring asks the user for its password, and waits for ever if nobody is there. Services that have to be
    started again must not wait with it.
    """
    answer: Future[_Result] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:
            answer.set_exception(error)

    # Not an executor: the interpreter would wait at exit for a thread that never returns.
    Thread(target=ask, name="keyring", daemon=True).start()
    try:
        return answer.result(_PATIENCE)
    except SecretsUnavailable:
        raise
    except Exception as error:
        raise SecretsUnavailable(f"{_in_words(error)} {_choices()}") from error


def _choices() -> str:
    return _(_CHOICES).format(choice=_CHOICE)


def _in_words(error: Exception) -> str:
    from keyring.errors import KeyringLocked

    if isinstance(error, TimeoutError):
        return _("The keyring did not respond within {seconds:.0f} s. It may be waiting to be unlocked.").format(
            seconds=_PATIENCE
        )
    if isinstance(error, KeyringLocked):
        return _("The keyring is locked.")
    # Backends raise whatever their libraries raise: D-Bus errors, ImportError, RuntimeError.
    detail = " ".join(str(error).split()).rstrip(".!") or type(error).__name__
    return _("The keyring cannot be used: {detail}.").format(detail=detail)


class _SecretsFile:
    """A JSON file that maps owner and name to a value."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def where(self) -> str:
        return _("the file {path}, unencrypted, readable only by you").format(path=self._path)

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
        """Yield the content to be changed, under a lock; it is then written atomically."""
        try:
            files.make_folder(self._path.parent)
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SecretsUnavailable(
                _("Secrets cannot be kept in {path}: {error}.").format(path=self._path, error=error.strerror)
            ) from error
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
            raise SecretsUnavailable(
                _("The secrets in {path} cannot be read: {error}.").format(path=self._path, error=error.strerror)
            ) from error
        except ValueError:
            found = None
        if not _is_two_levels(found):
            raise SecretsUnavailable(
                _("The file {path} is not a valid file of secrets. Move it away.").format(path=self._path)
            )
        return found


def _is_two_levels(found: object) -> TypeGuard[dict[str, dict[str, str]]]:
    return isinstance(found, dict) and all(
        isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
        for values in found.values()
    )
