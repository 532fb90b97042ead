"""The environment Borg is started with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.environment import (
    INHERITED,
    Consent,
    PassphraseCommand,
    PassphraseDescriptor,
    borg_environment,
    without_borg_variables,
)
from borgdesk.domain.errors import InvalidInput

OURS = {
    "LC_ALL": "C.UTF-8",
    "BORG_EXIT_CODES": "modern",
    "BORG_DISPLAY_PASSPHRASE": "no",
    "BORG_RSH": "ssh -o BatchMode=yes",
}


def test_the_users_variables_stay() -> None:
    assert borg_environment({"PATH": "/bin", "TZ": "Asia/Tokyo"}) == {"PATH": "/bin", "TZ": "Asia/Tokyo", **OURS}


@pytest.mark.parametrize(
    "name",
    [
        "BORG_REPO",
        "BORG_PASSPHRASE",
        "BORG_NEW_PASSPHRASE",
        "BORG_PASSCOMMAND",
        "BORG_PASSPHRASE_FD",
        "BORG_KEY_FILE",
        "BORG_REMOTE_PATH",
        "BORG_LOGGING_CONF",
        "BORG_CHECK_I_KNOW_WHAT_I_AM_DOING",
        "BORG_DELETE_I_KNOW_WHAT_I_AM_DOING",
        "BORG_RELOCATED_REPO_ACCESS_IS_OK",
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK",
    ],
)
def test_the_users_borg_variables_go(name: str) -> None:
    assert name not in borg_environment({name: "yes"})


@pytest.mark.parametrize("name", ["LC_ALL", "BORG_EXIT_CODES", "BORG_DISPLAY_PASSPHRASE", "BORG_RSH"])
def test_ours_win_over_the_users(name: str) -> None:
    assert borg_environment({name: "other"})[name] == OURS[name]


@pytest.mark.parametrize("name", sorted(INHERITED))
def test_where_borg_keeps_its_state_stays(name: str) -> None:
    assert borg_environment({name: "/x"})[name] == "/x"


@given(st.dictionaries(st.sampled_from(["BORG_", "BORG_X", "BORGDESK_HOME", "HOME", "BORG_BASE_DIR"]), st.text()))
def test_only_inherited_borg_variables_remain(base: dict[str, str]) -> None:
    kept = without_borg_variables(base)
    assert kept == {name: base[name] for name in base if name in ("BORGDESK_HOME", "HOME", "BORG_BASE_DIR")}


def test_the_base_is_not_changed() -> None:
    base = {"BORG_REPO": "/r"}
    borg_environment(base, passphrase=PassphraseDescriptor(3))
    assert base == {"BORG_REPO": "/r"}


def test_one_source_of_the_passphrase_at_most() -> None:
    base = {"BORG_PASSPHRASE": "a", "BORG_PASSCOMMAND": "b", "BORG_PASSPHRASE_FD": "9"}
    by_descriptor = borg_environment(base, passphrase=PassphraseDescriptor(3))
    by_command = borg_environment(base, passphrase=PassphraseCommand("cat /x"))
    assert {name: value for name, value in by_descriptor.items() if "PASS" in name} == {
        "BORG_PASSPHRASE_FD": "3",
        "BORG_DISPLAY_PASSPHRASE": "no",
    }
    assert {name: value for name, value in by_command.items() if "PASS" in name} == {
        "BORG_PASSCOMMAND": "cat /x",
        "BORG_DISPLAY_PASSPHRASE": "no",
    }


@pytest.mark.parametrize("consent", list(Consent))
def test_consent(consent: Consent) -> None:
    assert borg_environment({}, consents=[consent]) == {**OURS, consent.value: "yes"}


def test_a_repositorys_own_way_to_be_reached() -> None:
    environment = borg_environment({}, ssh_command="ssh -i key", remote_path="/opt/borg")
    assert (environment["BORG_RSH"], environment["BORG_REMOTE_PATH"]) == ("ssh -i key", "/opt/borg")


@pytest.mark.parametrize("command", ["", "  ", "a\0b"])
def test_passcommand_refuses(command: str) -> None:
    with pytest.raises(InvalidInput):
        PassphraseCommand(command)
