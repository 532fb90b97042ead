"""Cleans up and validates exclude patterns that users enter, and reports those that can never match."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from borgdesk.borg.item_path import UNKNOWN, with_contents
from borgdesk.borg.options import check_pattern
from borgdesk.domain.characters import is_readable
from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_STYLED = re.compile(r"(fm|sh|re|pp|pf):(.*)", re.DOTALL)
_RULE = re.compile(r"([-+!])(?:\s|(?:fm|sh|re|pp|pf):|(?<=!))")
_COMMENT = re.compile(r"#")
_WILDCARDS = re.compile(r"[*?\[]")
_ALTERNATIVES = re.compile(r"\{[^{}/]*,[^{}/]*\}")
_SHELL = re.compile(r"~|\$\{?[A-Za-z_]")
_FROM_ROOT = re.compile(r"(?:\(\?[a-z]+\))?\^/")


def tidied_pattern(text: str) -> str:
    """Return the pattern without surrounding whitespace and quotes, which a shell or a list would have removed.

    Raises:
        InvalidInput: it is a rule or comment from one of Borg's pattern files, or Borg does not accept it.
    """
    pattern = text.strip()
    if rule := _RULE.match(pattern):
        raise InvalidInput(
            _(
                "“{pattern}” is a rule from a Borg patterns file. Every pattern here excludes something: "
                "enter only what follows the “{rule}”, and leave out rules for what should be kept."
            ).format(pattern=pattern, rule=rule[1])
        )
    if _COMMENT.match(pattern):
        raise InvalidInput(
            _("“{pattern}” looks like a comment, but every line here is a pattern.").format(pattern=pattern)
        )
    styled = _STYLED.fullmatch(pattern)
    if styled is None:
        return check_pattern(_unquoted(pattern))
    if styled[1] == "re":
        return check_pattern(pattern)
    return check_pattern(f"{styled[1]}:{_unquoted(styled[2].strip())}")


def _unquoted(body: str) -> str:
    """Remove quotes: no path that is backed up begins with one."""
    quoted = re.fullmatch(r"""(["'])(.+)\1""", body, re.DOTALL)
    return quoted[2] if quoted else body


def exclude_of(path: str) -> str:
    """Return a pattern for a file or folder and everything in it; *path* is absolute, as Borg prints it."""
    inner = path.strip("/")
    pattern = f"pp:{inner}"
    # Spaces at the ends would be removed, and undecodable bytes are printed as question marks.
    if UNKNOWN not in inner and is_readable(inner) and inner == inner.strip():
        with suppress(InvalidInput):
            if tidied_pattern(pattern) == pattern:
                return pattern
    return with_contents(inner)


def remarks(patterns: Iterable[str], sources: Sequence[str]) -> list[str]:
    """Return a sentence for each pattern that cannot match anything in *sources* (absolute paths, as given to Borg)."""
    if not sources or any("/./" in source for source in sources):
        # Borg 1.4 strips what precedes ``/./``.
        return []
    roots = [posixpath.normpath(source).lstrip("/") for source in sources]
    return [remark for pattern in patterns if (remark := _remark(pattern, roots))]


def _remark(pattern: str, roots: Sequence[str]) -> str:
    styled = _STYLED.fullmatch(pattern)
    style, body = (styled[1], styled[2]) if styled else ("fm", pattern)
    if style == "re":
        if not _FROM_ROOT.match(body):
            return ""
        return _("“{pattern}” excludes nothing: paths in Borg do not begin with “/”.").format(pattern=pattern)
    if style in ("fm", "sh") and _ALTERNATIVES.search(body):
        return _("“{pattern}” excludes nothing: Borg does not support {{a,b}}; use one line for each.").format(
            pattern=pattern
        )
    if any(_may_match(style, body, root) for root in roots):
        return ""
    if _SHELL.match(body):
        return _("“{pattern}” excludes nothing: Borg does not expand “{word}”, so enter the full path.").format(
            pattern=pattern, word=body.partition("/")[0]
        )
    name = body.rstrip("/")
    if name and "/" not in name:
        return _(
            "“{pattern}” excludes nothing: it matches only /{name} itself. To match that name anywhere, use "
            "“sh:**/{body}”."
        ).format(pattern=pattern, name=name, body=body)
    return _("“{pattern}” excludes nothing: no source has a path that begins like that.").format(pattern=pattern)


def _may_match(style: str, body: str, root: str) -> bool:
    """Return whether anything at or below *root* can match, judging by the part before the first wildcard."""
    path = posixpath.normpath(body).lstrip("/")
    below = f"{root}/" if root else ""
    if style == "pf":
        return path == root or path.startswith(below)
    wildcard = _WILDCARDS.search(path) if style in ("fm", "sh") else None
    # The root folder alone is a prefix of everything.
    literal = path[: wildcard.start()] if wildcard else f"{path}/".lstrip("/")
    return below.startswith(literal) or literal.startswith(below)
