"""The user's time zone, with its rules: instants of a schedule are local times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from borgdesk.domain.errors import InvalidInput
from borgdesk.store.tick_hint import zone_name
from borgdesk.translation import _

_ZONES = "zoneinfo/"


def local_zone(environment: Mapping[str, str]) -> tzinfo:
    """Return the zone; UTC on a machine that has none.

    Raises:
        InvalidInput: ``TZ`` names a zone that this machine does not know.
    """
    name = zone_name(environment)
    try:
        if name.startswith("/"):
            with Path(name).open("rb") as file:
                return ZoneInfo.from_file(file, key=name.rpartition(_ZONES)[2])
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise InvalidInput(
            _(
                "The time zone “{name}” is not known. Set TZ to a name such as Europe/Berlin, or install the package "
                "tzdata."
            ).format(name=name)
        ) from error
