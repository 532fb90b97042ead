"""Options that users add to ``borg create``; those that change what BorgDesk relies on are refused.

Borg's parser accepts abbreviations of long options (``--jso``), clusters of short ones (``-np``), and values in the
same word or the next. So words are not compared with a list of forbidden ones: every option is looked up among those
that Borg 1.2 and 1.4 have, and is passed on in one form, ``--option=value``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from borgdesk.borg.archive_name import check_placeholders
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.numbers import grouped
from borgdesk.translation import N_, _

LONGEST = 10_000
"""Characters of all of them together."""

_OUTPUT = N_("“{given}” cannot be used, because it changes what Borg prints, which BorgDesk reads.")
_NOTHING = N_("“{given}” cannot be used, because Borg would not back up anything.")
_FIELD = N_("“{given}” cannot be used here, because this is a setting of its own.")
_SOURCES = N_("“{given}” cannot be used, because the sources of the repository decide what is backed up.")
_CONNECTION = N_("“{given}” cannot be used, because BorgDesk itself decides how the repository is reached and locked.")
_FILES = N_("“{given}” cannot be used, because others could then read or write what Borg stores.")
_TIME = N_("“{given}” cannot be used, because retention relies on the time of the archives.")

_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        "--critical --debug --debug-profile --debug-topic --error --filter --help --info --json --list --log-json "
        "--progress --quick-stats --show-rc --show-version --stats --verbose --warning".split(),
        _OUTPUT,
    ),
    "--dry-run": _NOTHING,
    **dict.fromkeys(
        "--checkpoint-interval --compression --exclude --exclude-caches --exclude-from --one-file-system --pattern "
        "--patterns-from --remote-ratelimit --upload-ratelimit".split(),
        _FIELD,
    ),
    **dict.fromkeys(
        "--content-from-command --paths-delimiter --paths-from-command --paths-from-stdin --stdin-group --stdin-mode "
        "--stdin-name --stdin-user".split(),
        _SOURCES,
    ),
    **dict.fromkeys("--bypass-lock --lock-wait --remote-path --rsh".split(), _CONNECTION),
    "--umask": _FILES,
    "--timestamp": _TIME,
}
_FLAGS = frozenset(
    "--atime --consider-part-files --exclude-dataless --exclude-nodump --iec --keep-exclude-tags --no-cache-sync "
    "--noacls --noatime --nobirthtime --nobsdflags --noctime --noflags --noxattrs --numeric-ids --numeric-owner "
    "--read-special --sparse".split()
)
_ANYTHING = r".+"
_VALUES: Mapping[str, str] = {
    "--chunker-params": r"default|fixed,[0-9]+(,[0-9]+)?|(buzhash,)?[0-9]+,[0-9]+,[0-9]+,[0-9]+",
    "--comment": _ANYTHING,
    "--exclude-if-present": _ANYTHING,
    "--files-cache": r"disabled|rechunk,(c|m)time|((c|m)time|size|inode)(,((c|m)time|size|inode))*",
    "--files-changed": r"ctime|mtime|disabled",
    "--remote-buffer": r"[0-9]{1,6}",
    "--upload-buffer": r"[0-9]{1,6}",
}
"""Options with a value, each with what Borg accepts; it answers anything else with its usage message."""
_SMALLEST_BLOCK, _LARGEST_BLOCK = 64, 20971479
"""Bytes; the largest one is Borg's MAX_DATA_SIZE."""
_SMALLEST_CHUNK, _LARGEST_CHUNK = 6, 23
"""Exponents of 2."""
_KNOWN = frozenset({*_REFUSED, *_FLAGS, *_VALUES})
_SHORT: Mapping[str, str] = {
    "C": "--compression", "c": "--checkpoint-interval", "e": "--exclude", "h": "--help", "n": "--dry-run",
    "p": "--progress", "s": "--stats", "v": "--verbose", "x": "--one-file-system",
}  # fmt: skip
"""The short options of Borg's ``create``. Each of them is refused, so that no cluster of them is possible either."""


def extra_arguments(text: str) -> tuple[str, ...]:
    """Return the options in *text* in the form in which they are passed to ``borg create``.

    Raises:
        InvalidInput: the text cannot be split into words, or one of them is refused; the message names it.
    """
    if len(text) > LONGEST:
        raise InvalidInput(
            _("The additional options must have at most {most} characters.").format(most=grouped(LONGEST))
        )
    if "\0" in text:
        raise InvalidInput(_("The additional options contain a NUL character."))
    try:
        words = iter(shlex.split(text))
    except ValueError:
        raise InvalidInput(_("The additional options contain a quotation mark without its counterpart.")) from None
    return tuple(_option(word, words) for word in words)


def _option(word: str, following: Iterator[str]) -> str:
    if word.startswith("--") and word != "--":
        return _long(word, following)
    if word.startswith("-") and word not in ("-", "--"):
        letter = word[1]
        if letter not in _SHORT:
            raise InvalidInput(_("“{word}” cannot be used: Borg has no such option.").format(word=word))
        raise InvalidInput(_(_REFUSED[_SHORT[letter]]).format(given=word))
    raise InvalidInput(
        _("“{word}” cannot be used: only options are possible here, such as --exclude-if-present=.nobackup.").format(
            word=word
        )
    )


def _long(word: str, following: Iterator[str]) -> str:
    name, equals, value = word.partition("=")
    if name in _REFUSED:
        raise InvalidInput(_(_REFUSED[name]).format(given=name))
    if name not in _KNOWN:
        _refuse_unknown(name)
    if name in _FLAGS:
        if equals:
            raise InvalidInput(_("“{word}” cannot be used: {name} has no value.").format(word=word, name=name))
        return name
    if not equals:
        value = next(following, "")
        if value.startswith("-"):
            # Borg would take it for the next option.
            value = ""
    if not re.fullmatch(_VALUES[name], value, re.DOTALL) or (name == "--chunker-params" and not _cuts(value)):
        raise InvalidInput(_("{name} needs a value that Borg accepts, not “{value}”.").format(name=name, value=value))
    if name == "--comment":
        check_placeholders(value)
    return f"{name}={value}"


def _cuts(parameters: str) -> bool:
    """Return whether Borg accepts these parameters of its chunker; its usage message does not say why not."""
    algorithm, *numbers = parameters.removeprefix("buzhash,").split(",")
    if algorithm == "default":
        return True
    if algorithm == "fixed":
        size, header = int(numbers[0]), int(numbers[1]) if numbers[1:] else 0
        return _SMALLEST_BLOCK <= size <= _LARGEST_BLOCK and header <= _LARGEST_BLOCK
    least, most, mask, window = int(algorithm), *map(int, numbers)
    return _SMALLEST_CHUNK <= least <= mask <= most <= _LARGEST_CHUNK and 1 <= window <= 2**_LARGEST_CHUNK


def _refuse_unknown(name: str) -> None:
    """Raise the error for an option that is none, or that Borg would complete."""
    if meant := sorted(known for known in _KNOWN if known.startswith(name)):
        raise InvalidInput(
            _("“{name}” cannot be used: write the option in full. Borg might take it for {meant}.").format(
                name=name, meant=meant[0]
            )
        )
    raise InvalidInput(_("“{word}” cannot be used: Borg has no such option.").format(word=name))
