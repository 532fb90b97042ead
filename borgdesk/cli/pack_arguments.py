"""Arguments of ``pack``."""

from __future__ import annotations

from borgdesk.cli import values
from borgdesk.cli.arguments import Group
from borgdesk.translation import _


def add_packs(commands: Group) -> None:
    """Add ``pack``."""
    group = Group(commands.add("pack", _("script packs: scripts passed on together in one file")), "action")
    make = group.add("make", _("write scripts of the library to a new pack, without values and secrets"))
    make.add_argument("file", metavar="FILE", help=_("a file that does not exist yet"))
    make.add_argument("scripts", metavar="SCRIPT", nargs="+")
    make.add_argument("--name", metavar="N", help=_("its name (default: that of the file)"))
    make.add_argument("--version", metavar="V", type=values.pack_version, default="1", help=_("its version"))
    make.add_argument("--author", metavar="A", default="", help=_("who wrote it"))
    make.add_argument("--licence", metavar="L", default="", help=_("the licence, such as GPL-3.0-or-later"))
    make.add_argument("--description", metavar="D", default="", help=_("what it is for"))
    make.add_argument("--sign", metavar="KEY", help=_("sign it with this SSH key"))
    for name, does in (
        ("inspect", _("show a pack with all its texts, and what to look at in them; nothing is changed")),
        ("verify", _("check a pack and its signature; exits with 1 if it is not signed")),
    ):
        group.add(name, does).add_argument("file", metavar="FILE")
    install = group.add("install", _("add the scripts of a pack to the library; nothing is assigned"))
    install.add_argument("file", metavar="FILE")
    install.add_argument("--yes", action="store_true", help=_("do not ask"))
    group.add("list", _("list the packs that were installed"))
    forget = group.add("forget", _("forget an installed pack and its key; its scripts stay"))
    forget.add_argument("name", metavar="NAME")
