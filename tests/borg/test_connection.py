"""Explanations of connection errors, by their messages; ``engine/borg_calls/test_ssh_diagnosis.py`` uses a server."""

from __future__ import annotations

import pytest

from borgdesk.borg.connection import connection_sentence, missing_ssh


@pytest.mark.parametrize(
    ("line", "beginning"),
    [
        ("ssh: connect to host a port 22: No route to host", "The host is unreachable"),
        ("ssh: connect to host a port 22: Network is unreachable", "The host is unreachable"),
        ("ssh: connect to host a port 22: Connection timed out", "The host did not respond within 30 seconds"),
        (
            "Timeout, server 127.0.0.1 not responding.",
            "The host stopped responding, and the connection was closed after 75 seconds",
        ),
        ("sh: 1: borg: not found", "Borg was not found on the host"),
        ("zsh:1: command not found: ls", None),
        ("bash: /opt/borg: No such file or directory", "Borg was not found on the host"),
        (
            "Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures",
            "The host refused the login be",
        ),
        ("kex_exchange_identification: Connection closed by remote host", "The host closed the connection"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "The host key has changed"),
        ("Host key verification failed.", "The host key is not known yet"),
        ("@ WARNING: UNPROTECTED PRIVATE KEY FILE! @", "ssh refuses to use a file that others can read"),
        ("Bad owner or permissions on /home/me/.ssh/config", "ssh refuses to use a file that others can read"),
        ("me@host: Permission denied (publickey,password).", "The host refused the login. Check that your public key"),
        ("ssh: Could not resolve hostname nas: Name or service not known", "The host was not found"),
        ("ssh: connect to host a port 22: Connection refused", "The host refused the connection"),
        ("Connection reset by 1.2.3.4 port 22", "The host closed the connection"),
        ("Unable to negotiate with a port 22: no matching host key type found.", "ssh here and on the host have no"),
        ("Welcome to this host. Be kind.", None),
        ("PermissionError: [Errno 13] Permission denied: '/srv'", None),
    ],
)
def test_what_ssh_says(line: str, beginning: str | None) -> None:
    said = connection_sentence(line)
    assert said is None if beginning is None else (said or "").startswith(beginning)


@pytest.mark.parametrize("program", ["ssh", "/opt/bin/ssh", "sshpass"])
def test_no_ssh_on_this_machine(program: str) -> None:
    said = missing_ssh(f"FileNotFoundError: [Errno 2] No such file or directory: '{program}'")
    assert said == f"{program} is not installed. Install the package openssh-client."


@pytest.mark.parametrize("exception", ["", "KeyError: 'ssh'", "FileNotFoundError: No such file or directory: '/srv'"])
def test_other_exceptions_are_not_about_ssh(exception: str) -> None:
    assert missing_ssh(exception) is None
