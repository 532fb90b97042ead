#!/usr/bin/env python3
"""Make a release: set the version everywhere, date the section of the changelog, test, commit, tag, and build.

usage: release.py VERSION

Nothing is changed unless the work tree is clean, the version is higher than the last tag, and the changelog has an
unreleased section with something in it. If the tests fail, the changes are taken back. Nothing is pushed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_UNRELEASED = re.compile(r"^## .*\(unreleased\)$\n+(?=\S)(?!## )", re.MULTILINE)
_BUILT = ("wheel", "deb", "tarball")


class Refused(Exception):
    """The release cannot be made; the message says why."""


def main() -> int:
    match sys.argv[1:]:
        case [version]:
            try:
                release(version)
            except Refused as refusal:
                print(f"release: {refusal}", file=sys.stderr)
                return 1
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 64


def release(version: str) -> None:
    """Carry out all steps.

    Raises:
        Refused: something is not as it has to be; nothing was changed.
    """
    check(version)
    set_version(version, datetime.now(UTC).date().isoformat())
    if subprocess.run(["make", "test"], cwd=ROOT, check=False).returncode != 0:
        git("checkout", "--quiet", "--", ".")
        raise Refused("the tests failed, so everything is as it was")
    git("commit", "--quiet", "--all", "--message", f"release: {version}")
    git("tag", "--annotate", f"v{version}", "--message", f"BorgDesk {version}")
    for target in _BUILT:
        subprocess.run(["make", target], cwd=ROOT, check=True)


def check(version: str) -> None:
    """Refuse what cannot become a release."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"“{version}” is not a version such as 1.2.3")
    if git("status", "--porcelain"):
        raise Refused("there are changes that are not committed")
    released = [parsed(tag) for tag in git("tag", "--list", "v*").split() if _VERSION.fullmatch(tag[1:])]
    if released and parsed(f"v{version}") <= max(released):
        raise Refused(f"{version} is not higher than {'.'.join(map(str, max(released)))}, which is released")
    if not _UNRELEASED.search((ROOT / "CHANGELOG.md").read_text()):
        raise Refused("CHANGELOG.md has no section “(unreleased)” with something in it")


def set_version(version: str, day: str) -> None:
    """Write the version and the day wherever they are told."""
    replace("pyproject.toml", r'^version = ".*"$', f'version = "{version}"')
    replace("borgdesk/domain/version.py", r'^VERSION = ".*"$', f'VERSION = "{version}"')
    replace("CHANGELOG.md", r"^## .*\(unreleased\)$", f"## {version} ({day})")
    entry = f'    <release version="{version}" date="{day}"/>\n'
    metainfo = "packaging/org.borgdesk.BorgDesk.metainfo.xml"
    if "<releases>" not in (ROOT / metainfo).read_text():
        replace(metainfo, r"^</component>$", "  <releases>\n  </releases>\n</component>")
    replace(metainfo, r"^  <releases>\n", f"  <releases>\n{entry}")


def replace(name: str, pattern: str, text: str) -> None:
    """Replace what must stand once in a file."""
    file = ROOT / name
    content, count = re.subn(pattern, lambda _: text, file.read_text(), count=1, flags=re.MULTILINE)
    if not count:
        raise Refused(f"{name} has no line like {pattern}")
    file.write_text(content)


def parsed(tag: str) -> tuple[int, ...]:
    """Return the numbers of a tag."""
    return tuple(map(int, tag[1:].split(".")))


def git(*arguments: str) -> str:
    """Return what git prints."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
