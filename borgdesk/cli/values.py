"""Values of options, checked while the command line is read: what cannot be accepted is wrong usage."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from borgdesk.borg.archive_name import check_archive_name
from borgdesk.borg.options import check_compression, check_encryption, check_pattern
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import check_name
from borgdesk.domain.repository import check_interval
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import check_timeout

T = TypeVar("T")

_REMOTE = re.compile(r"[^/]*:")
"""Borg takes what has a colon before its first slash for an address of another machine."""


def _checked(check: Callable[[str], T]) -> Callable[[str], T]:
    """*check* as a type of ``argparse``, which shows the sentence of the error."""

    def convert(text: str) -> T:
        try:
            return check(text)
        except InvalidInput as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is not a whole number.") from None


def _at_least_one(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise InvalidInput(f"{number} is not possible: it must be at least 1.")
    return number


def _kept(text: str) -> int:
    number = _number(text)
    if number < 1 and number != -1:
        raise InvalidInput(f"{number} is not possible: it must be at least 1, or -1 for no limit.")
    return number


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"“{text}” is not a parameter: write NAME=VALUE.")
    check_name(name)
    return name, value


def _name(text: str) -> str:
    check_name(text)
    return text


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """One of the *words*."""
    known = [str(word) for word in words]

    def check(text: str) -> str:
        if text not in known:
            raise InvalidInput(f"“{text}” is not possible: use {', '.join(known[:-1])} or {known[-1]}.")
        return text

    return _checked(check)


def field(words: Iterable[str]) -> Callable[[str], str]:
    """One of the *words*, which may be written like the options that set them."""
    check = one_of(words)
    return lambda text: check(text.removeprefix("--").replace("-", "_"))


def _location(text: str) -> str:
    """As Borg takes it, with a path of this machine made absolute."""
    text = text.strip()
    return text if not text or _REMOTE.match(text) else _source(text)


def _source(text: str) -> str:
    """An absolute path is left alone: Borg 1.4 cuts off what stands before ``/./`` in one."""
    return text if not text or text.startswith("/") else os.path.abspath(text)  # noqa: PTH100 - takes ".." out, too


seconds = _checked(lambda text: check_timeout(_number(text)))
run_on = _checked(RunOn.parse)
number = _checked(_at_least_one)
run_id = _checked(_number)
kept = _checked(_kept)
interval = _checked(check_interval)
pair = _checked(_pair)
parameter_name = _checked(_name)
location = _checked(_location)
source = _checked(_source)
encryption = _checked(check_encryption)
compression = _checked(check_compression)
pattern = _checked(check_pattern)
archive_name = _checked(check_archive_name)
