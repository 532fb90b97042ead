"""The emergency sheet: a page to print with everything that is needed to restore without BorgDesk."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import re
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import borgdesk
from borgdesk import logs
from borgdesk.borg.by_hand import Step, steps
from borgdesk.borg.command import KeyForm
from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InvalidInput, stopped_before_changes
from borgdesk.domain.repository import Repository
from borgdesk.domain.version import VERSION
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.borg_calls.passphrase_command import passphrase_from
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import call_marker
from borgdesk.engine.processes.self_start import isolated_python, own_folders
from borgdesk.engine.repositories.passphrases import passphrase_for
from borgdesk.engine.repositories.repository_keys import exported_key, put_private, refuse_existing
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now
from borgdesk.store.files import blamed
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_PROGRAM = Path(borgdesk.__path__[0], "gui", "look", "pdf_program.py")
"""Makes the PDF, in a process of its own: it needs Qt, which commands do not load."""

_WORD_JOINER = "\u2060"
"""An invisible character at which no line is broken."""
_LIMIT = 60.0
"""Seconds for making the PDF, which takes less than one."""

QR = "key.png"
"""The name of the picture in the text."""
_DOT = 6
"""Pixels of the smallest square of the QR code."""

_COMMAND = '<p style="margin: 2px 0 2px 24px; text-indent: -24px; font-family: monospace; white-space: pre-wrap">'
"""Opens a paragraph with a command: what does not fit its line is indented, so that it does not look like another."""

_LINE = 46
"""Letters of the line on which the passphrase is written by hand."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The contents of a sheet."""

    repository: Repository
    borg: str
    """Version of Borg here."""
    host: str
    made: datetime
    key: str = ""
    """As a file that Borg imports; empty if the repository has none."""
    paper: str = ""
    """As lines to type in."""
    passphrase: str | None = None
    """None for a line to write it on."""


def save_sheet(
    workspace: Workspace,
    repository: Repository,
    file: Path,
    *,
    with_passphrase: bool = False,
    over: bool = False,
    cancel: Cancel | None = None,
) -> None:
    """Save the emergency sheet of a repository as a private PDF; *over* allows overwriting a file.

    Raises:
        InvalidInput: the file exists, and *over* was not given; or its passphrase is not stored.
        StoreUnusable: the file cannot be written.
        BorgDeskError: Borg failed, or the PDF could not be made.
        Stopped: *cancel* was asked.
    """
    refuse_existing(file, over=over)
    cancel = cancel or Cancel()
    with blamed(_("The emergency sheet cannot be written to {file}").format(file=file)):
        content = _pdf(workspace, _read(workspace, repository, file.absolute().parent, with_passphrase, cancel))
        if cancel.asked:
            raise stopped_before_changes()
        put_private(file, content, over=over)


def _read(workspace: Workspace, repository: Repository, folder: Path, with_passphrase: bool, cancel: Cancel) -> Sheet:
    version, key, paper, passphrase = usable_version(workspace, cancel), "", "", None
    if repository.encryption != Encryption.NONE:
        passphrase = _passphrase_of(workspace, repository, cancel) if with_passphrase else None
        key, paper = (
            exported_key(workspace, repository, folder, form, cancel).decode() for form in (KeyForm.FILE, KeyForm.PAPER)
        )
    if passphrase is not None:
        logs.hide([passphrase])
    made = now().astimezone()
    return Sheet(repository, str(version), socket.gethostname(), made, key, paper, passphrase)


def _passphrase_of(workspace: Workspace, repository: Repository, cancel: Cancel) -> str:
    if repository.passcommand is not None:
        return passphrase_from(workspace, repository.passcommand, call_marker(), cancel)
    passphrase = passphrase_for(workspace, repository, cancel=cancel)
    if passphrase is None:
        raise InvalidInput(_("BorgDesk stores no passphrase for “{repository}”.").format(repository=repository.name))
    return passphrase


def _pdf(workspace: Workspace, sheet: Sheet) -> bytes:
    pictures = {QR: base64.b64encode(qr_code(sheet.key)).decode()} if sheet.key else {}
    task = json.dumps({"title": title_of(sheet.repository), "html": as_html(sheet), "pictures": pictures}).encode()
    environment = {**workspace.environment, "QT_QPA_PLATFORM": "offscreen"}
    try:
        program = f"import sys; sys.path += {own_folders()!r}\n{_PROGRAM.read_text()}"
        argv = [*isolated_python(), "-c", program]
        code, content, complaint = process.capture(argv, environment, _LIMIT, task)
    except (OSError, process.StartFailed) as error:
        raise BorgDeskError(_("The PDF could not be made: {error}").format(error=error)) from error
    if code != 0 or not content.startswith(b"%PDF"):
        _log.error("making a PDF failed with exit code %d: %s", code, complaint.decode(errors="replace"))
        raise BorgDeskError(_("The PDF could not be made; BorgDesk's log has the details."))
    return content


def qr_code(text: str) -> bytes:
    """Return the QR code of a text as a PNG."""
    # Imported here: with what it imports itself, it takes 1.3 MB, and few windows ever need it.
    import segno

    picture = io.BytesIO()
    segno.make(text, micro=False, error="m", boost_error=False).save(picture, kind="png", scale=_DOT, border=4)
    return picture.getvalue()


def title_of(repository: Repository) -> str:
    """Return the title of a repository's sheet."""
    return _("Emergency sheet: {name}").format(name=repository.name)


def as_html(sheet: Sheet) -> str:
    """Return the sheet in the HTML that Qt understands."""
    repository = sheet.repository
    facts = [
        (_("Location"), f"<tt>{html.escape(_unbroken(repository.location))}</tt>"),
        (_("Id"), f"<tt>{html.escape(repository.borg_id or '')}</tt>"),
        (_("Encryption"), html.escape(repository.encryption or "")),
        (_("Backed up"), html.escape(", ".join(repository.all_sources))),
        (_("Computer"), html.escape(sheet.host)),
        (_("Made"), _("{date} by BorgDesk {version}, with Borg {borg}").format(
            date=f"{sheet.made:%Y-%m-%d}", version=html.escape(VERSION), borg=html.escape(sheet.borg)
        )),
    ]  # fmt: skip
    if sheet.key:
        facts.append((_("Passphrase"), _passphrase(sheet.passphrase)))
    rows = "".join(f'<tr><td style="padding-right: 12px">{name}</td><td>{value}</td></tr>' for name, value in facts)
    return "".join(
        [
            f'<h1 style="font-size: 16pt">{html.escape(title_of(repository))}</h1>',
            f"<p>{html.escape(_advice(sheet))}</p>",
            f'<table cellpadding="2" style="margin-top: 8px">{rows}</table>',
            f'<h2 style="font-size: 12pt">{_("Restoring without BorgDesk")}</h2>',
            "<ol>" + "".join(map(_step, steps(repository))) + "</ol>",
            f"<p>{html.escape(_question(sheet))}</p>",
            _key_page(sheet) if sheet.key else "",
        ]
    )


def _passphrase(passphrase: str | None) -> str:
    if passphrase is not None:
        # Every space counts.
        return f'<tt style="white-space: pre-wrap">{html.escape(passphrase)}</tt>'
    return "<br>" + "_" * _LINE


def _advice(sheet: Sheet) -> str:
    if not sheet.key:
        return _("This repository is not encrypted: whoever can read it needs nothing else.")
    if sheet.passphrase is not None:
        return _(
            "Whoever has this sheet can read all archives. Keep it locked away, and not beside the computer or the "
            "disk of the repository."
        )
    return _(
        "Write down the passphrase by hand, here or on another sheet. Keep it in a safe place, and not beside the "
        "computer or the disk of the repository: whoever has this sheet and the passphrase can read all archives."
    )


def _question(sheet: Sheet) -> str:
    if sheet.key:
        return _("Borg asks for the passphrase and does not show what is typed.")
    return _("Borg says that it does not know the repository, and asks whether to go on. Answer with “y”.")


def _step(step: Step) -> str:
    lines = "".join(f"{_COMMAND}{html.escape(_unbroken(line))}</p>" for line in step.commands)
    return f'<li style="margin-top: 6px">{html.escape(step.text)}{lines}</li>'


def _key_page(sheet: Sheet) -> str:
    lines = sheet.paper[sheet.paper.index("id:") :].rstrip() if "id:" in sheet.paper else sheet.paper
    return "".join(
        [
            f'<h2 style="font-size: 12pt; page-break-before: always">{_("The key")}</h2>',
            "<p>",
            _("It is encrypted with the passphrase of the day on which this sheet was made."),
            "</p>",
            f'<p><img src="{QR}" width="280" height="280"></p>',
            f'<pre style="font-size: 9pt">{html.escape(lines)}</pre>',
        ]
    )


def _unbroken(line: str) -> str:
    """Return a line to type that is broken at blanks only: nobody sees that there is none between two parts."""
    return re.sub(r"(?<=[-/])(?=\S)", _WORD_JOINER, line)
