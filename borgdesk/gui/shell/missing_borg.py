"""What the window says where there is no Borg."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication

from borgdesk.engine.borg_calls.getting_borg import how_to_install, install_command
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


def tell_how_to_get_borg(banner: Banner, look_again: Callable[[], object]) -> None:
    """Say that Borg is missing, and how it is installed here."""
    command = install_command()
    buttons = [BannerButton(_("&Check again"), look_again, "view-refresh")]
    if command:
        copy = BannerButton(
            _("Co&py command"), lambda: QGuiApplication.clipboard().setText(command), "edit-copy", hides_banner=False
        )
        buttons.insert(0, copy)
    said = _("Borg, the program that makes the backups, is not installed on this computer.")
    banner.show_message(f"{said} {how_to_install()}", Tone.WARNING, buttons)
