"""Nothing of the user who runs the tests is touched: every folder a test may write to is below its own ``tmp_path``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_KEPT = ("BORGDESK_BORG",)


@pytest.fixture(autouse=True)
def isolation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home, XDG folders, Borg's state and BorgDesk's own are the test's; no keyring and no desktop can be reached."""
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
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/.isolation/no-bus")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
