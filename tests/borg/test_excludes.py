"""Excludes that never match, compared with what the installed Borg, or BORGDESK_BORG, leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from borgdesk.borg.excludes import remarks, tidied_pattern
from borgdesk.borg.output import FileStatus, OutputReader
from borgdesk.domain.errors import InvalidInput
from tests.borg.lab import Lab
from tests.real_borg import borg_program


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [
        (" *.tmp ", "*.tmp"),
        ("\t*.tmp", "*.tmp"),
        ('"*.tmp"', "*.tmp"),
        ("'/home/me/a b'", "/home/me/a b"),
        (' sh: "**/x" ', "sh:**/x"),
        ("pp: /home/me", "pp:/home/me"),
        ("re: x ", "re: x"),
        ('re:"x"', 're:"x"'),
        ("re:^-", "re:^-"),
        ("*/-x", "*/-x"),
        ('"', '"'),
        ("*.tmp", "*.tmp"),
    ],
)
def test_tidied(typed: str, tidied: str) -> None:
    assert tidied_pattern(typed) == tidied
    assert tidied_pattern(tidied) == tidied


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("- *.tmp", "what follows the “-”"),
        ("+ *.tmp", "what follows the “+”"),
        ("! *.tmp", "what follows the “!”"),
        ("!*.tmp", "what follows the “!”"),
        ("-sh:**/x", "what follows the “-”"),
        ("# caches", "looks like a comment"),
        ("#caches", "looks like a comment"),
        ("", "is empty"),
        ("sh: ", "is empty"),
        ("re:[", "not valid"),
        ("xx:abc", "not a pattern style"),
    ],
)
def test_refused(typed: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        tidied_pattern(typed)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(borg_program(), tmp_path)
    for name in ("docs/.cache/x", "docs/node_modules/y", "docs/a.tmp", "docs/deep/er/b.tmp", "docs/~/z", "docs/-x"):
        file = lab.source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    lab.init()
    return lab


def left_out(lab: Lab, pattern: str) -> set[str]:
    """Return the paths of the source that Borg leaves out for a pattern."""
    command = lab.borg.create(lab.repository, lab.options(excludes=(pattern,)))
    argv = [word for word in command.argv if word != "--json" and not word.startswith("--filter")]
    answer = lab.must(type(command)(command.operation, (*argv[:2], "--dry-run", *argv[2:]), command.env))
    reader = OutputReader()
    events = reader.feed(answer.stderr) + reader.finish()
    return {event.path for event in events if isinstance(event, FileStatus) and event.status == "x"}


MATCHES = [
    "*.tmp", "sh:**/.cache", "*/node_modules", "**/node_modules", "{source}/docs", "{source}/docs/", "{source}/d?cs",
    "pp:{source}/docs", "pf:{source}/docs/a.tmp", "re:\\.tmp$", "sh:{source}/**/b.tmp", "fm:*/~/*", "{source}",
    "{parent}", "/*", "re:{relative}", "{source}//docs/./x/..", "*/-x", "sh:/**/*.tmp", "[a-z]*.tmp",
    "/", "pp:/", "sh:/", "fm://",
]  # fmt: skip
NEVER = [
    ("node_modules", "use “sh:**/node_modules”."),
    (".cache/", "use “sh:**/.cache/”."),
    ("docs/.cache", "no source has a path that begins like that."),
    ("/elsewhere/*", "no source has a path that begins like that."),
    ("{source}x/*", "no source has a path that begins like that."),
    ("pf:{parent}", "no source has a path that begins like that."),
    ("pf:/", "no source has a path that begins like that."),
    ("pp:docs", "use “sh:**/docs”."),
    ("~/docs", "does not expand “~”, so enter the full path."),
    ("$HOME/docs", "does not expand “$HOME”, so enter the full path."),
    ("re:^/", "paths in Borg do not begin with “/”."),
    ("*.{{tmp,bak}}", "Borg does not support {a,b}"),
    ("-x", "use “sh:**/-x”."),
]


@pytest.mark.parametrize("template", MATCHES)
def test_of_those_that_match_nothing_is_said(lab: Lab, template: str) -> None:
    pattern = filled(template, lab)
    assert left_out(lab, pattern)
    assert remarks([pattern], [str(lab.source)]) == []


@pytest.mark.parametrize(("template", "words"), NEVER)
def test_of_those_that_never_match_it_is_said(lab: Lab, template: str, words: str) -> None:
    pattern = filled(template, lab)
    assert left_out(lab, pattern) == set()
    (remark,) = remarks([pattern], [str(lab.source)])
    assert remark.startswith(f"“{pattern}” excludes nothing: ")
    assert words in remark


def filled(template: str, lab: Lab) -> str:
    source = str(lab.source)
    return (
        template.replace("{source}", source)
        .replace("{parent}", str(lab.source.parent))
        .replace("{relative}", source.lstrip("/"))
        .replace("{{", "{")
        .replace("}}", "}")
    )


def test_with_several_sources_and_the_root() -> None:
    assert remarks(["/home/me/*", "/srv/x"], ["/srv", "/home"]) == []
    assert remarks(["/anything", "x"], ["/"]) == []
    assert remarks(["x"], []) == []
    assert remarks(["keep"], ["/strip/./keep"]) == []


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "pf:/home",
            "pf:/home/",
            "pf:/home/a",
            "pp:/home",
            "pp:/home/a",
            "pp:/",
            "/",
            "sh:/",
            "fm:/home/*",
            "/home/a",
            "/home",
        ),
        *("sh:/home/**/x", "sh:**/x", "*x", "fm:/h*", "/ho?e/x", "[h]ome", "re:x", "re:^home", "re:(?i)home"),
        *("pp:/home/[x]", "/home/{a}", "sh:/home/{a/b,c}", "re:{a,b}"),
    ],
)
def test_what_may_match(pattern: str) -> None:
    assert remarks([pattern], ["/home"]) == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        *((pattern, "no source has a path") for pattern in ("pf:/", "pf:/hom", "pf:/homes/a", "/hom/", "/homes/x")),
        *((pattern, "no source has a path") for pattern in ("pp:/*/x", "pp:/h", "sh:/h/**", "fm:/homes/*", "/a/*")),
        *((pattern, "To match that name anywhere") for pattern in ("x", "x/", "-x", "xy")),
        ("~/x", "does not expand “~”"),
        ("${HOME}/x", "does not expand “${HOME}”"),
        ("re:^/home", "do not begin with “/”"),
        ("re:(?i)^/home", "do not begin with “/”"),
        ("*.{a,b}", "Borg does not support {a,b}"),
        ("sh:/home/{a,b}", "Borg does not support {a,b}"),
    ],
)
def test_what_matches_nothing(pattern: str, words: str) -> None:
    (remark,) = remarks([pattern], ["/home/"])
    assert remark.startswith(f"“{pattern}” excludes nothing: ")
    assert words in remark


def test_only_those_that_match_nothing_are_named() -> None:
    assert [remark.split(" ")[0] for remark in remarks(["*.o", "x", "pf:/home", "y"], ["/srv", "/home"])] == [
        "“x”",
        "“y”",
    ]
