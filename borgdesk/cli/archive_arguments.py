"""Command-line arguments of the commands about archives and of `restore`."""

from __future__ import annotations

from collections.abc import Callable

from borgdesk.cli import values
from borgdesk.cli.arguments import Group, Parser
from borgdesk.translation import _


def add_archives(parser: Parser) -> None:
    """Add the commands of ``archive``."""
    group = Group(parser, "action")
    listed = group.add("list", _("list the archives of a repository, newest first"))
    listed.add_argument("repository", metavar="REPO")
    listed.add_argument("--search", metavar="T", help=_("only archives with T in their name or comment"))
    listed.add_argument("--limit", metavar="N", type=values.number, help=_("at most N archives"))
    listed.add_argument("--cached", action="store_true", help=_("show the last list, without calling Borg"))

    show = group.add("show", _("show an archive with its sizes, host and comment"))
    files = group.add("files", _("list the contents of an archive, or of a folder in it"))
    for command in (show, files):
        command.add_argument("repository", metavar="REPO")
        command.add_argument("archive", metavar="ARCHIVE", help=_("a name, 8 or more digits of an id, or latest"))
    files.add_argument("path", metavar="PATH", nargs="?", default="", help=_("a folder or a file"))
    files.add_argument("--recursive", action="store_true", help=_("also list everything below it"))

    find = group.add("find", _("find files by a part of their name, in all archives that have been listed before"))
    find.add_argument("repository", metavar="REPO")
    find.add_argument("text", metavar="TEXT")
    where = find.add_mutually_exclusive_group()
    where.add_argument(
        "--archive", metavar="A", action="append", default=[], help=_("search only this archive; may be repeated")
    )
    where.add_argument("--all", action="store_true", help=_("first list the archives that have not been listed yet"))

    versions = group.add(
        "versions", _("list the different versions of a file, in all archives that have been listed before")
    )
    versions.add_argument("repository", metavar="REPO")
    versions.add_argument("path", metavar="PATH")

    diff = group.add("diff", _("show the differences of archive B from archive A"))
    diff.add_argument("repository", metavar="REPO")
    diff.add_argument("a", metavar="A", help=_("the older archive: a name, 8 or more digits of an id, or latest"))
    diff.add_argument("b", metavar="B", help=_("the newer archive"))
    diff.add_argument(
        "path", metavar="PATH", nargs="?", default="", help=_("only this file or folder, and everything below it")
    )

    rename = group.add("rename", _("rename an archive"))
    comment = group.add("comment", _("change the comment of an archive"))
    for command in (rename, comment):
        command.add_argument("repository", metavar="REPO")
        command.add_argument("archive", metavar="ARCHIVE", help=_("a name, 8 or more digits of an id, or latest"))
    rename.add_argument("name", metavar="NAME", help=_("its new name"))
    comment.add_argument("text", metavar="TEXT", help=_("its new comment; an empty one removes it"))
    delete = group.add("delete", _("delete archives for good"))
    delete.add_argument("repository", metavar="REPO")
    delete.add_argument(
        "archives", metavar="ARCHIVE", nargs="+", help=_("a name, 8 or more digits of an id, or latest")
    )
    delete.add_argument("--yes", action="store_true", help=_("do not ask"))


def add_restore(commands: Group) -> None:
    """Add ``restore`` and its subcommands."""
    restore = commands.add("restore", _("restore files of an archive, to a folder or to their original locations"))
    restore.add_argument("repository", metavar="REPO")
    restore.add_argument("archive", metavar="ARCHIVE", help=_("a name, 8 or more digits of an id, or latest"))
    restore.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=values.not_empty,
        help=_("a file or folder to restore (default: everything)"),
    )
    where = restore.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", metavar="DIR", type=values.not_empty, help=_("to this folder"))
    where.add_argument("--in-place", action="store_true", help=_("to the original locations"))
    restore.add_argument("--on-conflict", metavar="C", type=values.one_of(("keep", "replace", "both")), default="keep",
                         help=_(
                             "if a different file exists: keep it (the default), replace it, or keep both"
                         ))  # fmt: skip
    restore.add_argument("--full-paths", action="store_true", help=_("create all parent folders in DIR, too"))
    restore.add_argument("--verify", action="store_true",
                         help=_(
                             "also compare the contents with the archive, before anything is moved into place"
                         ))  # fmt: skip
    restore.add_argument("--dry-run", action="store_true", help=_("only show what would be restored, and where to"))
    undo = commands.add("restore undo", _("bring back what a restore replaced, and remove what it restored"))
    undo.add_argument(
        "restore", metavar="RUN", type=values.number, help=_("the number of its run, as in “borgdesk restore list”")
    )
    commands.add("restore list", _("list the restores that can be undone, and until when"))


def add_mounts(commands: Group) -> None:
    """Add ``mount`` and ``umount``."""
    mount = commands.add("mount", _("show the files of an archive, or of all archives, in a folder; needs FUSE"))
    mount.add_argument("repository", metavar="REPO")
    mount.add_argument(
        "archive",
        metavar="ARCHIVE",
        nargs="?",
        help=_("a name, 8 or more digits of an id, or latest (default: all archives)"),
    )
    mount.add_argument("folder", metavar="DIR", type=values.not_empty, help=_("an empty folder"))
    umount = commands.add("umount", _("unmount a folder that “mount” has mounted"))
    umount.add_argument("folder", metavar="DIR", type=values.not_empty)


def add_maintenance(commands: Group, add_rules: Callable[[Parser], None]) -> None:
    """Add the commands for a whole repository. *add_rules* adds the options of retention."""
    info = commands.add("info", _("show the id, encryption and size of a repository"))
    info.add_argument("repository", metavar="REPO")
    retention = commands.add("retention", _("show which archives the rules keep, and by which rule; changes nothing"))
    retention.add_argument("repository", metavar="REPO")
    add_rules(retention)

    prune = commands.add("prune", _("remove the archives that no rule of a repository keeps"))
    compact = commands.add("compact", _("free the disk space of deleted archives"))
    check = commands.add("check", _("look for damage in a repository"))
    for command in (prune, compact, check):
        command.add_argument("repository", metavar="REPO")
    prune.add_argument("--yes", action="store_true", help=_("do not ask"))
    part = check.add_mutually_exclusive_group()
    part.add_argument("--repository-only", action="store_true", help=_("check only the files of the repository"))
    part.add_argument("--archives-only", action="store_true", help=_("check only the archives"))
    check.add_argument("--verify-data", action="store_true", help=_("read and verify all data, which takes long"))
    check.add_argument("--repair", action="store_true", help=_("delete what is damaged; read the guide first"))
    check.add_argument("--yes", action="store_true", help=_("do not ask before a repair"))


def add_break_lock(commands: Group) -> None:
    """Add ``break-lock``."""
    break_lock = commands.add(
        "break-lock", _("remove a lock that another machine or a killed Borg left on a repository")
    )
    break_lock.add_argument("repository", metavar="REPO")
    break_lock.add_argument(
        "--yes", action="store_true", help=_("do not ask; only if no other Borg is using the repository")
    )
