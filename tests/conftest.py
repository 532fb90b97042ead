"""Isolation of the tests from the user who runs them: all writable folders are below the test's ``tmp_path``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from borgdesk import logs, translation

# The speed of generating examples depends on the load of the machine, not on the code.
settings.register_profile("borgdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("borgdesk")

pytest_plugins = ("tests.engine.ssh_server", "tests.reports")
"""Modules whose fixtures tests in several folders use."""

_KEPT = ("BORGDESK_BORG",)


@pytest.fixture(autouse=True, scope="session")
def signals_as_in_a_terminal() -> Iterator[None]:
    """Let child processes start with default signal handling, even if ``nohup`` ignored SIGHUP, or ``&`` SIGINT.

    This process gets handlers that ignore the signals as before, which children do not inherit.
    """
    ignored = [number for number in (signal.SIGHUP, signal.SIGINT) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def isolation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the test's own home, XDG folders and state of Borg and BorgDesk, without any keyring or desktop."""
    for name in list(os.environ):
        foreign = name.startswith(("BORG_", "BORGDESK_", "XDG_")) and name not in _KEPT
        if foreign or name == "DBUS_SESSION_BUS_ADDRESS":
            monkeypatch.delenv(name)
    folders = {
        "HOME": "home",
        "XDG_CONFIG_HOME": "home/.config",
        "XDG_DATA_HOME": "home/.local/share",
        "XDG_STATE_HOME": "home/.local/state",
        "XDG_CACHE_HOME": "home/.cache",
        "XDG_RUNTIME_DIR": "home/.runtime",
        "BORGDESK_HOME": "borgdesk",
        "BORG_BASE_DIR": "borg-base",
    }
    for name, folder in folders.items():
        path = tmp_path / ".isolation" / folder
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(path))
    monkeypatch.setenv("BORG_SELFTEST", "disabled")
    # Tests expect the untranslated sentences, whatever the language of the machine.
    monkeypatch.setenv("LANGUAGE", translation.SOURCE)
    monkeypatch.setattr(translation, "_spoken", None)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/.isolation/no-bus")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    # A secret of one test may be a word that another test expects.
    monkeypatch.setattr(logs, "_hidden", set())
