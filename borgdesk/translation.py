"""Marks translatable messages and translates them into the user's language.

The messages in the code are English, which is also shown where there is no catalogue. The catalogue is looked up once
per process, when the first message is shown. Every layer imports this module, so it imports little: ``gettext`` only if
there is a catalogue.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing takes longer to import than all that is done here, and guardians are to stay small
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Protocol

    class Catalogue(Protocol):
        """The messages of one language; implemented by :mod:`gettext`."""

        def gettext(self, message: str, /) -> str:
            """As :func:`_`."""
            ...

        def ngettext(self, one: str, many: str, count: int, /) -> str:
            """As the function of that name."""
            ...

        def pgettext(self, context: str, message: str, /) -> str:
            """As the function of that name."""
            ...


DOMAIN = "borgdesk"
FOLDER = os.path.join(os.path.dirname(__file__), "locale")  # noqa: PTH118, PTH120 - pathlib is slow to import
"""The catalogues, at ``<language>/LC_MESSAGES/borgdesk.mo``."""
SOURCE = "en"
"""The language of the messages in the code."""
FIRST_STRONG, POP = "\u2068", "\u2069"
"""Unicode's signs around a text that is read in the direction of its first letter."""


class English:
    """The catalogue used without a translation."""

    def gettext(self, message: str, /) -> str:
        """Return the message itself."""
        return message

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the form for *count*."""
        return one if count == 1 else many

    def pgettext(self, context: str, message: str, /) -> str:  # noqa: ARG002
        """Return the message itself."""
        return message


_spoken: tuple[str, Catalogue] | None = None


def _(message: str) -> str:
    """Translate *message*. Insert values afterwards: ``_("{name} failed.").format(name=name)``."""
    # The translation of an empty message is the catalogue's header.
    return message and _catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the translated form for *count*; languages have one to six. Insert ``count`` afterwards like any value."""
    return _catalogue().ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """Translate a word with several meanings, told apart by *context*."""
    return _catalogue().pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a constant for extraction; it is translated with :func:`_` where it is shown."""
    return message


def language() -> str:
    """Return the current language, such as ``de`` or ``pt_BR``."""
    return _chosen()[0]


def speak(name: str, catalogue: Catalogue) -> None:
    """Use *catalogue* from now on, whatever the environment says."""
    global _spoken  # noqa: PLW0603 - one language a process, as gettext has it
    _spoken = name, catalogue


def speak_english() -> None:
    """Switch to English for output that programs read."""
    speak(SOURCE, English())


def preferred(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the user's languages, best first, each followed by its more general form: ``de_AT``, ``de``.

    ``LANGUAGE`` precedes the locale, unless the locale is explicitly ``C``, which scripts set to get English.
    """
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    if locale in ("C", "POSIX"):
        return
    for name in (environment.get("LANGUAGE") or locale).split(":"):
        full = name.partition(".")[0].partition("@")[0]
        yield from dict.fromkeys((full, full.partition("_")[0]))


class _Isolated:
    """A catalogue in a language read from right to left: inserted values do not change the order of the sentence.

    A path or a name in Latin letters would otherwise drag along the signs beside it.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def gettext(self, message: str, /) -> str:
        """As :func:`_`."""
        return _isolated(self._catalogue.gettext(message))

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """As the function of that name."""
        return _isolated(self._catalogue.ngettext(one, many, count))

    def pgettext(self, context: str, message: str, /) -> str:
        """As the function of that name."""
        return _isolated(self._catalogue.pgettext(context, message))


def isolate_values() -> None:
    """Let each value that is inserted into a sentence keep its own reading direction."""
    name, catalogue = _chosen()
    if not isinstance(catalogue, _Isolated):
        speak(name, _Isolated(catalogue))


def _isolated(sentence: str) -> str:
    import re

    return re.sub(r"\{\w[^{}]*\}", rf"{FIRST_STRONG}\g<0>{POP}", sentence) if "{" in sentence else sentence


def _catalogue() -> Catalogue:
    return _chosen()[1]


def _chosen() -> tuple[str, Catalogue]:
    if _spoken is None:
        speak(*_find(preferred(os.environ)))
    assert _spoken is not None
    return _spoken


def _find(languages: Iterator[str]) -> tuple[str, Catalogue]:
    for name in languages:
        if name in (SOURCE, "C", "POSIX"):
            break
        # A name with a slash would leave the folder.
        file = os.path.join(FOLDER, name, "LC_MESSAGES", f"{DOMAIN}.mo")  # noqa: PTH118
        if name and "/" not in name and os.path.exists(file):  # noqa: PTH110
            try:
                from gettext import GNUTranslations

                with open(file, "rb") as stream:  # noqa: PTH123
                    return name, GNUTranslations(stream)
            except Exception:  # noqa: S112 - nothing is left stopped because a catalogue cannot be read
                continue
    return SOURCE, English()
