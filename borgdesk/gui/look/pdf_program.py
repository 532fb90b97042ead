"""Program that makes a PDF of a text: reads a task as JSON from standard input and prints the PDF.

A process of its own, because commands do not load Qt, and so that the window paints on meanwhile. The task arrives in
memory: what it contains is nowhere on a disk.
"""

import base64
import json
import sys

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QUrl
from PySide6.QtGui import QFont, QGuiApplication, QImage, QPageSize, QPdfWriter, QTextCursor, QTextDocument

_RESOLUTION = 1200
"""Dots per inch, which only positions depend on."""
_OF_HTML = 96
"""Pixels per inch in HTML."""
_POINTS = 9.0


def pdf_of(title: str, html: str, pictures: dict[str, bytes]) -> bytes:
    """Return a PDF of an HTML text on A4; *pictures* are files of pictures by their names in the text."""
    document = QTextDocument()
    font = QFont("sans-serif")
    font.setPointSizeF(_POINTS)
    document.setDefaultFont(font)
    for name, content in pictures.items():
        document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), QImage.fromData(content))
    document.setHtml(html)
    _scale_indents(document)
    made = QByteArray()
    buffer = QBuffer(made)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setResolution(_RESOLUTION)
    # The document leaves a margin of two centimetres itself, with the number of the page in it.
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF())
    document.print_(writer)
    buffer.close()
    return bytes(made.data())


def _scale_indents(document: QTextDocument) -> None:
    """Scale left margins and the indents of first lines to the resolution of the paper, as Qt does with all else."""
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        cursor.setPosition(block.position())
        style = block.blockFormat()
        style.setLeftMargin(style.leftMargin() * _RESOLUTION / _OF_HTML)
        style.setTextIndent(style.textIndent() * _RESOLUTION / _OF_HTML)
        cursor.setBlockFormat(style)
        block = block.next()


def main() -> int:
    """Make one PDF."""
    task = json.load(sys.stdin.buffer)
    # Fonts and pictures need it.
    application = QGuiApplication([sys.argv[0]])
    pictures = {name: base64.b64decode(content) for name, content in task["pictures"].items()}
    sys.stdout.buffer.write(pdf_of(task["title"], task["html"], pictures))
    sys.stdout.buffer.flush()
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
