"""``borgdesk archive``: lists archives and their contents."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from borgdesk.borg.replies import only_for_reading
from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Cell, Column, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.numbers import grouped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import LATEST, ArchiveList, kept_archives, read_archives, with_sizes
from borgdesk.engine.archives.listings import ask_kept, ask_listing, kept_listing
from borgdesk.engine.archives.search import unread, versions
from borgdesk.store.listings import Entry, Listing
from borgdesk.translation import N_, _, ngettext

_LIST = (
    Column(N_("Archive"), flexible=True),
    Column(N_("Made")),
    Column(N_("Took"), right=True),
    Column(N_("Size"), right=True),
    Column(N_("Comment"), flexible=True, optional=True),
)
_FILES = (Column(N_("Size"), right=True), Column(N_("Modified")), Column(N_("Path"), flexible=True))
_FOUND = (Column(N_("Archive"), flexible=True), *_FILES)
_VERSIONS = (Column(N_("Size"), right=True), Column(N_("Modified")), Column(N_("In archives"), flexible=True))


def list_archives(console: Console, arguments: argparse.Namespace) -> int:
    """List the archives of a repository, newest first."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    found = _kept(console, repository) if arguments.cached else _asked(console, repository)
    wanted = (arguments.search or "").casefold()
    archives = [one for one in found.archives if wanted in one.name.casefold() or wanted in one.comment.casefold()]
    archives = archives[: arguments.limit]
    if not archives:
        console.say(_("No archives found.") if wanted else _("There are no archives yet."))
    console.answer(
        [archive_json(console, one) for one in archives],
        lambda out: table(out, _LIST, [_row(one) for one in archives]),
    )
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show one archive with its sizes."""
    repository, archive = wanted_archive(console, arguments)
    if archive.original_size is None:
        with stoppable(console) as cancel:
            archive = with_sizes(console.workspace, repository, archive, cancel)
    console.answer(archive_json(console, archive), lambda out: _whole(out, archive))
    return 0


def files(console: Console, arguments: argparse.Namespace) -> int:
    """List the contents of a folder of an archive."""
    repository, archive = wanted_archive(console, arguments)

    def read(listing: Listing) -> list[Entry]:
        entry = listing.get(arguments.path)
        if entry is None:
            raise NotFound(
                _("There is no “{path}” in the archive “{archive}”.").format(path=arguments.path, archive=archive.name)
            )
        if not entry.is_folder:
            return [entry]
        if arguments.recursive:
            return [one for one in listing.below(entry) if one.path != entry.path]
        return listing.children(entry.dir or 0)

    entries = _ask(console, repository, archive, read)
    console.answer(
        [_entry(archive, one) for one in entries], lambda out: table(out, _FILES, [_file_row(one) for one in entries])
    )
    return 0


def find(console: Console, arguments: argparse.Namespace) -> int:
    """Find files by a part of their name, in all cached listings or in the named archives."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    found = _known(console, repository)
    archives = [found.get(name) for name in arguments.archive] or list(found.archives)
    hits: list[tuple[Archive, Entry]] = []
    left_out = 0
    for archive in archives:
        if arguments.all or arguments.archive:
            entries = _ask(console, repository, archive, lambda listing: listing.find(arguments.text))
        else:
            kept = ask_kept(console.workspace, archive, lambda listing: listing.find(arguments.text))
            if kept is None:
                left_out += 1
            entries = kept or []
        hits += [(archive, entry) for entry in entries]
    if left_out:
        console.say(
            ngettext(
                "{count} archive not searched: never listed. --all lists them first.",
                "{count} archives not searched: never listed. --all lists them first.",
                left_out,
            ).format(count=grouped(left_out))
        )
    if not hits:
        console.say(_("Nothing with “{text}” in its name was found.").format(text=arguments.text))
    console.answer(
        [_entry(archive, entry) for archive, entry in hits],
        lambda out: table(out, _FOUND, [[archive.name, *_file_row(entry)] for archive, entry in hits]),
    )
    return 0


def show_versions(console: Console, arguments: argparse.Namespace) -> int:
    """Show every different version of one file in all cached listings."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    found = _known(console, repository)
    different = versions(console.workspace, found, arguments.path)
    if left_out := len(unread(console.workspace, found)):
        console.say(
            ngettext(
                "{count} archive left out: never listed. “borgdesk archive find --all” lists it.",
                "{count} archives left out: never listed. “borgdesk archive find --all” lists them.",
                left_out,
            ).format(count=grouped(left_out))
        )
    if not different:
        console.say(
            _("No listed archive has “{path}”. “borgdesk archive files” lists one.").format(path=arguments.path)
        )
    document = [
        {
            "archive": one.archives[0].name,
            "size": one.entry.size,
            "mtime": _iso(one.entry),
            "first": one.archives[-1].name,
            "last": one.archives[0].name,
        }
        for one in different
    ]
    rows = [[*_file_row(one.entry)[:2], _span(one.archives)] for one in different]
    console.answer(document, lambda out: table(out, _VERSIONS, rows))
    return 0


def _span(archives: Sequence[Archive]) -> str:
    if len(archives) == 1:
        return archives[0].name
    return f"{archives[-1].name} … {archives[0].name} ({len(archives)})"


def _asked(console: Console, repository: Repository) -> ArchiveList:
    with stoppable(console) as cancel:
        found = read_archives(console.workspace, repository, cancel)
    if found.by_experimental:
        console.say(str(only_for_reading()))
    return found


def _known(console: Console, repository: Repository) -> ArchiveList:
    """Return the cached list, unless there was a backup since; also if Borg cannot be asked for a newer one."""
    kept = kept_archives(console.workspace, repository)
    if kept is None or (repository.last_success_at or kept.asked_at) <= kept.asked_at:
        return kept or _asked(console, repository)
    try:
        return _asked(console, repository)
    except BorgDeskError as error:
        console.say(error.sentence)
        return kept


def _kept(console: Console, repository: Repository) -> ArchiveList:
    found = kept_archives(console.workspace, repository)
    if found is None:
        raise NotFound(
            _("The archives of “{repository}” were never listed here; leave out --cached.").format(
                repository=repository.name
            )
        )
    console.say(_("As of {asked_at}.").format(asked_at=words.moment(found.asked_at)))
    return found


def wanted_archive(console: Console, arguments: argparse.Namespace) -> tuple[Repository, Archive]:
    """Return the named archive; if the cached list lacks it, Borg is asked again."""
    repository, (archive,) = wanted_archives(console, arguments.repository, [arguments.archive])
    return repository, archive


def wanted_archives(
    console: Console, name: str, archives: Sequence[str], *, ask: bool = False
) -> tuple[Repository, list[Archive]]:
    """Return several archives of one repository, as :func:`wanted_archive` does; with *ask*, not from the cache."""
    repository = console.workspace.store.repositories.get(name)
    kept = None if ask else kept_archives(console.workspace, repository)
    if kept is not None and LATEST not in archives:
        try:
            return repository, [kept.get(archive) for archive in archives]
        except NotFound:
            pass
    found = _asked(console, repository)
    return repository, [found.get(archive) for archive in archives]


def _ask(
    console: Console, repository: Repository, archive: Archive, question: Callable[[Listing], list[Entry]]
) -> list[Entry]:
    with stoppable(console) as cancel:
        return ask_listing(console.workspace, repository, archive, question, cancel)


def archive_json(console: Console, archive: Archive) -> Json:
    """Convert an archive to JSON, in the form that all commands use."""
    kept = kept_listing(console.workspace, archive)
    if kept is not None:
        kept.close()
    return {
        "id": archive.id,
        "name": archive.name,
        "start": archive.start.isoformat(),
        "end": archive.end.isoformat(),
        "duration": archive.duration.total_seconds(),
        "hostname": archive.hostname,
        "username": archive.username,
        "comment": archive.comment,
        "original_size": archive.original_size,
        "deduplicated_size": archive.deduplicated_size,
        "files": archive.files,
        "cached": kept is not None,
    }


def _entry(archive: Archive, entry: Entry) -> Json:
    return {
        "archive": archive.name,
        "path": entry.path,
        "type": _type(entry),
        "size": entry.size,
        "mtime": _iso(entry),
        "mode": f"{entry.mode & 0o7777:04o}" if entry.mode else None,
        "target": entry.target or None,
    }


def _type(entry: Entry) -> str:
    if entry.is_folder:
        return "directory"
    if entry.is_link:
        return "link"
    return "file" if entry.is_file else "other"


def _iso(entry: Entry) -> str | None:
    return entry.modified.isoformat() if entry.modified else None


def _row(archive: Archive) -> list[Cell | str]:
    size = "" if archive.original_size is None else words.size(archive.original_size)
    return [
        archive.name,
        words.moment(archive.start),
        words.duration(archive.duration.total_seconds()),
        size,
        Cell(archive.comment, Style.DIM),
    ]


def _file_row(entry: Entry) -> list[Cell | str]:
    name = f"{entry.path}/" if entry.is_folder else entry.path
    shown = f"{name} → {entry.target}" if entry.is_link else name
    return [words.size(entry.size), words.moment(entry.modified) if entry.modified else "", shown]


def _whole(out: Screen, archive: Archive) -> None:
    lines = {
        _("Archive"): archive.name,
        _("Id"): archive.id,
        _("Made"): _("{start}, in {total_seconds}").format(
            start=words.moment(archive.start), total_seconds=words.duration(archive.duration.total_seconds())
        ),
        _("By"): f"{archive.username}@{archive.hostname}",
        _("Comment"): archive.comment,
        _("Files"): "" if archive.files is None else grouped(archive.files),
        _("Size"): "" if archive.original_size is None else words.size(archive.original_size),
        _("New"): ""
        if archive.deduplicated_size is None
        else _("{deduplicated_size} in no other archive").format(
            deduplicated_size=words.size(archive.deduplicated_size)
        ),
    }
    table(
        out,
        (Column(""), Column("", flexible=True)),
        [[Cell(name, Style.DIM), text] for name, text in lines.items() if text],
    )


COMMANDS: Commands = {
    "list": list_archives,
    "show": show,
    "files": files,
    "find": find,
    "versions": show_versions,
}
