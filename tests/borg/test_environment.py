"""Environment of Borg processes."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.environment import (
    INHERITED,
    Consent,
    PassphraseDescriptor,
    borg_environment,
    ssh_command,
    without_borg_variables,
)
from borgdesk.domain.server import Connection

OURS = {
    "LC_ALL": "C.UTF-8",
    "BORG_EXIT_CODES": "modern",
    "BORG_DISPLAY_PASSPHRASE": "no",
    "BORG_RSH": "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4",
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


@pytest.mark.parametrize("name", ["LC_ALL", "BORG_EXIT_CODES", "BORG_DISPLAY_PASSPHRASE"])
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
    assert {name: value for name, value in by_descriptor.items() if "PASS" in name} == {
        "BORG_PASSPHRASE_FD": "3",
        "BORG_DISPLAY_PASSPHRASE": "no",
    }


@pytest.mark.parametrize("consent", list(Consent))
def test_consent(consent: Consent) -> None:
    # Consent to a repair must be in capitals.
    answer = "YES" if consent is Consent.REPAIR else "yes"
    assert borg_environment({}, consents=[consent]) == {**OURS, consent.value: answer}


def test_a_repositorys_own_way_to_be_reached() -> None:
    environment = borg_environment({}, rsh="ssh -i key", remote_path="/opt/borg")
    assert (environment["BORG_RSH"], environment["BORG_REMOTE_PATH"]) == ("ssh -i key", "/opt/borg")


LIMITS = "-o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"


@pytest.mark.parametrize(
    ("own", "made"),
    [
        ("", f"ssh -o BatchMode=yes {LIMITS}"),
        ("  ", f"ssh -o BatchMode=yes {LIMITS}"),
        ("ssh -i '/a key' -J hop", f"ssh -o BatchMode=yes -i '/a key' -J hop {LIMITS}"),
        ("/usr/bin/ssh -o ConnectTimeout=5", f"/usr/bin/ssh -o BatchMode=yes -o ConnectTimeout=5 {LIMITS}"),
        ("sshpass -f /pw ssh -v", f"sshpass -f /pw ssh -o BatchMode=yes -v {LIMITS}"),
        ("/home/me/bin/through-the-tunnel.sh", "/home/me/bin/through-the-tunnel.sh"),
        ("ssh -i 'unfinished", "ssh -i 'unfinished"),
    ],
)
def test_the_users_way_to_call_ssh_is_completed(own: str, made: str) -> None:
    assert borg_environment({"BORG_RSH": own})["BORG_RSH"] == made


def test_a_jump_host_has_the_same_limits_and_no_questions() -> None:
    way = Connection(ssh_key="/a key", jump_host="me@hop:2222")
    words = shlex.split(ssh_command("ssh -F none", way))
    assert words[:6] == ["ssh", "-o", "BatchMode=yes", "-i", "/a key", "-o"]
    proxy = next(word for word in words if word.startswith("ProxyCommand="))
    assert shlex.split(proxy.removeprefix("ProxyCommand=")) == shlex.split(
        f"ssh -o BatchMode=yes -p 2222 -i '/a key' -F none {LIMITS} -W [%h]:%p me@hop"
    )


def test_what_ssh_would_replace_in_the_command_of_a_jump_host() -> None:
    proxy = ssh_command("ssh -i '/100%h'", Connection(jump_host="hop"))
    assert "-i /100%%h" in proxy
    assert "[%h]:%p hop" in proxy
