"""Page with BorgDesk's settings, each of which takes effect at once."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFormLayout, QGroupBox, QVBoxLayout, QWidget

from borgdesk.domain.settings import (
    AUTOSTART,
    CLOSE_TO_TRAY,
    COLOUR_SCHEMES,
    COLOURS,
    EDITOR_FONT,
    EDITOR_FONT_SIZE,
    EDITOR_TAB_WIDTH,
    KEEP_CHECKPOINT,
    NOTIFY_RECOVERED,
    NOTIFY_SUCCESS,
    QUIET_HOURS,
)
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.schedule.closed_app_line import ClosedAppLine
from borgdesk.gui.settings.borg_group import BorgGroup
from borgdesk.gui.settings.history_group import HistoryGroup
from borgdesk.gui.settings.places_group import PlacesGroup
from borgdesk.gui.settings.set_up_group import SetUpGroup
from borgdesk.gui.settings.setting_widgets import SettingsForm
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.translation import _


class SettingsPage(Page):
    """Saves each change immediately, and shows changes by other programs."""

    def __init__(
        self,
        settings: LiveSettings,
        workspace: Workspace,
        background: Background,
        *,
        has_tray: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._form = SettingsForm(settings, self)
        self._form.refused.connect(self._on_refused)
        self._form.accepted.connect(self._on_accepted)
        self.message = Banner()
        self.borg = BorgGroup(self._form, workspace, background)
        self.history = HistoryGroup(self._form, workspace, background)
        self.set_up = SetUpGroup(workspace, background)
        self.places = PlacesGroup(workspace, background)
        inside = QWidget()
        groups = QVBoxLayout(inside)
        set_margins(groups, 0, 0, 6, 6)
        groups.setSpacing(12)
        groups.addWidget(self._general(has_tray=has_tray))
        groups.addWidget(self._notifications())
        groups.addWidget(self.borg)
        groups.addWidget(self._stopping())
        groups.addWidget(self._editor())
        groups.addWidget(self.history)
        groups.addWidget(self.set_up)
        groups.addWidget(self.places)
        groups.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(PageHeader(_("Settings"), self))
        form = FormScroll(inside)
        column.addWidget(CalmPlace(form, self.message))
        column.addWidget(form, 1)

    def refresh(self) -> None:
        """Look again at what is outside BorgDesk."""
        self.closed_app.refresh()
        self.borg.refresh()
        self.history.refresh()
        self.places.refresh()

    def _general(self, *, has_tray: bool) -> QGroupBox:
        group = QGroupBox(_("General"), self)
        names = {"system": _("Follow system"), "light": _("Light"), "dark": _("Dark")}
        self.scheme = self._form.choice(COLOURS, [(scheme, names[scheme]) for scheme in COLOUR_SCHEMES])
        self.close_to_tray = self._form.check_box(CLOSE_TO_TRAY, _("&Keep BorgDesk running when the window is closed"))
        self.autostart = self._form.check_box(AUTOSTART, _("Start BorgDesk at &login"))
        form = _form(group)
        form.addRow(_("&Colours"), self.scheme)
        if has_tray:
            form.addRow(self.close_to_tray)
            form.addRow(
                explanation(
                    _(
                        "It stays in the tray. Otherwise, closing the window quits BorgDesk, after a question if "
                        "something is running."
                    ),
                    indented=True,
                )
            )
        form.addRow(self.autostart)
        form.addRow(
            explanation(
                _("It starts hidden in the tray.") if has_tray else _("It starts minimised: this desktop has no tray."),
                indented=True,
            )
        )
        # The button is where the schedules are.
        self.closed_app = ClosedAppLine(self._workspace, self._background, has_button=False)
        form.addRow(self.closed_app)
        return group

    def _notifications(self) -> QGroupBox:
        group = QGroupBox(_("Notifications"), self)
        column = QVBoxLayout(group)
        self.notify_success = self._form.check_box(NOTIFY_SUCCESS, _("Also notify me of &successful backups"))
        self.notify_recovered = self._form.check_box(
            NOTIFY_RECOVERED, _("Notify me when backups &work again after a failure")
        )
        row, self.is_quiet, self.quiet_begin, self.quiet_end = self._form.hours(
            QUIET_HOURS, _("Only notify me of &failures from")
        )
        for widget in (self.notify_success, self.notify_recovered, row):
            column.addWidget(widget)
        column.addWidget(
            explanation(
                _(
                    "You are always notified of failures and warnings, never of skipped backups. What has to wait is "
                    "shown afterwards."
                )
            )
        )
        return group

    def _stopping(self) -> QGroupBox:
        group = QGroupBox(_("Stopping a backup"), self)
        column = QVBoxLayout(group)
        self.keep_checkpoint = self._form.check_box(KEEP_CHECKPOINT, _("Let Borg save what it has read s&o far"))
        column.addWidget(self.keep_checkpoint)
        text = _("The next backup then continues from there. Stopping takes a little longer.")
        column.addWidget(explanation(text, indented=True))
        return group

    def _editor(self) -> QGroupBox:
        group = QGroupBox(_("Script editor"), self)
        fixed = [name for name in QFontDatabase.families() if QFontDatabase.isFixedPitch(name)]
        self.font_family = self._form.choice(
            EDITOR_FONT, [("", _("The desktop's fixed-width font")), *((name, name) for name in fixed)]
        )
        self.font_size = self._form.number(EDITOR_FONT_SIZE, _(" points"), _("As in other windows"))
        self.tab_width = self._form.number(EDITOR_TAB_WIDTH, _(" columns"))
        form = _form(group)
        form.addRow(_("Fo&nt"), self.font_family)
        form.addRow(_("Font si&ze"), self.font_size)
        form.addRow(_("&Indentation"), self.tab_width)
        return group

    def _on_refused(self, sentence: str) -> None:
        self.message.show_message(sentence, Tone.BAD)

    def _on_accepted(self, _key: str) -> None:
        self.message.show_message("")
        self.places.refresh()


def _form(group: QGroupBox) -> QFormLayout:
    form = QFormLayout(group)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    return form
