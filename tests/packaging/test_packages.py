"""What the packages are made of, without building one: the Debian package itself is tried in ``test_bare_roots.py``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from borgdesk.domain.version import APPLICATION_ID
from tests.cli.lab import wait_until

PACKAGING = Path(__file__).parents[2] / "packaging"


def load(file: Path, name: str) -> ModuleType:
    loader = SourceFileLoader(name, str(file))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def deb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PACKAGING)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return load(PACKAGING / "deb.py", "deb")


def test_the_package_has_the_id_of_the_program(deb: ModuleType) -> None:
    assert deb.APPLICATION_ID == APPLICATION_ID
    assert (PACKAGING / f"{APPLICATION_ID}.metainfo.xml").exists()
    assert (PACKAGING.parent / f"resources/{APPLICATION_ID}.desktop").exists()


def test_the_package_depends_on_what_a_checkout_needs(deb: ModuleType) -> None:
    needed = deb.depends().split(", ")
    assert "borgbackup (>= 1.2)" in needed
    assert "libxcb-cursor0" in needed
    assert "libglib2.0-0t64 | libglib2.0-0" in needed
    assert not any("venv" in name for name in needed)


def test_requirements_are_left_out_with_their_hashes(deb: ModuleType) -> None:
    text = "# made by pip-compile\nalembic==1 \\\n    --hash=sha256:aa\nzipp==2 \\\n    --hash=sha256:bb\n    # via x\n"
    assert deb.tree.without(text, {"zipp"}) == "# made by pip-compile\nalembic==1 \\\n    --hash=sha256:aa\n"


def test_the_web_pages_are_where_people_look_and_the_program_finds_them(deb: ModuleType, tmp_path: Path) -> None:
    pages, documents = tmp_path / "usr/lib/borgdesk/shipped/borgdesk/docs/html", tmp_path / "usr/share/doc/borgdesk"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("the guide")
    documents.mkdir(parents=True)
    deb.move_web_pages(pages, documents / "html")
    assert (documents / "html/index.html").read_text() == "the guide"
    # Each version is a copy of this folder, beside it.
    version = tmp_path / "usr/lib/borgdesk/1/borgdesk/docs/html"
    version.parent.mkdir(parents=True)
    version.symlink_to(pages.readlink())
    assert (version / "index.html").resolve() == documents / "html/index.html"


def test_pictures_are_in_a_package_once(deb: ModuleType, tmp_path: Path) -> None:
    for folder in ("pictures", "html/_images"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "board.webp").touch()
    deb.tree.share_pictures(tmp_path)
    assert (tmp_path / "pictures/board.webp").resolve() == tmp_path / "html/_images/board.webp"


class Installed:
    """A folder in which ``versions`` works, as dpkg's scripts start it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = home.parent / "versions"
        text = (PACKAGING / "debian" / "versions").read_text()
        self.program.write_text(text.replace("/usr/lib/borgdesk", str(home)))

    def ship(self, text: str) -> None:
        """Put a file where dpkg puts it: as a new one in place of the old one."""
        shipped = self.home / "shipped"
        shipped.mkdir(parents=True, exist_ok=True)
        (shipped / "new").write_text(text)
        (shipped / "new").replace(shipped / "main.py")

    def __call__(self, *argv: str) -> None:
        subprocess.run([sys.executable, "-IS", self.program, *argv], check=True)

    def now(self) -> set[str]:
        return {entry.name for entry in self.home.iterdir()} if self.home.exists() else set()


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path / "lib")


@pytest.fixture
def user(installed: Installed) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs the first version, until its standard input is closed."""
    installed.ship("import sys; sys.stdin.read()")
    installed("use", "1")
    current = (installed.home / "current").resolve()
    with subprocess.Popen([sys.executable, "-IS", current / "main.py"], stdin=subprocess.PIPE) as process:
        yield process


def test_the_version_that_was_installed_last_is_the_current_one(installed: Installed) -> None:
    installed.ship("print('one')")
    installed("use", "1")
    assert (installed.home / "current").readlink() == Path("1")
    assert (installed.home / "current/main.py").read_text() == "print('one')"
    assert list((installed.home / "1").rglob("main.*.pyc"))


def test_a_version_stays_until_its_last_process_has_ended(installed: Installed, user: subprocess.Popen[bytes]) -> None:
    installed.ship("print('two')")
    installed("use", "2")
    assert (installed.home / "current").readlink() == Path("2")
    assert (installed.home / "1/main.py").read_text().startswith("import sys")
    user.communicate()
    wait_until(lambda: not (installed.home / "1").exists(), "the removal of the old version")
    assert installed.now() == {"shipped", "2", "current"}


def test_a_removal_leaves_the_version_to_those_who_run_it(installed: Installed, user: subprocess.Popen[bytes]) -> None:
    installed("clear")
    for file in (installed.home / "shipped").iterdir():
        file.unlink()
    (installed.home / "shipped").rmdir()
    assert installed.now() == {"1"}
    user.communicate()
    wait_until(lambda: not installed.home.exists(), "the removal of the last version")


def test_the_same_version_can_be_installed_again(installed: Installed) -> None:
    for text in ("print('one')", "print('better')"):
        installed.ship(text)
        installed("use", "1")
    assert (installed.home / "1/main.py").read_text() == "print('better')"
