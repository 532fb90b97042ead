"""Arguments of the commands about keys and passphrases."""

from __future__ import annotations

from borgdesk.cli.arguments import Group
from borgdesk.translation import _


def add_keys(commands: Group) -> None:
    """Add ``key``, ``passphrase`` and ``emergency-sheet``."""
    key = Group(commands.add("key", _("keys of encrypted repositories")), "action")
    take = key.add("import", _("import the key of a repository from a file"))
    take.add_argument("repository", metavar="REPO")
    take.add_argument("file", metavar="FILE", help=_("a file written by “key export” or “borg key export”"))
    save = key.add("export", _("export the key of a repository to a file, to keep in a safe place"))
    save.add_argument("repository", metavar="REPO")
    save.add_argument("file", metavar="FILE", help=_("a file that does not exist yet"))
    form = save.add_mutually_exclusive_group()
    form.add_argument("--paper", dest="form", action="store_const", const="paper", default="file",
                      help=_("as text to print and type in again"))  # fmt: skip
    form.add_argument("--qr", dest="form", action="store_const", const="qr", help=_("as a web page with a QR code"))

    passphrase = Group(commands.add("passphrase", _("passphrases of encrypted repositories")), "action")
    change = passphrase.add(
        "change", _("change the passphrase of a repository; the old and the new one are read from stdin, a line each")
    )
    change.add_argument("repository", metavar="REPO")
    known = passphrase.add(
        "check", _("say whether the passphrase read from stdin is the stored one, to find out if you still know it")
    )
    known.add_argument("repository", metavar="REPO")

    sheet = commands.add(
        "emergency-sheet", _("make a PDF to print: place, key, and the commands of Borg that restore without BorgDesk")
    )
    sheet.add_argument("repository", metavar="REPO")
    sheet.add_argument("file", metavar="FILE", help=_("a file that does not exist yet"))
    sheet.add_argument("--with-passphrase", action="store_true", help=_("print the passphrase on it as well"))
