"""The settings of BorgDesk itself: their keys, defaults and limits, the same for the window and the command line.

What belongs to a repository is in :mod:`borgdesk.domain.repository`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from borgdesk.domain.characters import is_readable
from borgdesk.domain.enumeration import either
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.schedule import Hours
from borgdesk.translation import N_, _

V = TypeVar("V", bool, int, str)

COLOUR_SCHEMES = ("system", "light", "dark")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_MOST_DAYS = 36_500
_MOST_MEGABYTES = 1_000_000
_LONGEST = 4096
"""Characters of a text: as long as a path may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting(Generic[V]):
    """One setting."""

    key: str
    """Its name in the database, on the command line and in exported files; never changes."""
    default: V
    sentence: str
    """What it does, in one line; marked for translation, and translated where it is shown."""
    check: Callable[[V], V]
    """Returns the value in its usual form.

    Raises:
        InvalidInput: the value is not possible; the sentence says why.
    """

    @property
    def type(self) -> str:
        """The type of its value, as JSON calls it."""
        return {bool: "boolean", int: "integer", str: "string"}[type(self.default)]

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the greatest value of a number. 0 may be the least only because it has a meaning of its own."""
        assert isinstance(self.check, _Between)
        return 0 if self.check.or_zero else self.check.least, self.check.most

    def parse(self, text: str) -> V:
        """Return the value that a person has typed.

        Raises:
            InvalidInput: it is not possible.
        """
        return self.valid(_read(text, self.default))

    def valid(self, value: Any) -> V:
        """Return a value of unknown origin, such as a file, if it is possible.

        Raises:
            InvalidInput: it is of another type, or not possible.
        """
        if type(value) is not type(self.default):
            raise InvalidInput(_("The setting {key} has a value of another type.").format(key=self.key))
        return self.check(value)

    def in_text(self, value: V) -> str:
        """Return the form that :meth:`parse` reads."""
        return str(value).lower() if self.type == "boolean" else str(value)


def _read(text: str, default: bool | int | str) -> bool | int | str:
    if isinstance(default, bool):
        word = text.strip().lower()
        if word not in (*_YES, *_NO):
            raise InvalidInput(_("“{text}” is not possible. Use {words}.").format(text=text, words="true / false"))
        return word in _YES
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise InvalidInput(_("“{text}” is not a whole number.").format(text=text)) from None
    return text


def _any(value: bool) -> bool:
    return value


def _one_of(*words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in words:
            raise InvalidInput(_("“{text}” is not possible. Use {words}.").format(text=text, words=either(words)))
        return text

    return check


@dataclass(frozen=True, slots=True)
class _Between:
    least: int
    most: int
    or_zero: bool = False

    def __call__(self, number: int) -> int:
        if self.or_zero and number == 0:
            return number
        if number < self.least:
            raise InvalidInput(
                _("{number} is not possible. It must be at least {least}.").format(
                    number=number, least=0 if self.or_zero and self.least == 1 else self.least
                )
            )
        if number > self.most:
            raise InvalidInput(
                _("{number} is not possible. It must be at most {most}.").format(number=number, most=self.most)
            )
        return number


def _line(text: str) -> str:
    """Accept one line of text that can be stored and passed to programs."""
    if len(text) > _LONGEST or not is_readable(text):
        raise InvalidInput(_("This is not a name: it is too long, or contains characters that cannot be shown."))
    return text.strip()


def _program(text: str) -> str:
    path = _line(text)
    if path and not path.startswith("/"):
        raise InvalidInput(_("“{path}” is not an absolute path, such as /usr/bin/borg.").format(path=path))
    return path


def _hours(text: str) -> str:
    return str(Hours.parse(text)) if text.strip() else ""


COLOURS = Setting("window.colours", "system", N_("Colours of the window: system, light or dark"),
                  _one_of(*COLOUR_SCHEMES))  # fmt: skip
CLOSE_TO_TRAY = Setting(
    "window.close-to-tray", True, N_("Whether BorgDesk stays in the tray when its window is closed"), _any
)
AUTOSTART = Setting("window.autostart", False, N_("Whether BorgDesk starts at login, hidden in the tray"), _any)
NOTIFY_SUCCESS = Setting("notifications.success", False, N_("Whether a successful backup is notified of"), _any)
NOTIFY_RECOVERED = Setting(
    "notifications.back-to-normal", True, N_("Whether the first good backup after a failed one is notified of"), _any
)
QUIET_HOURS = Setting(
    "notifications.quiet-hours",
    "",
    N_("When only failures are notified of at once, such as 22:00-07:00; empty for never"),
    _hours,
)
KEEP_CHECKPOINT = Setting(
    "backup.keep-checkpoint", True, N_("Whether Borg saves what it has read when a backup is stopped"), _any
)
BORG_PROGRAM = Setting("borg.program", "", N_("Path of the Borg program; empty for “borg” in the search path"),
                       _program)  # fmt: skip
EDITOR_FONT = Setting("editor.font", "", N_("Font of the script editor; empty for the desktop's fixed-width font"),
                      _line)  # fmt: skip
EDITOR_FONT_SIZE = Setting(
    "editor.font-size", 0, N_("Font size of the script editor in points; 0 for the desktop's"),
    _Between(6, 72, or_zero=True),
)  # fmt: skip
EDITOR_TAB_WIDTH = Setting("editor.tab-width", 4, N_("Columns of an indentation in the script editor"), _Between(1, 16))
HISTORY_DAYS = Setting(
    "history.keep-days", 730, N_("Days after which a run is removed from the history; 0 for never"),
    _Between(1, _MOST_DAYS, or_zero=True),
)  # fmt: skip
HISTORY_SIZE = Setting(
    "history.keep-megabytes", 1024, N_("Megabytes of the database beyond which the oldest runs go; 0 for no limit"),
    _Between(1, _MOST_MEGABYTES, or_zero=True),
)  # fmt: skip
LOG_DAYS = Setting(
    "logs.keep-days", 365, N_("Days after which the full output of a run is removed; 0 for never"),
    _Between(1, _MOST_DAYS, or_zero=True),
)  # fmt: skip
LOG_SIZE = Setting(
    "logs.keep-megabytes", 1024, N_("Megabytes of run logs beyond which the oldest go; 0 for no limit"),
    _Between(1, _MOST_MEGABYTES, or_zero=True),
)  # fmt: skip
COMMIT_LIBRARY = Setting(
    "library.commit-on-save", True, N_("Whether saving a script commits it, where the library is in git"), _any
)

ALL: tuple[Setting[Any], ...] = (
    COLOURS,
    CLOSE_TO_TRAY,
    AUTOSTART,
    NOTIFY_SUCCESS,
    NOTIFY_RECOVERED,
    QUIET_HOURS,
    KEEP_CHECKPOINT,
    BORG_PROGRAM,
    EDITOR_FONT,
    EDITOR_FONT_SIZE,
    EDITOR_TAB_WIDTH,
    HISTORY_DAYS,
    HISTORY_SIZE,
    LOG_DAYS,
    LOG_SIZE,
    COMMIT_LIBRARY,
)
"""All settings, in the order in which they are listed."""
BY_KEY: Mapping[str, Setting[Any]] = {setting.key: setting for setting in ALL}


def setting_named(key: str) -> Setting[Any]:
    """Return a setting by its key.

    Raises:
        InvalidInput: there is none; the sentence names all.
    """
    try:
        return BY_KEY[key]
    except KeyError:
        raise InvalidInput(
            _("There is no setting “{key}”. Use {words}.").format(key=key, words=either(BY_KEY))
        ) from None


class Values:
    """The values of all settings at one moment: those that were set, and else the defaults."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Take values by key. Unknown keys, and values that a newer version may understand, are left out."""
        self._given: dict[str, Any] = {}
        for key, value in (given or {}).items():
            setting = BY_KEY.get(key)
            try:
                if setting is not None:
                    self._given[key] = setting.valid(value)
            except InvalidInput:
                continue

    def __getitem__(self, setting: Setting[V]) -> V:
        value: V = self._given.get(setting.key, setting.default)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self._given == other._given

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._given.items())))

    def is_given(self, setting: Setting[Any]) -> bool:
        """Return whether a value was set, even if it equals the default."""
        return setting.key in self._given

    def given(self) -> dict[str, Any]:
        """Return the values that were set, by key."""
        return dict(self._given)
