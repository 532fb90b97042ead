"""Group of the settings page for how long runs, and what they printed, are kept."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel

from borgdesk.domain.enumeration import listed
from borgdesk.domain.settings import HISTORY_DAYS, HISTORY_SIZE, LOG_DAYS, LOG_SIZE
from borgdesk.engine.runs.history_cleaning import Survey, survey
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.form_parts import explanation, in_row, label_of
from borgdesk.gui.settings.setting_widgets import SettingsForm
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.store.clock import now
from borgdesk.translation import _, ngettext


class HistoryGroup(QGroupBox):
    """Says what there is, and what the next cleaning removes."""

    def __init__(self, form: SettingsForm, workspace: Workspace, background: Background) -> None:
        super().__init__(_("History"))
        self._workspace, self._background = workspace, background
        self._asked = 0
        never, endless = _("never"), _("no limit")
        self.days = form.number(HISTORY_DAYS, _(" days"), never, _("after "))
        self.megabytes = form.number(HISTORY_SIZE, _(" MB"), endless)
        self.log_days = form.number(LOG_DAYS, _(" days"), never, _("after "))
        self.log_megabytes = form.number(LOG_SIZE, _(" MB"), endless)
        self.megabytes.setAccessibleName(_("Largest size of the history"))
        self.log_megabytes.setAccessibleName(_("Largest size of the full output"))
        self.state = QLabel(wordWrap=True)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        layout = QFormLayout(self)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for text, days, size in (
            (_("&Remove runs"), self.days, self.megabytes),
            (_("Remove full outp&ut"), self.log_days, self.log_megabytes),
        ):
            layout.addRow(label_of(days, text), in_row(days, QLabel(_("largest size")), size))
        layout.addRow(self.state)
        layout.addRow(
            explanation(
                _(
                    "The oldest go first, at most once a day and never during a run. The last good backup of each "
                    "repository, its newest runs, and whatever is unfinished or can be undone always stay. When the "
                    "full output is gone, the beginning and the end of it are still there."
                )
            )
        )
        form.changed.connect(self.refresh)
        # What was changed here is stored only now.
        form.accepted.connect(self.refresh)

    def refresh(self, _key: str = "") -> None:
        """Look at what there is."""
        self._asked += 1
        self._background.ask(
            lambda: survey(self._workspace, now()), self._shown_if_newest(self._asked), leave_untold, self
        )

    def _shown_if_newest(self, number: int) -> Callable[[Survey], None]:
        def show(found: Survey) -> None:
            if number == self._asked:
                self.state.setText(_sentences(found))

        return show


def _sentences(found: Survey) -> str:
    now_kept = _("Now: {runs} in {size}, and {logs} of full output.").format(
        runs=words.runs(found.runs), size=words.size(found.database), logs=words.size(found.logs)
    )
    if not found.old_runs and not found.old_outputs:
        return now_kept
    outputs = ngettext("the full output of {count} run", "the full output of {count} runs", found.old_outputs)
    counted = (
        (words.runs(found.old_runs), found.old_runs),
        (outputs.format(count=words.number(found.old_outputs)), found.old_outputs),
    )
    things = listed(text for text, count in counted if count)
    removes = (
        _("From {moment} on, this will be removed: {things}.").format(moment=words.moment(found.first), things=things)
        if found.first
        else _("The next cleaning removes {things}.").format(things=things)
    )
    return f"{now_kept} {removes}"
