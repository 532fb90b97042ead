"""Asks once, before a restore, what to do with all existing files that differ."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from borgdesk.engine.archives.conflicts import Conflicts
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.gui.look import words
from borgdesk.translation import _, ngettext


def ask_about_conflicts(parent: QWidget, met: Conflicts, chosen: Callable[[OnConflict], object]) -> QMessageBox:
    """Ask without holding up anything; *chosen* is called unless somebody leaves."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    many = met.count
    box.setWindowTitle(ngettext("A different file exists", "Different files exist", many))
    box.setTextFormat(Qt.TextFormat.PlainText)
    said = ngettext("{count} file exists already and differs.", "{count} files exist already and differ.", met.count)
    box.setText(said.format(count=words.number(met.count)))
    box.setInformativeText("\n".join(_details(met)))
    answers = (
        (ngettext("&Keep it", "&Keep them", many), OnConflict.KEEP),
        (ngettext("&Replace it", "&Replace them", many), OnConflict.REPLACE),
        (_("Keep &both"), OnConflict.BOTH),
    )
    for text, what in answers:
        button = box.addButton(text, QMessageBox.ButtonRole.ActionRole)
        button.clicked.connect(lambda _checked=False, what=what: chosen(what))
        if what is OnConflict.KEEP:
            box.setDefaultButton(button)
    box.setEscapeButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.open()
    return box


def _details(met: Conflicts) -> list[str]:
    lines = [words.file_name(path) for path in met.examples]
    rest = met.count - len(lines)
    if rest:
        lines.append(ngettext("and {count} more", "and {count} more", rest).format(count=words.number(rest)))
    if met.newer and met.count == 1:
        lines += ["", _("It is newer than the file in the archive.")]
    elif met.newer:
        newer = ngettext(
            "{count} is newer than the file in the archive.",
            "{count} are newer than the files in the archive.",
            met.newer,
        )
        lines += ["", newer.format(count=words.number(met.newer))]
    kept = ngettext(
        "If it is replaced, it is kept for 7 days, and the restore can be undone.",
        "Replaced files are kept for 7 days, and the restore can be undone.",
        met.count,
    )
    return [*lines, "", kept]
