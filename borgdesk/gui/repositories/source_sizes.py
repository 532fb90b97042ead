"""Sizes of the sources in a list, each and together, measured in the background while they are seen."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.folder_sizes import End, FolderSize, TotalSize, measure_folder, total_of
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.translation import _, ngettext


class SourceSizes(QWidget):
    """The line below the list; one source at a time is measured, and each only once.

    Nothing is measured while it is not seen; what had not come to its end begins again.
    """

    settled = Signal()
    """Nothing is being measured any more."""
    _heard = Signal(object, object)
    """The Cancel of a measurement, and the FolderSize so far."""

    def __init__(self, sources: PathList, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources, self._background = sources, background
        self._found: dict[str, FolderSize] = {}
        self._now = ""
        """The path that is being measured."""
        self._cancel: Cancel | None = None
        self._is_stopped = False
        """Whether the user wants nothing to be measured."""
        self._one_file_system = False
        self.total = ElidedLabel(self)
        self.stop = QPushButton(icons.icon("media-playback-stop"), _("Stop"))
        self.again = QPushButton(icons.icon("view-refresh"), _("Measure again"))
        self._lay_out()
        self._heard.connect(self._on_heard)
        self.stop.clicked.connect(self._stop)
        self.again.clicked.connect(self._measure_again)
        sources.edited.connect(self._go_on)
        sources.replaced.connect(self._go_on)
        self._show()

    def set_one_file_system(self, on: bool) -> None:
        """Count other file systems that are mounted inside a source only if *on* is False."""
        if on != self._one_file_system:
            self._one_file_system = on
            self._forget()
            self._go_on()

    def of(self, path: str) -> FolderSize | None:
        """Return what is known of a source."""
        return self._found.get(path)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on."""
        super().showEvent(event)
        self._go_on()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave what is being measured, unless the window was only minimised."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._leave()
            self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.total, 1)
        # They never take each other's place: who presses one twice does not undo it.
        for button in (self.stop, self.again):
            button.setAutoDefault(False)
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
            row.addWidget(button)

    # Measuring ------------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Measure the first source that is not known, if it is seen and nothing else is being measured."""
        paths = self._sources.paths()
        if self._cancel is not None and self._now not in paths:
            self._leave()
        missing = [path for path in paths if path not in self._found]
        if missing and self._cancel is None and not self._is_stopped and self.isVisible():
            self._measure(missing[0])
        self._show()

    def _measure(self, path: str) -> None:
        cancel = self._cancel = Cancel()
        self._now, self._found[path] = path, FolderSize()
        measure = partial(
            measure_folder, path, cancel, partial(ThreadEmitter(self._heard), cancel),
            one_file_system=self._one_file_system,
        )  # fmt: skip
        self._background.ask(
            measure, partial(self._on_measured, cancel), partial(self._on_failed, cancel), self, cancel
        )

    def _on_heard(self, cancel: Cancel, found: FolderSize) -> None:
        if cancel is self._cancel:
            self._found[self._now] = found
            self._show()

    def _on_measured(self, cancel: Cancel, found: FolderSize) -> None:
        if cancel is not self._cancel:
            return
        self._found[self._now], self._cancel = found, None
        self._go_on()
        if self._cancel is None:
            self.settled.emit()

    def _on_failed(self, cancel: Cancel, _error: BorgDeskError) -> None:
        """Without a process, the size is not known, which prevents nothing."""
        self._on_measured(cancel, FolderSize(End.NO_ANSWER))

    def _stop(self) -> None:
        self._is_stopped = True
        if self._cancel is not None:
            self._cancel.ask()

    def _measure_again(self) -> None:
        self._is_stopped = False
        self._forget()
        self._go_on()

    def _leave(self) -> None:
        """Measure this source no further, and forget it."""
        if self._cancel is not None:
            self._cancel.ask()
            self._cancel = None
            self._found.pop(self._now, None)

    def _forget(self) -> None:
        self._leave()
        self._found.clear()

    # Words ----------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        paths = self._sources.paths()
        found = [self._found.get(path, FolderSize()) for path in paths]
        measuring = self._cancel is not None
        self._sources.show_sizes({path: (size_of(one), about(one)) for path, one in self._found.items()})
        together = total_of(found, one_file_system=self._one_file_system)
        if measuring:
            self.total.setText(_("Measuring… {size} so far").format(size=words.size(_floor(together.size))))
        else:
            self.total.setText(_sentence(together) if any(one.real for one in found) else "")
        # A button that has the focus gives it away before it is hidden.
        if self.stop.hasFocus() and not measuring:
            self._sources.list.setFocus()
        if self.again.hasFocus() and measuring:
            self._sources.list.setFocus()
        self.stop.setVisible(measuring)
        self.again.setVisible(not measuring and bool(paths))


def size_of(found: FolderSize) -> str:
    """Return the size in the line of a source; what may have more says so."""
    if found.end is End.MISSING:
        return _("not there")
    if found.is_whole:
        return words.size(found.size)
    size = words.size(_floor(found.size))
    if found.end is End.GOES_ON:
        return f"{size}…"
    return _("at least {size}").format(size=size) if found.size else _("unknown")


def about(found: FolderSize) -> str:
    """Return what else is known of the size of a source; "" if nothing is."""
    if found.end in (End.GOES_ON, End.MISSING):
        return ""
    told = [_("{size} in {files}, before excludes").format(
        size=size_of(found), files=words.files(found.files))]  # fmt: skip
    if found.unread:
        unread = ngettext(
            "{count} folder or file in it cannot be read.",
            "{count} folders or files in it cannot be read.",
            found.unread,
        )
        told.append(unread.format(count=words.number(found.unread)))
    match found.end:
        case End.STOPPED:
            told.append(_("Measuring was stopped; there may be more."))
        case End.LATE:
            told.append(_("It has so many files that measuring was given up; there may be more."))
        case End.NO_ANSWER:
            told.append(_("Its disk did not respond; there may be more."))
    return "\n".join(told)


def _sentence(total: TotalSize) -> str:
    amount = {
        (False, False): _("{size} in {files}, before excludes"),
        (True, False): _("At least {size} in {files}, before excludes"),
        (False, True): _("At most {size} in {files}, before excludes"),
        (True, True): _("About {size} in {files}, before excludes"),
    }[total.is_least, total.is_most]
    size = _floor(total.size) if total.is_least else total.size
    return amount.format(size=words.size(size), files=words.files(total.files))


def _floor(size: int) -> int:
    """Round down to what is shown, so that “at least” is true."""
    unit = 1
    while size >= unit * 1000:
        unit *= 1000
    step = max(unit // 10, 1)
    return size - size % step
