"""Hint below the fields of a new passphrase: what is wrong with it, or how hard it is to guess."""

from __future__ import annotations

from borgdesk.borg.passphrase import Quality, check_new_passphrase, quality_of, remarks_on
from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_WORDS = {
    Quality.WEAK: lambda: _("Easy to guess: use more words, or more characters."),
    Quality.FAIR: lambda: _("Hard to guess."),
    Quality.GOOD: lambda: _("Very hard to guess."),
}


def passphrase_hint(new: str, again: str) -> str:
    """Return what to say about a new passphrase and as much of its repetition as was typed."""
    if not new and again:
        return _("The passphrases do not match.")
    if not new:
        return _("Four or more words chosen at random are easy to remember and hard to guess.")
    try:
        check_new_passphrase(new)
    except InvalidInput as error:
        return str(error)
    if again and not new.startswith(again):
        return _("The passphrases do not match.")
    return " ".join([_WORDS[quality_of(new)](), *remarks_on(new)])
