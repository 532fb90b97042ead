"""The git work tree that a library folder is: its branch and remote, its commits, and its files as git names them.

git works in a temporary folder of ours, made for one operation: it borrows the objects, the branches and their log from
the repository in the library, and nothing else. What is needed of its configuration, such as the address of
the remote, is read from the file as text.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import platform
import pwd
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk import private
from borgdesk.domain.characters import is_readable
from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.git.command import Git, GitFailed
from borgdesk.engine.workspace import Workspace
from borgdesk.store.exposure import exposure
from borgdesk.store.library_names import is_ours
from borgdesk.translation import N_, _

FILE_KINDS = ("100644", "100755")
"""Modes of regular files in git; links and submodules are left to git."""

_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tlogAllRefUpdates = true\n"
_IN_NAMES = r"[^\s~^:?*\[\\\x00-\x20\x7f]"
_BRANCH = re.compile(rf"refs/heads/(?!.*(?:\.\.|//|/\.|@\{{|\.lock(?:/|$)))(?![./-]){_IN_NAMES}+")
_OID = re.compile(r"[0-9a-f]{40}")
_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*")
_UNFINISHED = {
    "MERGE_HEAD": N_("a merge"),
    "CHERRY_PICK_HEAD": N_("a cherry-pick"),
    "REVERT_HEAD": N_("a revert"),
    "BISECT_LOG": N_("a bisection"),
    "rebase-merge": N_("a rebase"),
    "rebase-apply": N_("a rebase"),
}
_HIDDEN_OF_OURS = ".borgdesk-"
_SHOWN_HIDDEN = (".gitignore", ".gitattributes")
"""Hidden files that are proposed for a commit although they are not tracked yet."""


class NoWorkTree(BorgDeskError):
    """The library folder is not a git work tree, or not one that BorgDesk uses."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a commit."""

    mode: str
    oid: str
    is_file: bool
    """Whether it is a regular file with a name that a file of the library may have."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where changes are pulled from and pushed to."""

    name: str
    address: str = field(repr=False)
    branch: str
    """``refs/heads/…`` there."""

    @property
    def tracking(self) -> str:
        """The branch here that says what the remote had when it was last asked."""
        return f"refs/remotes/{self.name}/{self.branch.removeprefix('refs/heads/')}"

    @property
    def shown(self) -> str:
        """The address without a password, and without the user of a web address, which often is a token."""
        return re.sub(r"^(https?://)[^/]*@|(//[^/@:]*):[^/]*(@)", r"\1\2\3", self.address)


@dataclass(frozen=True, slots=True)
class WorkTree:
    """An opened work tree."""

    folder: Path
    """The library folder."""
    git: Git
    branch: str | None
    """``refs/heads/…``; None if no branch is checked out."""
    head: str | None
    """The commit that is checked out; None before the first one."""
    remote: Remote | None
    identity: Mapping[str, str]
    """Variables with the author's name and address, where the user's configuration does not have them."""
    unfinished: str
    """What somebody has begun with git and not finished, such as “a merge”; empty if nothing."""

    @property
    def index(self) -> Path:
        """The index that the user's own git works with."""
        return self.folder / ".git" / "index"

    def entries(self, commit: str | None) -> dict[str, Entry]:
        """Return the files of a commit by path; none for None."""
        if commit is None:
            return {}
        found = {}
        for line in self.git.call("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            about, tab, name = line.partition(b"\t")
            if tab:
                mode, _kind, oid = about.decode().split(" ")
                path = os.fsdecode(name)
                found[path] = Entry(mode, oid, mode in FILE_KINDS and is_possible(path))
        return found

    def content(self, oid: str) -> bytes:
        """Return the contents of a file in git."""
        return self.git.call("cat-file", "blob", oid)

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that a branch is at; None if there is no such branch."""
        code, out, _err = self.git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return None if code else out.decode().strip()

    def untracked(self) -> list[str]:
        """Return the files of the work tree that the last commit does not have, without those that git ignores."""
        with self.staged(self.head) as git:
            listed = git.having(GIT_WORK_TREE=str(self.folder)).call(
                "-C", str(self.folder), "ls-files", "--others", "--exclude-standard", "-z"
            )
        names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
        return [name for name in names if _is_proposed(name) and self.place(name) is not None]

    @contextlib.contextmanager
    def staged(self, commit: str | None) -> Iterator[Git]:
        """Provide git with an index of its own, filled from a commit."""
        descriptor, name = tempfile.mkstemp(prefix="index-", dir=self.git.environment["GIT_DIR"])
        os.close(descriptor)
        Path(name).unlink()
        git = self.git.having(GIT_INDEX_FILE=name)
        git.call("read-tree", "--empty" if commit is None else commit)
        yield git

    def place(self, name: str) -> Path | None:
        """Return the path of a regular file of the work tree; None if there is none, or a link leads to it."""
        path = self.folder
        for part in name.split("/"):
            path /= part
            try:
                mode = path.lstat().st_mode
            except OSError:
                return None
            if stat.S_ISLNK(mode):
                return None
        return path if stat.S_ISREG(mode) else None

    def is_free(self, name: str) -> bool:
        """Return whether a file of that name could be made: nothing is there, and no link leads there."""
        path = self.folder
        for part in name.split("/"):
            path /= part
            if not os.path.lexists(path):
                return True
            if path.is_symlink():
                return False
        return False

    def check_at_rest(self) -> str:
        """Return the branch that is checked out.

        Raises:
            BorgDeskError: there is none, or something was begun with git and not finished.
        """
        if self.unfinished:
            raise BorgDeskError(
                _("Somebody has begun {what} in the library with git. Finish it there first.").format(
                    what=_(self.unfinished)
                )
            )
        if self.branch is None:
            raise BorgDeskError(_("No branch is checked out in the library. Check one out with “git switch” first."))
        return self.branch


def is_work_tree(workspace: Workspace) -> bool:
    """Return whether the library folder looks like the top of a git work tree; reads next to nothing."""
    return os.path.lexists(workspace.paths.library / ".git")


def is_possible(path: str) -> bool:
    """Return whether BorgDesk handles a file of that name, which may come from anywhere."""
    parts = path.split("/")
    return is_readable(path) and not any(
        part in ("", ".", "..")
        or part.casefold() == ".git"
        or part.casefold().startswith(("git~", _HIDDEN_OF_OURS))
        or "\\" in part
        for part in parts
    )


def oid_of(content: bytes) -> str:
    """Return git's name for the contents of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@contextlib.contextmanager
def opened(workspace: Workspace) -> Iterator[WorkTree]:
    """Open the work tree for one operation.

    Raises:
        NoWorkTree: the library folder is none, or one that BorgDesk does not use; the sentence says why.
        GitFailed: git is not installed, or does not understand the repository.
    """
    folder = workspace.paths.library
    source = folder / ".git"
    _check(folder, source)
    ours = workspace.paths.cache / "git"
    try:
        private.make_missing(ours)
        with tempfile.TemporaryDirectory(prefix="work-", dir=ours) as name:
            yield _open(workspace, folder, source, Path(name))
    except OSError as error:
        raise GitFailed(_("The library cannot be read: {error}.").format(error=error.strerror)) from error


def _check(folder: Path, source: Path) -> None:
    if not os.path.lexists(source):
        raise NoWorkTree(
            _("The library folder {folder} is not a git work tree. “git init {folder}” makes it one.").format(
                folder=folder
            )
        )
    if source.is_symlink() or not source.is_dir():
        raise NoWorkTree(
            _("The repository of the library is not in the folder {folder}, so BorgDesk does not use it.").format(
                folder=source
            )
        )
    found = exposure(source)
    if found is not None:
        raise NoWorkTree(
            _("BorgDesk does not use the repository of the library: {why}. “{remedy}” fixes that.").format(
                why=found.why, remedy=found.remedy
            )
        )
    if (strange := _first_strange(source)) is not None:
        raise NoWorkTree(
            _("BorgDesk does not use the repository of the library: {path} is a link, or no file.").format(path=strange)
        )
    if os.path.lexists(source / "commondir") or not all(map(os.path.lexists, (source / "HEAD", source / "objects"))):
        raise NoWorkTree(_("{folder} is not a complete git repository.").format(folder=source))


def _first_strange(source: Path) -> Path | None:
    """Return a link where git would write, which could lead to any file of the user, or a pipe that would block us."""
    for current, folders, names in os.walk(source):
        here = Path(current)
        if here.parent == source / "objects":
            folders.clear()
            continue
        for name in (*folders, *names):
            mode = (here / name).lstat().st_mode
            if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                return here / name
    return None


def _open(workspace: Workspace, folder: Path, source: Path, ours: Path) -> WorkTree:
    head = _first_line(source / "HEAD")
    branch = head.removeprefix("ref: ").strip() if head.startswith("ref: ") else None
    if (_OID.fullmatch(head) if branch is None else _BRANCH.fullmatch(branch)) is None:
        raise NoWorkTree(_("{folder} is not a complete git repository.").format(folder=source))
    (ours / "config").write_bytes(_CONFIG)
    (ours / "HEAD").write_text(f"{head}\n")
    (ours / "info").mkdir()
    for name in ("refs", "logs"):
        (source / name).mkdir(exist_ok=True)
    for name in ("refs", "packed-refs", "shallow", "logs", "info/exclude"):
        if (source / name).exists():
            (ours / name).symlink_to(source / name)
    git = Git.within(workspace.environment, GIT_DIR=str(ours), GIT_OBJECT_DIRECTORY=str(source / "objects"))
    told = _configuration(git, source / "config")
    unknown = [key for key in told if key.startswith("extensions.") and key != "extensions.worktreeconfig"]
    if unknown:
        raise NoWorkTree(
            _("The repository of the library uses {feature}, which BorgDesk does not know.").format(feature=unknown[0])
        )
    tree = WorkTree(folder, git, branch, None, _remote(told, branch), _identity(git, told), _unfinished(source))
    commit = tree.commit_of("HEAD")
    return WorkTree(folder, git, branch, commit, tree.remote, tree.identity, tree.unfinished)


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        return file.readline(1024).strip()


def _configuration(git: Git, file: Path) -> dict[str, str]:
    """Return a configuration file as text; of several values of a key, the last one. Nothing is included."""
    if not file.exists():
        return {}
    out = git.call("config", "--file", str(file), "--no-includes", "-z", "--list")
    pairs = (item.decode("utf-8", "surrogateescape").partition("\n") for item in out.split(b"\0") if item)
    return {key: value for key, _newline, value in pairs}


def _remote(told: Mapping[str, str], branch: str | None) -> Remote | None:
    if branch is None:
        return None
    short = branch.removeprefix("refs/heads/")
    name = told.get(f"branch.{short}.remote", "")
    there = told.get(f"branch.{short}.merge", branch)
    if not name:
        names = {key.split(".")[1] for key in told if re.fullmatch(r"remote\.[^.]+\.url", key)}
        name = "origin" if "origin" in names else next(iter(names)) if len(names) == 1 else ""
    address = told.get(f"remote.{name}.url", "")
    if not address or not is_readable(address) or not _REMOTE.fullmatch(name) or not _BRANCH.fullmatch(there):
        return None
    return Remote(name, address, there)


def _identity(git: Git, told: Mapping[str, str]) -> dict[str, str]:
    """Return who commits: as the repository says, else as the user's configuration says, else by the login."""
    name = told.get("user.name") or git.value("user.name")
    address = told.get("user.email") or git.value("user.email")
    login = getpass.getuser()
    if not name:
        with contextlib.suppress(KeyError):
            name = pwd.getpwuid(os.geteuid()).pw_gecos.split(",")[0]
    name, address = (
        _without_signs(name) or login,
        _without_signs(address) or f"{login}@{platform.node() or 'localhost'}",
    )
    given = git.environment
    who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address}
    who |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address}
    return {variable: given.get(variable) or value for variable, value in who.items()}


def _without_signs(text: str) -> str:
    """Return a name without what git and shells give a meaning to: it is written into files of the repository."""
    return re.sub(r"[<>`$;|&\\\x00-\x1f\x7f]", "", text.encode("utf-8", "replace").decode()).strip()


def _unfinished(source: Path) -> str:
    return next((what for name, what in _UNFINISHED.items() if os.path.lexists(source / name)), "")


def _is_proposed(name: str) -> bool:
    *folders, last = name.split("/")
    return is_possible(name) and all(map(is_ours, folders)) and (is_ours(last) or last in _SHOWN_HIDDEN)
