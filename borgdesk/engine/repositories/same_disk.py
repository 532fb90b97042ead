"""Finds out whether a repository is on the same disk as what it backs up: then one failure takes both.

Only the kernel's lists are read, so that a disk that does not respond is not waited for.
"""

from __future__ import annotations

import os
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository, is_local, local_path
from borgdesk.engine.processes.file_probes import probe
from borgdesk.engine.processes.mount_table import MountEntry, read_mounts
from borgdesk.translation import _

_DEVICES = Path("/sys/dev/block")
_LIMIT = 3.0
"""Seconds that a form waits for links to be resolved."""


def remark(repository: Repository) -> str:
    """Return a sentence if a repository is on the same disk as one of its sources; "" if not, or if nobody knows."""
    if not is_local(repository.location):
        return ""
    try:
        places = [local_path(repository.location), *repository.all_sources]
        answers = probe([("real", place) for place in places], limit=_LIMIT)
        mounts = read_mounts()
    except (BorgDeskError, OSError):
        return ""
    disks = [_disks_below(answer, mounts) if isinstance(answer, str) else frozenset() for answer in answers]
    for source, on in zip(repository.all_sources, disks[1:], strict=True):
        if disks[0] & on:
            return _(
                "The repository is on the same disk as {source}. If that disk fails, both are lost. Another disk or a "
                "server is better."
            ).format(source=source)
    return ""


def _disks_below(path: str, mounts: list[MountEntry]) -> frozenset[str]:
    """Return what a path without links is stored on: disks, or the file system if that has none of its own."""
    # The last one of several at the same place hides the others.
    above = [one for one in reversed(mounts) if Path(path).is_relative_to(one.point)]
    if not above:
        return frozenset()
    mount = max(above, key=lambda one: len(one.point))
    number = mount.number
    if not (_DEVICES / number).exists() and mount.source.startswith("/dev/"):
        # Parts of a Btrfs have numbers of their own.
        try:
            device = os.stat(mount.source).st_rdev  # noqa: PTH116 - only a device has such a number
            number = f"{os.major(device)}:{os.minor(device)}"
        except OSError:
            return frozenset({number})
    return _whole(_DEVICES / number) or frozenset({number})


def _whole(device: Path) -> frozenset[str]:
    """Return the disks that a device is a part of, through encryption and volumes."""
    if not device.exists():
        return frozenset()
    device = device.resolve()
    below = [*(device / "slaves").glob("*")]
    if below:
        return frozenset[str]().union(*map(_whole, below))
    return frozenset({str(device.parent if (device / "partition").exists() else device)})
