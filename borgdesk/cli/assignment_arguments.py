"""Arguments of ``assignment``."""

from __future__ import annotations

from borgdesk.cli import values
from borgdesk.cli.arguments import Group, Parser
from borgdesk.domain.run import LANES, OnFailure
from borgdesk.translation import N_, _

_LANES = [hook.value for hook in LANES]
_SHARED = N_(
    "share it, and the script that belongs to it, with other runs: the first one stops the service, and the last one "
    "starts it again; NAME if they do not do exactly the same everywhere"
)


def add_assignments(parser: Parser) -> None:
    """Add ``assignment``."""
    group = Group(parser, "action")
    add = group.add("add", _("assign a script to a hook of a repository"))
    add.add_argument("repository", metavar="REPO")
    add.add_argument("script", metavar="SCRIPT")
    add.add_argument(
        "--hook",
        metavar="H",
        type=values.one_of(_LANES),
        required=True,
        help=_("the hook: {lanes}").format(lanes=", ".join(_LANES)),
    )
    add.add_argument(
        "--order", metavar="N", type=values.number, help=_("its position within the hook, from 1 (default: the last)")
    )
    add.add_argument("--disabled", dest="enabled", action="store_false", default=None, help=_("do not run it for now"))
    add.add_argument("--shared", metavar="NAME", nargs="?", const="", help=_(_SHARED))
    _add_override_options(add)

    listed = group.add("list", _("list the scripts assigned to a repository"))
    listed.add_argument("repository", metavar="REPO")

    edit = group.add("edit", _("change the given settings of an assignment"))
    edit.add_argument("assignment", metavar="ID")
    enabled = edit.add_mutually_exclusive_group()
    enabled.add_argument("--enabled", action="store_true", default=None, help=_("run it"))
    enabled.add_argument(
        "--disabled", dest="enabled", action="store_false", default=None, help=_("do not run it for now")
    )
    edit.add_argument("--clear", metavar="FIELD", action="append", default=[],
                      help=_(
                          "reset to the script's own value: timeout, run_on, on_failure, or a parameter"
                      ))  # fmt: skip
    shared = edit.add_mutually_exclusive_group()
    shared.add_argument("--shared", metavar="NAME", nargs="?", const="", help=_(_SHARED))
    shared.add_argument("--no-shared", action="store_true", help=_("each run stops and starts it for itself again"))
    _add_override_options(edit)

    move = group.add("move", _("move an assignment"))
    move.add_argument("assignment", metavar="ID")
    move.add_argument(
        "--order", metavar="N", type=values.number, required=True, help=_("its position within the hook, from 1")
    )
    move.add_argument("--hook", metavar="H", type=values.one_of(_LANES), help=_("another hook"))

    remove = group.add("remove", _("remove an assignment"))
    remove.add_argument("assignment", metavar="ID")


def _add_override_options(parser: Parser) -> None:
    parser.add_argument(
        "--timeout", metavar="S", type=values.seconds, help=_("a timeout in seconds, instead of the script's")
    )
    parser.add_argument("--run-on", metavar="R", type=values.run_on,
                        help=_("always, or a comma-separated list of success,warning,failure"))  # fmt: skip
    parser.add_argument("--on-failure", metavar="P", type=values.one_of(OnFailure), help=", ".join(OnFailure))
    add_parameter_options(parser)


def add_parameter_options(parser: Parser) -> None:
    """Add the options for the values of a script."""
    parser.add_argument("--param", metavar="K=V", type=values.pair, action="append", default=[],
                        help=_("the value of a parameter"))  # fmt: skip
    parser.add_argument("--secret", metavar="K", type=values.parameter_name, action="append", default=[],
                        help=_("a secret parameter; its value is read from standard input, one line each, in this "
                        "order"))  # fmt: skip
