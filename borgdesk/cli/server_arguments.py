"""Arguments about repositories on other machines: how they are reached, SSH keys and host keys."""

from __future__ import annotations

import argparse

from borgdesk.cli import values
from borgdesk.cli.arguments import Group, Parser
from borgdesk.translation import _


def add_connection(parser: Parser) -> None:
    """Add the options that say how a repository on another machine is reached."""
    _add_key(parser)
    parser.add_argument("--ssh-port", metavar="N", type=values.port, help=_("the port of its SSH server"))
    _add_jump_host(parser)
    _add_remote_path(parser)
    parser.add_argument("--append-only", action=argparse.BooleanOptionalAction,
                        help=_("the repository keeps the space of what is deleted, so do not compact"))  # fmt: skip


def add_servers(commands: Group) -> None:
    """Add ``ssh-key`` and ``host-key``."""
    keys = Group(commands.add("ssh-key", _("SSH keys that log in on other machines")), "action")
    keys.add("list", _("list the keys in ~/.ssh"))
    make = keys.add("make", _("make an ed25519 key without a passphrase; overwrites nothing"))
    make.add_argument("file", metavar="FILE", nargs="?", help=_("default: ~/.ssh/borgdesk_ed25519"))
    show = keys.add("show", _("print the authorized_keys line that limits a repository's key to that repository"))
    _add_server(show)
    _add_remote_path(show)
    show.add_argument("--append-only", action=argparse.BooleanOptionalAction,
                      help=_("let the server keep what is deleted"))  # fmt: skip

    hosts = Group(commands.add("host-key", _("the keys by which other machines are recognised")), "action")
    host = hosts.add(
        "show", _("show the keys of the hosts on the way to a repository; exit code 1 if one is not known")
    )
    accepted = hosts.add("accept", _("accept the key of a host that is not known yet; asks on a terminal"))
    accepted.add_argument("--fingerprint", metavar="F", type=values.not_empty,
                          help=_("accept it without asking if this is its fingerprint"))  # fmt: skip
    for command in (host, accepted):
        _add_server(command)
        _add_jump_host(command)


def _add_server(parser: Parser) -> None:
    parser.add_argument(
        "repository", metavar="REPO", help=_("a repository, or the location of one that is not added yet")
    )
    _add_key(parser)


def _add_key(parser: Parser) -> None:
    parser.add_argument("--ssh-key", metavar="FILE", type=values.ssh_key,
                        help=_("the private key to log in with, for a repository on another machine"))  # fmt: skip


def _add_jump_host(parser: Parser) -> None:
    parser.add_argument("--jump-host", metavar="HOST", type=values.jump_host,
                        help=_("connect through this host: user@host or user@host:port"))  # fmt: skip


def _add_remote_path(parser: Parser) -> None:
    parser.add_argument("--remote-path", metavar="PATH", type=values.remote_path,
                        help=_("the path of Borg on the other machine"))  # fmt: skip
