"""Repository locations, parsed with the grammar that Borg 1.2 and 1.4 share."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from string import Formatter

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_SSH_PORT = 22
_PORTS = range(1, 65536)
_USER = r"(?:(?P<user>[^@:/]+)@)?"
_HOST = r"(?P<host>(?!\[)[^:/]+(?<!\])|\[[0-9a-fA-F:.]+\])"
_PATH = r"(?:[^:]|:(?!:))+"
_SSH = re.compile(rf"ssh://{_USER}{_HOST}(?::(?P<port>[0-9]+))?(?P<path>/{_PATH})", re.DOTALL)
_OF_A_SHELL = re.compile(r"[\0-\x1f\x7f'`\";&<>|(){}]")
"""What ssh refuses in users and hosts, in newer versions: it fills them into commands, for jump hosts."""
_SCP = re.compile(rf"{_USER}{_HOST}:(?!:|//|ssh://)(?P<path>{_PATH})", re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://+(.*)", re.DOTALL)
_PORT_FOR_A_FOLDER = re.compile(r"[0-9]{1,5}/.")
_SHELL = re.compile(r"(~[^/]*|\$\{?[A-Za-z_]\w*\}?)(/|\Z)")
_BY_SSH = ("sftp", "scp", "rsync", "ssh+git", "fish", "sshfs")
_HERE = ("hostname", "fqdn", "reverse-fqdn", "user")
_CHANGING = (
    "now", "utcnow", "unixtime", "pid", "uuid4", "borgversion", "borgmajor", "borgminor", "borgpatch",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed location."""

    path: str
    """As the remote side sees it: a path beginning with ``/./`` or ``/~`` is relative to the user's home there."""
    user: str | None = None
    host: str | None = None
    """None for a local path; an IPv6 address includes its brackets."""
    port: int | None = None

    def canonical(self) -> str:
        """Return one spelling for equivalent ones: scp and ssh syntax, default port, slashes, ``.`` and ``..``."""
        if self.host is None:
            return self.path
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port not in (None, _SSH_PORT) else ""
        return f"ssh://{user}{self.host.lower()}{port}{self.path}"


def parse_location(text: str) -> Location:
    """Parse *text* as Borg does.

    Raises:
        InvalidInput: Borg does not accept it, or takes it for something that nobody means; the sentence says why, and
            how to write it.
    """
    plain = _without_placeholders(text)
    if match := _SSH.fullmatch(plain):
        return _remote(text, match, _of_ssh(_checked_end(text, match["path"])))
    if plain.startswith("file://"):
        return Location(_normalized(_of_file(text, plain)))
    if match := _SCHEME.fullmatch(plain):
        raise InvalidInput(_other_scheme(text, match[1].lower(), match[2]))
    if plain.startswith("/"):
        return Location(_normalized(_checked_end(text, plain)))
    if match := _SCP.fullmatch(plain):
        return _remote(text, match, _of_scp(text, match))
    raise InvalidInput(_neither(text, plain))


def with_home(text: str, home: str) -> str:
    """Replace a leading ``~`` in a location with the folder *home*, as a shell would have done."""
    text = text.strip()
    return escaped(home) + text[1:] if text == "~" or text.startswith("~/") else text


def escaped(path: str) -> str:
    """Return a path as a location, with doubled braces, since Borg takes single ones for placeholders."""
    return path.replace("{", "{{").replace("}", "}}")


def _without_placeholders(text: str) -> str:
    """Replace doubled braces with single ones."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        raise InvalidInput(
            _("A brace in “{text}” is not closed. To use a literal brace, double it: {{{{ or }}}}.").format(text=text)
        ) from None
    for _literal, name, _spec, _conversion in fields:
        if name is None:
            continue
        if name in _HERE:
            raise InvalidInput(
                _(
                    "“{text}” has a placeholder, but a repository stays in one place: enter the value of "
                    "{{{name}}} instead."
                ).format(text=text, name=name)
            )
        if name in _CHANGING:
            raise InvalidInput(
                _("“{text}” has a placeholder: with {{{name}}} the location would change with every run.").format(
                    text=text, name=name
                )
            )
        raise InvalidInput(
            _(
                "Borg reads {{{name}}} in “{text}” as a placeholder. If it is part of a name, enter {{{{{name}}}}}."
            ).format(name=name, text=text)
        )
    return "".join(literal for literal, *_rest in fields)


def _remote(text: str, match: re.Match[str], path: str) -> Location:
    user, host = match["user"], match["host"]
    port = int(match["port"]) if "port" in match.groupdict() and match["port"] else None
    if any(part.startswith("-") or re.search(r"\s", part) for part in (user or "", host)):
        raise InvalidInput(
            _("“{text}” has no valid host: a host name cannot begin with “-” or contain a space.").format(text=text)
        )
    if found := _OF_A_SHELL.search(f"{user or ''}{host}"):
        raise InvalidInput(_("“{text}” has no valid host: a host name cannot contain {letter!r}.").format(
            text=text, letter=found[0]
        ))  # fmt: skip
    if port is not None and port not in _PORTS:
        raise InvalidInput(
            _("“{text}” has no valid port: it must be between {lowest} and {highest}.").format(
                text=text, lowest=_PORTS[0], highest=_PORTS[-1]
            )
        )
    return Location(path, user, host, port)


def _of_ssh(path: str) -> str:
    """Normalise the path of an ssh location as Borg does, keeping relative paths relative."""
    if path.startswith("/./"):
        return "/." + _normalized(path)
    return _from_home(_normalized(path))


def _from_home(path: str) -> str:
    """Write ``/~/`` and ``/./``, which are equivalent, in one way."""
    return "/./" + path[3:] if path.startswith("/~/") else path


def _of_scp(text: str, match: re.Match[str]) -> str:
    path = _checked_end(text, match["path"])
    if _PORT_FOR_A_FOLDER.match(path):
        port, _slash, rest = path.partition("/")
        whom = f"{match['user']}@{match['host']}" if match["user"] else match["host"]
        raise InvalidInput(
            _(
                "“{text}” is not a valid location with a port: enter ssh://{whom}:{port}/{rest}, or "
                "ssh://{whom}/./{path} for a folder called {port}."
            ).format(text=text, whom=whom, port=port, rest=rest, path=path)
        )
    if path.startswith("/"):
        return _of_ssh(path)
    path = posixpath.normpath(path)
    return _from_home(f"/{path}") if path.startswith("~") else f"/./{path}"


def _of_file(text: str, plain: str) -> str:
    path = plain.removeprefix("file://")
    if not path.startswith("/"):
        raise InvalidInput(
            _("“{text}” is not an absolute path: enter file:///{path}, or just the path.").format(
                text=text, path=path.lstrip("/")
            )
        )
    return _checked_end(text, path)


def _checked_end(text: str, path: str) -> str:
    if "::" in path:
        raise InvalidInput(_("The location must not include an archive (“::”)."))
    if path.endswith(":"):
        raise InvalidInput(
            _("“{text}” ends in a colon, which Borg reads as the start of an archive name.").format(text=text)
        )
    return path


def _normalized(path: str) -> str:
    """Remove superfluous slashes and dots, and a second leading slash, which Borg rejects."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _other_scheme(text: str, scheme: str, rest: str) -> str:
    if scheme == "ssh":
        return _("“{text}” is not a location Borg supports: an address has the form ssh://user@host:port/path.").format(
            text=text
        )
    if scheme in _BY_SSH:
        return _(
            "“{text}” is not a location Borg supports: Borg connects to other machines over SSH and must be installed "
            "there. Enter ssh://{rest}."
        ).format(text=text, rest=rest)
    return _(
        "“{text}” is not a location Borg supports: mount it and enter the mount point, or enter ssh://{rest} if Borg "
        "is "
        "installed there."
    ).format(text=text, rest=rest)


def _neither(text: str, plain: str) -> str:
    if "::" in plain:
        return _("The location must not include an archive (“::”).")
    if _SHELL.match(plain):
        return _("“{text}” is not a location: Borg does not expand “{word}”, so enter the full path.").format(
            text=text, word=plain.partition("/")[0]
        )
    return _("“{text}” is not a location: enter an absolute path, or ssh://user@host:port/path.").format(text=text)
