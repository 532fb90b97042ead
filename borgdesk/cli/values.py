"""Types for ``argparse`` that validate option values, so that an invalid one is a usage error."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from borgdesk.borg.archive_name import check_archive_name
from borgdesk.borg.excludes import tidied_pattern
from borgdesk.borg.extra_arguments import extra_arguments as extra_arguments_of
from borgdesk.borg.options import check_compression, check_encryption
from borgdesk.borg.passcommand import check_passcommand
from borgdesk.domain import schedule
from borgdesk.domain.enumeration import either
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import with_home
from borgdesk.domain.pack import check_version
from borgdesk.domain.parameters import check_name
from borgdesk.domain.repository import (
    check_checkpoint_interval,
    check_interval,
    check_kept,
    check_location,
    check_stall_limit,
    check_upload_limit,
)
from borgdesk.domain.run import RunOn
from borgdesk.domain.schedule import DAYS, Hours, parse_time
from borgdesk.domain.script import check_timeout
from borgdesk.domain.server import check_jump_host, check_port, check_remote_path, check_ssh_key
from borgdesk.domain.settings import setting_named
from borgdesk.domain.window_request import WindowRequest
from borgdesk.translation import _

T = TypeVar("T")

_REMOTE = re.compile(r"[^/]*:")
"""Borg takes a path with a colon before its first slash for a remote location."""


def _checked(check: Callable[[str], T]) -> Callable[[str], T]:
    """Use *check* as an ``argparse`` type, which shows the sentence of the error."""

    def convert(text: str) -> T:
        try:
            return check(text)
        except InvalidInput as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _not_empty(text: str) -> str:
    """Refuse nothing at all, which is what an unset variable of a shell becomes; it does not mean everything."""
    if not text:
        raise InvalidInput(_("It is empty. Leave it out, or check the variable that it comes from."))
    return text


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(_("“{text}” is not a whole number.").format(text=text)) from None


def _at_least_one(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise InvalidInput(_("{number} is not possible. It must be at least 1.").format(number=number))
    return number


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(_("“{text}” is not a parameter. Use NAME=VALUE.").format(text=text))
    check_name(name)
    return name, value


def _name(text: str) -> str:
    check_name(text)
    return text


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """Accept one of the *words*."""
    known = [str(word) for word in words]

    def check(text: str) -> str:
        if text not in known:
            raise InvalidInput(_("“{text}” is not possible. Use {words}.").format(text=text, words=either(known)))
        return text

    return _checked(check)


def field(words: Iterable[str]) -> Callable[[str], str]:
    """Accept one of the *words*, also in the spelling of the options that set them."""
    check = one_of(words)
    return lambda text: check(text.removeprefix("--").replace("-", "_"))


def _location(text: str) -> str:
    """Return a location for Borg, with a local path made absolute."""
    text = with_home(text, str(Path.home()))
    if text and not _REMOTE.match(text) and not text.startswith(("~", "$")):
        text = _source(text)
    return check_location(text) if text else text


def _source(text: str) -> str:
    """Leave an absolute path unchanged: Borg 1.4 strips what precedes ``/./`` in one."""
    return text if not text or text.startswith("/") else os.path.abspath(text)  # noqa: PTH100 - takes ".." out, too


def at_most(most: int) -> Callable[[str], int]:
    """Accept a number from 1 to *most*."""

    def check(text: str) -> int:
        count = _at_least_one(text)
        if count > most:
            raise InvalidInput(
                _("{number} is not possible. It must be at most {most}.").format(number=count, most=most)
            )
        return count

    return _checked(check)


def _not_negative(text: str) -> int:
    count = _number(text)
    if count < 0:
        raise InvalidInput(_("{number} is not possible. It must be at least {least}.").format(number=count, least=0))
    return count


def _ssh_key(text: str) -> str:
    """Return the path of a key; what is not empty here is not empty in its stored form."""
    path = _source(text) if not text.startswith("~") else text
    return check_ssh_key(_not_empty(path), str(Path.home()))


def _moment(text: str) -> datetime:
    """Return a moment in UTC; without an offset it is local time."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(_("“{text}” is not a date and time, such as 2026-12-24 18:00.").format(text=text)) from None


def _on_days(text: str) -> str:
    """Return the cron expression for ``mon,thu@02:30``."""
    days, at = _before_time(text, "mon,thu@02:30")
    wanted = [day.strip().lower()[:3] for day in days.split(",") if day.strip()]
    unknown = [day for day in wanted if day not in DAYS]
    if unknown:
        raise InvalidInput(_("“{text}” is not a day. Use {words}.").format(text=unknown[0], words=either(DAYS)))
    return schedule.weekly((DAYS.index(day) + 1 for day in wanted), at)


def _on_day_of_month(text: str) -> str:
    """Return the cron expression for ``1@02:30``."""
    day, at = _before_time(text, "1@02:30")
    return schedule.monthly(day.strip().upper(), at)


def _before_time(text: str, example: str) -> tuple[str, time]:
    what, sign, at = text.rpartition("@")
    if not sign:
        raise InvalidInput(_("“{text}” has no time. Write it like {example}.").format(text=text, example=example))
    return what, parse_time(at)


def _cron(text: str) -> str:
    # Not at the top: only this option needs it.
    from borgdesk.engine.schedule.instants import check_cron

    check_cron(text)
    return text


def _extra_arguments(text: str) -> str:
    extra_arguments_of(text)
    return text


def _age(text: str) -> timedelta:
    """Return a duration such as ``6h``."""
    match = re.fullmatch(r"(\d{1,6})(min|h|d|w)", text.strip(), re.ASCII)
    if match is None:
        raise InvalidInput(_("“{text}” is not a duration, such as 30min, 6h, 2d or 1w.").format(text=text))
    return int(match[1]) * _AGES[match[2]]


_AGES = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
EVERY_HOUR = schedule.hourly()

minutes = _checked(lambda text: check_stall_limit(60 * _number(text)))
upload_limit = _checked(lambda text: check_upload_limit(_number(text)))
checkpoint_interval = _checked(lambda text: check_checkpoint_interval(_number(text)))
extra_arguments = _checked(_extra_arguments)
seconds = _checked(lambda text: check_timeout(_number(text)))
run_on = _checked(RunOn.parse)
window_request = _checked(WindowRequest.parse)
not_empty = _checked(_not_empty)
number = _checked(_at_least_one)
run_id = _checked(_number)
kept = _checked(lambda text: check_kept(_number(text), _("The number of archives")))
interval = _checked(check_interval)
pair = _checked(_pair)
parameter_name = _checked(_name)
location = _checked(_location)
source = _checked(_source)
encryption = _checked(check_encryption)
compression = _checked(check_compression)
pattern = _checked(tidied_pattern)
passcommand = _checked(check_passcommand)
archive_name = _checked(check_archive_name)
moment = _checked(_moment)
age = _checked(_age)
delay = _checked(_not_negative)
hours = _checked(Hours.parse)
daily = _checked(lambda text: schedule.daily(parse_time(text)))
weekly = _checked(_on_days)
monthly = _checked(_on_day_of_month)
cron = _checked(_cron)
setting = _checked(setting_named)
pack_version = _checked(check_version)
ssh_key = _checked(_ssh_key)
port = _checked(lambda text: check_port(_number(text)))
jump_host = _checked(lambda text: check_jump_host(_not_empty(text)))
remote_path = _checked(lambda text: check_remote_path(_not_empty(text)))
