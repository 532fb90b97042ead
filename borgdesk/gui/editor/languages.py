"""Languages of scripts: how to recognise them, their comments, and the roles of their lexers' styles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from borgdesk.translation import N_


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the editor knows."""

    name: str
    """Displayed name; a proper name, not translated."""
    lexer: str = ""
    """Name of QScintilla's lexer class; empty for none."""
    comment: str = ""
    """The sign that begins a comment up to the line end; empty if there is none."""
    interpreters: tuple[str, ...] = ()
    """Program names in a shebang, without version number."""
    suffixes: tuple[str, ...] = ()


class Role(StrEnum):
    """Meaning of a piece of source code; each has one colour."""

    TEXT = "text"
    COMMENT = "comment"
    STRING = "string"
    NUMBER = "number"
    KEYWORD = "keyword"
    VARIABLE = "variable"
    FUNCTION = "function"
    OPERATOR = "operator"
    COMMAND = "command"
    ERROR = "error"


SHELL = Language(
    "Shell",
    "QsciLexerBash",
    "#",
    ("bash", "sh", "dash", "ash", "zsh", "ksh", "mksh", "rbash"),
    (".sh", ".bash", ".zsh", ".ksh"),
)
PLAIN = Language(N_("Plain text"), comment="#")

LANGUAGES = (
    SHELL,
    Language("Python", "QsciLexerPython", "#", ("python", "pypy"), (".py",)),
    Language("Perl", "QsciLexerPerl", "#", ("perl",), (".pl", ".pm")),
    Language("Ruby", "QsciLexerRuby", "#", ("ruby",), (".rb",)),
    Language("Lua", "QsciLexerLua", "--", ("lua", "luajit"), (".lua",)),
    Language(
        "JavaScript", "QsciLexerJavaScript", "//", ("node", "nodejs", "deno", "bun"), (".js", ".mjs", ".cjs", ".ts")
    ),
    Language("PHP", "QsciLexerHTML", "//", ("php",), (".php",)),
    Language("Tcl", "QsciLexerTCL", "#", ("tclsh", "wish", "expect"), (".tcl",)),
    Language("Octave", "QsciLexerOctave", "#", ("octave",), (".m",)),
    Language("Make", "QsciLexerMakefile", "#", ("make",), (".mk",)),
    Language("SQL", "QsciLexerSQL", "--", ("psql", "sqlite"), (".sql",)),
    Language("YAML", "QsciLexerYAML", "#", ("ansible-playbook",), (".yml", ".yaml")),
    Language("Properties", "QsciLexerProperties", "#", (), (".ini", ".conf", ".cfg", ".toml", ".env")),
    Language("JSON", "QsciLexerJSON", "", (), (".json",)),
    Language("XML", "QsciLexerXML", "", (), (".xml",)),
    Language("Markdown", "QsciLexerMarkdown", "", (), (".md",)),
)

_BY_INTERPRETER = {name: language for language in LANGUAGES for name in language.interpreters}
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}

_STYLE_WORDS = (
    (Role.ERROR, ("error", "unclosed", "unmatched", "invalid", "inconsistent")),
    (Role.COMMENT, ("comment", "pod", "doc string")),
    (Role.COMMAND, ("backtick", "decorator", "preprocessor", "target", "section", "directive")),
    (Role.STRING, ("string", "quoted", "here document", "character", "regular expression", "regex", "literal")),
    (Role.NUMBER, ("number",)),
    (Role.KEYWORD, ("keyword", "word", "reserved", "tag", "header")),
    (
        Role.VARIABLE,
        ("scalar", "parameter expansion", "variable", "array", "hash", "symbol table", "global", "substitution", "key"),
    ),
    (Role.FUNCTION, ("function", "class", "method", "module", "subroutine", "attribute", "basic functions")),
    (Role.OPERATOR, ("operator",)),
)
"""Words in QScintilla's style descriptions, tested in this order: "Double-quoted string" is a string."""


def language_for(first_line: str, file_name: str = "") -> Language:
    """Return the language of a script by its shebang, else by its file name's suffix.

    A file with neither is shell, because `/bin/bash` runs it; with an unknown interpreter it is
    plain text.
    """
    program = _interpreter(first_line)
    if program:
        return _BY_INTERPRETER.get(program) or _BY_INTERPRETER.get(program.rstrip("0123456789.-")) or PLAIN
    suffix = PurePath(file_name).suffix.lower()
    if not suffix:
        return SHELL
    return _BY_SUFFIX.get(suffix, PLAIN)


def role_of(description: str) -> Role:
    """Return the role of a lexer's style from QScintilla's English description of it."""
    words = description.lower()
    for role, marks in _STYLE_WORDS:
        if any(mark in words for mark in marks):
            return role
    return Role.TEXT


def _interpreter(first_line: str) -> str:
    found = re.match(r"#!\s*(\S+)(.*)", first_line)
    if found is None:
        return ""
    program = PurePath(found[1]).name
    arguments = found[2].split()
    while program in {"env", "busybox"} and arguments:
        word = arguments.pop(0)
        if not word.startswith("-") and "=" not in word:
            program = PurePath(word).name
    return program
