"""``borgdesk pack``: makes, shows and installs script packs."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.json_values import Json
from borgdesk.cli.tables import Column, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.exit_codes import FAILURE, WARNING
from borgdesk.domain.lines import lines_of, visible
from borgdesk.domain.pack import ENDING, Manifest
from borgdesk.domain.script import Script
from borgdesk.engine.packs.installed import forget, installed_packs, name_of_key
from borgdesk.engine.packs.installing import Plan, PlannedScript, State, carry_out, plan
from borgdesk.engine.packs.making import Title, make_pack
from borgdesk.engine.packs.pack_file import read
from borgdesk.translation import N_, _, ngettext

_STATES = {
    State.NEW: N_("new"),
    State.UPDATE: N_("changed in the pack"),
    State.UNCHANGED: N_("unchanged"),
    State.EDITED: N_("changed here, so it stays as it is"),
}


def make(console: Console, arguments: argparse.Namespace) -> int:
    """Write scripts of the library to a new pack."""
    file = Path(arguments.file)
    ids = [console.workspace.store.scripts.get(one).id for one in arguments.scripts]
    title = Title(
        arguments.name or file.name.removesuffix(ENDING),
        arguments.version,
        arguments.author,
        arguments.licence,
        arguments.description,
    )
    manifest = make_pack(console.workspace, file, ids, title, Path(arguments.sign) if arguments.sign else None)
    console.say(_("The pack was written to {file}.").format(file=file))
    console.answer(_manifest_json(manifest) | {"file": str(file), "signed_by": manifest.key_name or None})
    return 0


def inspect(console: Console, arguments: argparse.Namespace) -> int:
    """Show everything in a pack."""
    planned = plan(console.workspace, read(Path(arguments.file)))
    console.answer(_json(planned), lambda out: _show(out, planned))
    return FAILURE if planned.problem else 0


def verify(console: Console, arguments: argparse.Namespace) -> int:
    """Check a pack and its signature."""
    planned = plan(console.workspace, read(Path(arguments.file)))
    console.answer(_json(planned), lambda out: out.line(printable(planned.problem or _signed(planned))))
    if planned.problem:
        return FAILURE
    return 0 if planned.signature is not None else WARNING


def install(console: Console, arguments: argparse.Namespace) -> int:
    """Show a pack, and add its scripts to the library."""
    planned = plan(console.workspace, read(Path(arguments.file)))
    if not console.json:
        _show(console.out, planned)
    installed: list[Script] = []
    question = _question(planned)
    if planned.problem:
        console.say(_("Nothing was installed."))
    elif question and not arguments.yes and not confirmed(question):
        console.say(_("Nothing was installed."))
        return FAILURE
    else:
        installed = carry_out(console.workspace, planned)
        console.say(_outcome(installed))
    if console.json:
        console.answer(_json(planned) | {"installed": [one.id for one in installed]})
    return FAILURE if planned.problem else 0


def listed(console: Console, _arguments: argparse.Namespace) -> int:
    """List the installed packs."""
    store = console.workspace.store
    packs = installed_packs(store)
    keys = {one.name: name_of_key(store, one.fingerprint) if one.fingerprint else None for one in packs}
    documents: list[Json] = [
        {"name": one.name, "version": one.version, "signed_by": one.fingerprint,
         "scripts": [script_id for script_id, _digest in one.scripts.values()]}
        for one in packs
    ]  # fmt: skip

    def show(out: Screen) -> None:
        columns = (Column(_("Name")), Column(_("Version")), Column(_("Scripts")), Column(_("Signed by")))
        table(out, columns, [(one.name, one.version, str(len(one.scripts)), keys[one.name] or "–") for one in packs])

    if not packs:
        console.say(_("No script pack is installed."))
    console.answer(documents, show if packs else None)
    return 0


def forgotten(console: Console, arguments: argparse.Namespace) -> int:
    """Forget an installed pack."""
    pack = forget(console.workspace.store, arguments.name)
    console.say(_("The pack “{name}” is forgotten. Its scripts are still in the library.").format(name=pack.name))
    console.answer({"name": pack.name, "version": pack.version})
    return 0


def _question(planned: Plan) -> str:
    """Return what to ask before a pack is installed; empty if that changes nothing."""
    if count := len(planned.wanted):
        words = ngettext("Add or change {count} script?", "Add or change {count} scripts?", count)
        return words.format(count=count)
    if planned.has_new_signer:
        return _("No script is added or changed. Trust the key that signed the pack from now on?")
    return ""


def _outcome(installed: Sequence[Script]) -> str:
    if not installed:
        return _("There is nothing to install.")
    names = ", ".join(quoted(one.name) for one in installed)
    return _("Installed: {scripts}. Nothing was assigned.").format(scripts=names)


def _manifest_json(manifest: Manifest) -> Json:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "author": manifest.author,
        "licence": manifest.licence,
        "description": manifest.description,
        "scripts": [
            {"name": one.details.name, "file": one.file, "sha256": one.sha256, "needs": list(one.needs)}
            for one in manifest.scripts
        ],
    }


def _json(planned: Plan) -> Json:
    signature = planned.signature
    return _manifest_json(planned.pack.manifest) | {
        "signed_by": None if signature is None else signature.name,
        "fingerprint": None if signature is None else signature.fingerprint,
        "trusted": signature is not None and signature.trusted,
        "scripts": [
            {
                "name": one.entry.details.name,
                "file": one.entry.file,
                "sha256": one.entry.sha256,
                "needs": list(one.entry.needs),
                "state": one.state.value,
                "marks": [{"line": mark.line, "kind": mark.mark.value} for mark in one.marks],
                "findings": [
                    {"line": found.line, "code": found.code, "severity": found.severity.value, "message": found.message}
                    for found in one.findings
                ],
                "content": one.text,
            }
            for one in planned.scripts
        ],
        "problems": [planned.problem] if planned.problem else [],
    }


def _signed(planned: Plan) -> str:
    """Return what came of the signature, as a sentence."""
    signature = planned.signature
    if signature is None:
        return _("The pack is not signed: nobody can tell who made it.")
    if signature.trusted:
        sentence = _("Signed by {name} ({fingerprint}), whose key you trust.")
    else:
        sentence = _("Signed by {name} ({fingerprint}). You have not installed anything signed with this key before.")
    return sentence.format(name=signature.name, fingerprint=signature.fingerprint)


def _show(out: Screen, planned: Plan) -> None:
    manifest = planned.pack.manifest
    named = (
        (_("Pack"), f"{manifest.name} {manifest.version}"),
        (_("Author"), manifest.author),
        (_("Licence"), manifest.licence),
        (_("Description"), manifest.description),
        (_("Signature"), planned.problem or _signed(planned)),
    )
    facts(out, [(name, value) for name, value in named if value])
    for one in planned.scripts:
        out.line()
        _show_script(out, one)


def _show_script(out: Screen, script: PlannedScript) -> None:
    name, state = printable(script.entry.details.name), _(_STATES[script.state])
    out.line(f"{out.paint(name, Style.BOLD)}  {out.paint(state, Style.DIM)}")
    if script.entry.needs:
        out.line(printable("  " + _("Needs: {programs}").format(programs=", ".join(script.entry.needs))))
    for mark in script.marks:
        out.line(out.paint(printable(f"  {mark.sentence}"), Style.WARN))
    for found in script.findings:
        sentence = _("Line {line}: {message}").format(line=found.line, message=f"{found.code} {found.message}".strip())
        out.line(out.paint(printable(f"  {sentence}"), Style.DIM))
    if script.state is State.UNCHANGED:
        return
    for line in _differences(script) if script.before else lines_of(script.text):
        out.line(f"    {visible(line)}")


def _differences(script: PlannedScript) -> Iterator[str]:
    before, after = lines_of(script.before), lines_of(script.text)
    return difflib.unified_diff(before, after, _("here"), _("in the pack"), lineterm="")


COMMANDS: Commands = {
    "make": make,
    "inspect": inspect,
    "verify": verify,
    "install": install,
    "list": listed,
    "forget": forgotten,
}
