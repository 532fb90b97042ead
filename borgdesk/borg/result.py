"""How a call of Borg ended: its outcome, and a sentence about it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from borgdesk.borg.command import Operation
from borgdesk.borg.messages import (
    Condition,
    condition_of_exit_code,
    condition_of_msgid,
    condition_of_text,
    condition_of_warning,
)
from borgdesk.borg.output import Level, LogMessage, OutputEvent, PlainText, Prompt, PromptKind
from borgdesk.domain.run import Outcome, outcome_of_exit_code

_KEPT_LINES = 5
_KEPT_CHARACTERS = 500
_KEPT_KINDS = 4
_FIRST_WARNING = 100
_KILLED = 128
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    6: "SIGABRT",
    7: "SIGBUS",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
_SIGKILL = 9
_GENERAL_MSGIDS = ("Error", "Exception")
_INTERRUPTED = ("Got Ctrl-C / SIGINT", "Keyboard interrupt")
_CONNECTION_CODES = (80, 81, 87)
_REMOTE = "Remote: "
_NO_SPACE = "No space left on device"
_USAGE_ERROR = re.compile(r"\Aborg(?: [\w-]+)*: error: (.+)", re.DOTALL)
_MALFORMED_PATTERN = re.compile(r"\Are\.(?:error|PatternError): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BorgResult:
    """How one call of Borg ended."""

    operation: Operation
    outcome: Outcome
    """Success, warning or failure. Whether it was cancelled is for whoever cancelled it to know."""
    exit_code: int
    """As Borg returned it; negative, or 128 and above, for a signal."""
    signal: str | None
    """Name of the signal that ended it, such as ``SIGTERM``."""
    msgid: str | None
    """Borg's name for what happened, derived from its words or the exit code where Borg gave none."""
    sentence: str
    """What happened and what to do, for people; empty after a success."""
    detail: str
    """Borg's own words; empty where it had none."""
    question: Prompt | None
    """The question Borg asked and, without an answer, gave up at."""

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.signal is not None


class Evidence:
    """Gathers from Borg's events what will explain its end. What it keeps does not grow with the output."""

    def __init__(self) -> None:
        self.error: LogMessage | None = None
        """The last ERROR, but one whose name means something before those whose name does not."""
        self.exception = ""
        """The last line of a traceback."""
        self.warnings: list[Condition] = []
        """The different kinds of warnings, in order."""
        self.first_warning = ""
        self.remote = ""
        """The last that ssh or the other host printed: why a connection failed stands only there."""
        self.no_space = False
        self.malformed_pattern = ""
        self.usage_error = ""
        self.text_condition: Condition | None = None
        self.question: Prompt | None = None
        self._plain: deque[str] = deque(maxlen=_KEPT_LINES)

    def see(self, event: OutputEvent) -> None:
        """Take notice of an event; events of progress and lists are passed over."""
        match event:
            case LogMessage():
                self._see_message(event)
            case PlainText(text):
                self._see_text(text)
            case Prompt(kind=PromptKind.QUESTION):
                self.question = event
            case _:
                pass

    @property
    def last_words(self) -> str:
        """The last plain line."""
        return self._plain[-1] if self._plain else ""

    def _see_message(self, event: LogMessage) -> None:
        self.no_space = self.no_space or _NO_SPACE in event.message
        if event.level.is_error:
            self._see_error(event)
        elif event.level is Level.WARNING:
            if event.message.startswith(_REMOTE):
                self.remote = _brief(event.message)
            condition = condition_of_msgid(event.msgid) or condition_of_warning(event.message)
            self.first_warning = self.first_warning or _brief(event.message)
            if condition and condition not in self.warnings and len(self.warnings) < _KEPT_KINDS:
                self.warnings.append(condition)

    def _see_error(self, event: LogMessage) -> None:
        if event.message.startswith("Traceback ("):
            self.exception = _brief(event.message.partition("\n\n")[0].strip().rpartition("\n")[2])
            return
        known = condition_of_msgid(event.msgid) is not None
        if known or self.error is None or condition_of_msgid(self.error.msgid) is None:
            self.error = event

    def _see_text(self, text: str) -> None:
        line = text.strip()
        if not line:
            return
        self._plain.append(_brief(line))
        self.no_space = self.no_space or _NO_SPACE in line
        self.text_condition = self.text_condition or condition_of_text(line)
        if usage := _USAGE_ERROR.match(line):
            self.usage_error = _brief(usage[1])
        if malformed := _MALFORMED_PATTERN.match(line):
            self.malformed_pattern = _brief(malformed[1])


def classify(
    operation: Operation, exit_code: int, evidence: Evidence | None = None, *, reply_present: bool = True
) -> BorgResult:
    """How a call of *operation* ended.

    *exit_code* is the child's return code, negative for a signal. *reply_present* says whether there was an answer on
    stdout; it counts for ``create`` only, where a warning without an answer means that no archive was made: a failure
    (Borg 1.2.4 ends with 1 after the traceback of a malformed pattern). ``check`` ends with 1 when it found damage,
    which is a failure too.
    """
    evidence = evidence or Evidence()
    archive_made = reply_present or operation is not Operation.CREATE
    outcome = outcome_of_exit_code(exit_code, archive_made=archive_made)
    if operation is Operation.CHECK and outcome is Outcome.WARNING:
        outcome = Outcome.FAILURE
    signal = _signal(exit_code)
    if outcome is Outcome.SUCCESS:
        condition, sentence, detail = None, "", ""
    elif signal is not None:
        condition, sentence, detail = None, _killed_sentence(signal), ""
    elif outcome is Outcome.WARNING:
        condition, sentence, detail = _explain_warning(exit_code, evidence)
    else:
        condition, sentence, detail = _explain_failure(operation, exit_code, evidence)
    msgid = condition.msgid if condition else evidence.error.msgid if evidence.error and sentence else None
    question = evidence.question if outcome is Outcome.FAILURE else None
    return BorgResult(operation, outcome, exit_code, signal, msgid, sentence, detail, question)


def _signal(exit_code: int) -> str | None:
    if 0 <= exit_code < _KILLED:
        return None
    number = -exit_code if exit_code < 0 else exit_code - _KILLED
    return _SIGNALS.get(number, f"signal {number}")


def _killed_sentence(signal: str) -> str:
    if signal == _SIGNALS[_SIGKILL]:
        return (
            "Borg was killed (SIGKILL), by somebody or because memory ran out; it removes its old lock the next time."
        )
    return f"Borg was ended by {signal} before it had finished."


def _explain_warning(exit_code: int, evidence: Evidence) -> tuple[Condition | None, str, str]:
    by_code = condition_of_exit_code(exit_code)
    kinds = [by_code] if by_code else evidence.warnings
    sentence = " ".join(kind.sentence for kind in kinds)
    if not sentence:
        sentence = "Borg finished with warnings; look at the log for what it says."
    return kinds[0] if len(kinds) == 1 else None, sentence, evidence.first_warning


def _explain_failure(operation: Operation, exit_code: int, evidence: Evidence) -> tuple[Condition | None, str, str]:
    error = evidence.error
    own_words = _brief(error.message) if error else ""
    condition = condition_of_msgid(error.msgid) if error else None
    condition = condition or evidence.text_condition
    if condition is None and exit_code < _FIRST_WARNING:
        condition = condition_of_exit_code(exit_code)
    if condition is not None:
        if condition.exit_code in _CONNECTION_CODES and evidence.remote:
            own_words = f"{own_words} ({evidence.remote})"
        return condition, condition.sentence, own_words or evidence.last_words
    if operation is Operation.CHECK and exit_code == 1:
        return None, "The check found damage in the repository; look at the log for what it says.", own_words
    if evidence.malformed_pattern:
        return (
            None,
            "An exclude pattern is malformed, so nothing was backed up: correct it.",
            evidence.malformed_pattern,
        )
    if evidence.usage_error:
        return None, f"Borg does not accept an option: {evidence.usage_error}.", evidence.usage_error
    if evidence.no_space:
        sentence = "The disk of the repository, or of Borg's cache, is full: free some space, or prune and compact."
        return None, sentence, evidence.exception or own_words
    if any(words in own_words for words in _INTERRUPTED):
        return None, "Borg was interrupted (Ctrl-C) before it had finished.", own_words
    if error is not None and error.msgid in _GENERAL_MSGIDS and evidence.exception:
        return None, f"Borg stopped with an internal error: {evidence.exception}.", evidence.exception
    own_words = own_words or evidence.last_words
    return None, own_words or f"Borg ended with exit code {exit_code} and did not say why.", own_words


def _brief(text: str) -> str:
    """Borg's words on one line, of a length that can be shown and stored."""
    line = " ".join(text.split())
    return line if len(line) <= _KEPT_CHARACTERS else line[:_KEPT_CHARACTERS] + "…"
