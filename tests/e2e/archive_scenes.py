"""Archives for screenshots: a small real repository, and one with names and numbers that nobody expects."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from borgdesk.domain.archive import Archive
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.engine.archives.archive_list import ArchiveList, keep, read_archives
from borgdesk.engine.processes import procfs
from tests.engine.archives.lab import borg
from tests.gui.scene import Scene

HOLIDAYS = "Holidays"
"""The repository with usual archives."""

AWAY = "On a disk that is away"
EMPTY = "Nothing backed up yet"
UGLY = "Ugly names"
MANY = "Ten thousand archives"
_LONG = "a-file-whose-name-is-as-long-as-a-file-system-takes-it-" * 4 + "end.txt"


def usual_archives(scene: Scene) -> None:
    """Create a repository with three archives, one whose disk is away, and one without archives."""
    source = scene.folder / "home" / "ada"
    for name in ("letters/2025", "letters/2026", "pictures/Norway", "taxes"):
        (source / name).mkdir(parents=True)
    for number in range(40):
        (source / "letters" / "2025" / f"letter {number + 1}.txt").write_text(f"Dear reader {number}\n" * (number + 1))
    for name in ("Application.odt", "Rent.odt", "To the bank.txt"):
        (source / "letters" / "2026" / name).write_text(
            f"{name}\n\nDear Sir or Madam,\n" + "I am writing to you.\n" * 90
        )
    _paint(source / "pictures" / "Norway" / "Fjord.png")
    (source / "taxes" / "2025.csv").write_text("month,sum\n" + "January,1000\n" * 4000)
    (source / "newest").symlink_to("letters/2026")
    repository = scene.repository(HOLIDAYS, source=source)
    repository = scene.workspace.store.repositories.update(replace(repository, archive_name="holidays-{now}"))
    for days in (70, 64, 55, 41, 33, 26, 19, 12, 7, 6, 5, 4, 3, 2, 1):
        _back_up_before(scene, repository, timedelta(days=days))
    for turn in range(2):
        (source / "letters" / "2026" / "Rent.odt").write_text("The rent is late.\n" * (100 + 300 * turn))
        (source / "letters" / "2026" / f"New in {turn}.txt").write_text("new\n" * turn)
        (source / "letters" / "2025" / f"letter {turn + 1}.txt").unlink()
        scene.run(repository)
    # Only now, since each backup prunes.
    scene.workspace.store.repositories.update(replace(repository, retention=Retention(daily=3, weekly=2)))
    away = scene.repository(AWAY, source=source)
    scene.run(away)
    read_archives(scene.workspace, away)
    Path(away.location).rename(scene.folder / "unplugged")
    scene.repository(EMPTY, source=source)


def _back_up_before(scene: Scene, repository: Repository, ago: timedelta) -> None:
    """Create an archive of an earlier day, which the history attributes to a run."""
    moment = datetime.now(UTC) - ago
    name = f"holidays-{moment:%Y-%m-%dT%H:%M:%S}"
    borg(
        scene.folder,
        "create",
        f"--timestamp={moment:%Y-%m-%dT%H:%M:%S}",
        f"{repository.location}::{name}",
        *repository.sources,
    )
    runs = scene.workspace.store.runs
    run = runs.queue(repository, Trigger.SCHEDULE, procfs.identity(), moment, turn="another")
    runs.settle(run.id, Outcome.SUCCESS, archive=name)
    runs.finish(run.id, RunStatus.SUCCESS, moment)


def ugly_archives(scene: Scene) -> None:
    """Create a repository with odd names, and one that is said to have ten thousand archives."""
    source = scene.folder / "ugly"
    deep = source / "/".join(f"folder {number} of many" for number in range(30))
    deep.mkdir(parents=True)
    for name in (
        "two\nlines\tand a tab",
        "-rf",
        " blank ",
        _LONG,
        "日本語 ✓ Ümläut",
        "&ampersand <b>bold",
        "العربية",
    ):
        (source / name).write_text("text\n")
        (deep / name).write_text("text\n")
    (source / "big").write_bytes(b"")
    os.truncate(source / "big", 2**30)
    Path(os.fsdecode(os.fsencode(source) + b"/not utf-8 \xff\xfe")).touch()
    for number in range(3000):
        (source / f"one of many {number:04}").touch()
    repository = scene.repository(UGLY, source=source)
    scene.run(repository)
    (source / "-rf").write_text("changed\n")
    scene.run(repository)
    many = scene.repository(MANY)
    keep(scene.workspace, many, _ten_thousand(many))


def _ten_thousand(repository: Repository) -> ArchiveList:
    newest = datetime.now(UTC)
    archives = tuple(
        Archive(
            f"{number:064x}", "0" * 64, f"a-computer-with-a-long-name-{repository.name}-{number:05}",
            newest - timedelta(hours=7 * number), newest - timedelta(hours=7 * number, minutes=-3),
            hostname="a-computer-with-a-long-name", username="somebody",
            comment="before the\nupgrade " * 9 if number % 5 == 0 else "",
            original_size=10 ** (number % 16), deduplicated_size=7 * 10 ** (number % 13), files=number,
        )
        for number in range(10_000)
    )  # fmt: skip
    return ArchiveList("0" * 64, archives, newest)


def _paint(file: Path) -> None:
    picture = QImage(900, 600, QImage.Format.Format_RGB32)
    sky = QLinearGradient(0, 0, 0, 600)
    for place, colour in ((0.0, "#204a87"), (0.55, "#fce94f"), (0.56, "#3465a4"), (1.0, "#0b2545")):
        sky.setColorAt(place, QColor(colour))
    painter = QPainter(picture)
    painter.fillRect(picture.rect(), sky)
    painter.end()
    picture.save(str(file))
