"""Rules for new passphrases: what Borg cannot be given in the same way everywhere, and what is easy to guess."""

from __future__ import annotations

import itertools
import math
import unicodedata
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

LONGEST = 1000
"""Characters of a new passphrase."""

_WEAK, _GOOD = 50, 75
"""Bits. Borg's key derivation makes each guess expensive, but whoever has the repository may guess for years."""


def check_new_passphrase(passphrase: str) -> None:
    """Reject a passphrase that Borg would read differently depending on how it is given.

    Raises:
        InvalidInput: it is one, or it is empty or too long.
    """
    if not passphrase:
        raise InvalidInput(_("The new passphrase is empty."))
    if len(passphrase) > LONGEST:
        raise InvalidInput(
            _("The new passphrase has {count} characters; {most} are the most.").format(
                count=len(passphrase), most=LONGEST
            )
        )
    # Borg drops a line break at the end of what it reads from a descriptor and turns others into "\n", but not in a
    # variable of the environment; and a tab or a NUL cannot be typed into most programs.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in passphrase):
        raise InvalidInput(_("The new passphrase contains a line break or another character that cannot be typed."))


class Quality(StrEnum):
    """How hard a passphrase is to guess."""

    WEAK = "weak"
    FAIR = "fair"
    GOOD = "good"


def quality_of(passphrase: str) -> Quality:
    """Estimate how hard a passphrase is to guess, if it was not chosen at random: a hint, no proof."""
    bits = _bits(passphrase)
    return Quality.WEAK if bits < _WEAK else Quality.FAIR if bits < _GOOD else Quality.GOOD


def _bits(passphrase: str) -> float:
    """Return the bits of a passphrase of words (13 each, as from a list of 8,000), or else of its characters."""
    words = {word.casefold() for word in passphrase.replace("-", " ").split()}
    steps = sum(not _follows(one, other) for one, other in itertools.pairwise(passphrase))
    letters = len(set(passphrase))
    # Repetitions and runs like "1234" add next to nothing; and what people choose is far from evenly spread.
    characters = min(steps + 1, 2 * letters) * math.log2(_alphabet(passphrase)) * 0.7 if passphrase else 0.0
    return min(characters, 13.0 * len(words) + 10) if len(words) > 1 else characters


def _follows(one: str, other: str) -> bool:
    return abs(ord(one) - ord(other)) <= 1


def _alphabet(passphrase: str) -> int:
    sizes = ((str.islower, 26), (str.isupper, 26), (str.isdigit, 10), (lambda one: not one.isalnum(), 20))
    return sum(size for belongs, size in sizes if any(map(belongs, passphrase))) or 30


def remarks_on(passphrase: str) -> list[str]:
    """Return what may make it hard to type elsewhere, in sentences."""
    remarks = []
    if passphrase != passphrase.strip():
        remarks.append(_("It begins or ends with a space, which is easily lost when it is written down."))
    if not passphrase.isascii():
        remarks.append(_("It has letters that other keyboards may lack."))
    return remarks
