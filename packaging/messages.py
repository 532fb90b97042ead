#!/usr/bin/env python3
"""Collect the marked sentences of the code into borgdesk.pot, bring the catalogues up to date and compile them.

With --check nothing is written; what is not up to date is named, and the exit code is 1. So it is where a sentence has
no translation into one of the languages that are complete.
"""

import io
import re
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from borgdesk.domain.parameters import parse_header  # noqa: E402

PACKAGE = ROOT / "borgdesk"
FOLDER = PACKAGE / "locale"
TEMPLATE = FOLDER / "borgdesk.pot"

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
COMMENT = "Translators:"
"""Begins a comment of the code that translators get to see."""

COMPLETE = {"de"}
"""Languages in which everything is translated."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The same whenever it is made: a date that changes would be a difference without a meaning."""


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = [file for file, content in contents() if not file.exists() or file.read_bytes() != content]
        for file in stale:
            print(f"{file.relative_to(ROOT)} is not up to date: make messages", file=sys.stderr)
        return 1 if complain() or stale else 0
    for file, content in contents():
        file.write_bytes(content)
    return 1 if complain() else 0


def complain():
    """Print what is wrong with the catalogues; whether anything is."""
    read_ones = [(file, read(file)) for file in catalogues()]
    found = [(file, wrong) for file, catalogue in read_ones for wrong in complaints(catalogue)]
    found += [(file, gap) for file, catalogue in read_ones if file.parts[-3] in COMPLETE for gap in gaps(catalogue)]
    for file, wrong in found:
        print(f"{file.relative_to(ROOT)}: {wrong}", file=sys.stderr)
    return bool(found)


def gaps(catalogue):
    """Sentences without a translation."""
    for message in catalogue:
        said = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        if said and not all(forms):
            yield f"“{said}” has no translation: make messages, fill it in here, and make messages again"


def catalogues():
    return sorted(FOLDER.glob("*/LC_MESSAGES/*.po"))


def complaints(catalogue):
    """Translations whose placeholders are not those of the sentence, so that it could not be shown."""
    for message in catalogue:
        said = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        if not message.id or not any(forms):
            continue
        wanted = [placeholders(form) for form in said]
        for form in forms:
            if placeholders(form) not in wanted:
                yield f"“{form}” must have the placeholders of “{said[-1]}”"


def placeholders(text):
    """Python's {names} with their formats, and %s and its like; None where a brace is not closed."""
    try:
        named = {(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None}
    except ValueError:
        return None
    return named | set(re.findall(r"%(?:\(\w+\))?[sdr]", text))


def contents():
    """Every file that is made here, with what it should contain."""
    template = extracted()
    yield TEMPLATE, as_po(template)
    for file in catalogues():
        catalogue = read(file)
        # A guess is a wrong sentence on somebody's screen.
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        yield file, as_po(catalogue)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        yield file.with_suffix(".mo"), compiled.getvalue()


def extracted():
    """All that is marked, with the files it stands in; no lines, which every other change would move."""
    catalogue = Catalog(
        project="BorgDesk",
        domain="borgdesk",
        copyright_holder="the BorgDesk developers",
        creation_date=EPOCH,
        charset="utf-8",
        fuzzy=False,
    )
    catalogue.header_comment = "# The sentences of BorgDesk, made by `make messages`; do not edit."
    for file in sorted(PACKAGE.rglob("*.py")):
        name = str(file.relative_to(ROOT))
        for _line, message, comments, context in extract_from_file("python", file, KEYWORDS, [COMMENT]):
            catalogue.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    for file, text in shipped():
        if text:
            catalogue.add(text, None, [(str(file.relative_to(ROOT)), 0)])
    for message in catalogue:
        # Translators and tests go by braces, which are Python's; % is an ordinary character here.
        message.flags.discard("python-format")
        message.locations = sorted(set(message.locations))
    return catalogue


def shipped():
    """What templates say of themselves, and the names of presets."""
    presets = ROOT / "resources" / "exclude-presets.toml"
    yield from ((presets, one["name"]) for one in tomllib.loads(presets.read_text(encoding="utf-8"))["preset"])
    for file in sorted((ROOT / "resources" / "templates").iterdir()):
        header = parse_header(file.read_text(encoding="utf-8"))
        for text in (header.name, header.description, header.category, *header.needs):
            yield file, text
        yield from ((file, one.description) for one in header.parameters)


def read(file):
    with file.open("rb") as stream:
        return read_po(stream, locale=file.parts[-3], domain="borgdesk")


def as_po(catalogue):
    written = io.BytesIO()
    write_po(written, catalogue, width=100, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    # Which Babel made it is no news either.
    return re.sub(rb'"Generated-By: [^"]*"\n', b"", written.getvalue())


if __name__ == "__main__":
    sys.exit(main())
