"""A desktop notification: what it says, and what its buttons open."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from borgdesk.domain.window_request import WindowRequest

CLICK = "default"
"""The key of a click on the notification itself."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a notification."""

    key: str
    """Its name for the desktop."""
    label: str
    opens: WindowRequest


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification to be shown."""

    tag: str
    """Its subject: it replaces an earlier one with the same tag that is still visible."""
    title: str
    text: str
    urgent: bool = False
    """Whether it stays until it is closed."""
    buttons: tuple[Button, ...] = ()

    @property
    def opens(self) -> WindowRequest | None:
        """What a click on the notification itself opens."""
        return self.opened_by(CLICK)

    def opened_by(self, key: str) -> WindowRequest | None:
        """Return what a button opens; None if there is no such button."""
        return next((button.opens for button in self.buttons if button.key == key), None)

    def to_json(self) -> str:
        """Return it as text, for another process."""
        return json.dumps(asdict(self) | {"buttons": [[one.key, one.label, str(one.opens)] for one in self.buttons]})

    @classmethod
    def from_json(cls, text: str) -> Notification:
        """Return what :meth:`to_json` wrote.

        Raises:
            InvalidInput: a button opens something unknown.
            ValueError, TypeError, KeyError: it is something else.
        """
        found = json.loads(text)
        buttons = tuple(Button(key, label, WindowRequest.parse(opens)) for key, label, opens in found.pop("buttons"))
        return cls(**found, buttons=buttons)
