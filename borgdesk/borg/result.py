"""The result of one Borg process: its outcome, derived from exit code and messages, and a sentence for the user."""

from __future__ import annotations

import re
from dataclasses import dataclass

from borgdesk.borg.command import Operation
from borgdesk.borg.connection import connection_sentence, missing_ssh
from borgdesk.borg.messages import (
    Condition,
    condition_of_exit_code,
    condition_of_msgid,
    condition_of_text,
    condition_of_warning,
)
from borgdesk.borg.output import Level, LogMessage, OutputEvent, PlainText, Prompt, PromptKind
from borgdesk.domain.reasons import Reason, text
from borgdesk.domain.run import Outcome, outcome_of_exit_code
from borgdesk.translation import N_, _

_KEPT_CHARACTERS = 500
_KEPT_KINDS = 4
_FIRST_WARNING = 100
_KILLED = 128
_LAST_SIGNAL = 64
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
REMOTE = "Remote: "
"""Borg's prefix for lines of ssh or of the remote host."""

_LOST_LINE = re.compile(r"stdio (?:connection lost|server exited with code \d+(?:: (?P<said>[^\n]+))?)")
"""Borg 2's message about its connection, with the output of ssh if there was one."""

_BROKEN_PIPE = re.compile(r"remote\.py\", line .*^(?:BrokenPipe|ConnectionReset)Error: ", re.DOTALL | re.MULTILINE)
"""A traceback of Borg 1 that wrote to ssh after ssh had ended; only while it reads does it report a lost connection."""

_INTERNAL_ERROR = re.compile(r"\s*Error:\n\n(?P<exception>[^\n]+)\n")
"""How Borg 2 begins the report of an unexpected exception."""

_NAME_TAKEN = "Archive.AlreadyExists"
_NO_SPACE = "No space left on device"
_USAGE_ERROR = re.compile(r"\Aborg(?: [\w-]+)*: error: (.+)", re.DOTALL)
_MALFORMED_PATTERN = re.compile(r"\Are\.(?:error|PatternError): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BorgResult:
    """The result of one Borg process."""

    operation: Operation
    outcome: Outcome
    """Success, warning or failure. Whether it was cancelled only the caller knows."""
    exit_code: int
    """As Borg returned it; for a signal, negative or 128 plus its number."""
    signal: str | None
    """Name of the signal that killed it, such as ``SIGTERM``."""
    msgid: str | None
    """Borg's message id, or the one derived from its text or exit code."""
    sentence: str
    """What happened and what to do, for the user; empty after a success."""
    detail: str
    """Borg's own message; empty if there was none."""
    question: Prompt | None
    """The question that Borg asked and, without an answer, aborted at."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The sentence as reason; none after a success."""
        return (text(self.sentence),) if self.sentence else ()

    @property
    def killed(self) -> bool:
        """Whether it was killed by a signal."""
        return self.signal is not None

    @property
    def lost_connection(self) -> bool:
        """Whether it failed because the remote host could not be reached, or the connection was lost."""
        condition = condition_of_msgid(self.msgid)
        return self.outcome is Outcome.FAILURE and condition is not None and condition.exit_code in _CONNECTION_CODES


class Evidence:
    """Collects the events that explain the result, in bounded memory."""

    def __init__(self) -> None:
        self.error: LogMessage | None = None
        """The last ERROR, preferring one with a specific message id."""
        self.exception = ""
        """The last line of a traceback."""
        self.warnings: list[Condition] = []
        """The different kinds of warnings, in order."""
        self.first_warning = ""
        self.remote = ""
        """Output of ssh or the remote host: the first line that explains a failure, else the last."""
        self.connection: str | None = None
        """The meaning of that line."""
        self.lost_connection: str | None = None
        """Message id of a lost connection that Borg reported without one."""
        self.no_space = False
        self.malformed_pattern = ""
        self.usage_error = ""
        self.text_condition: Condition | None = None
        self.question: Prompt | None = None
        self.last_words = ""
        """The last line of plain text."""

    def see(self, event: OutputEvent) -> None:
        """Process an event; progress and lists are ignored."""
        match event:
            case LogMessage():
                self._see_message(event)
            case PlainText(text):
                self._see_text(text)
            case Prompt(kind=PromptKind.QUESTION):
                self.question = event
            case _:
                pass

    def _see_message(self, event: LogMessage) -> None:
        self.no_space = self.no_space or _NO_SPACE in event.message
        if lost := _LOST_LINE.search(event.message):
            self.lost_connection = "ConnectionClosedWithHint"
            self._see_remote(lost["said"] or "")
        if event.level.is_error:
            self._see_error(event)
        elif event.level is Level.WARNING:
            if event.message.startswith(REMOTE):
                self._see_remote(event.message)
            condition = condition_of_msgid(event.msgid) or condition_of_warning(event.message)
            self.first_warning = self.first_warning or _brief(event.message)
            if condition and condition not in self.warnings and len(self.warnings) < _KEPT_KINDS:
                self.warnings.append(condition)

    def _see_remote(self, message: str) -> None:
        line = _brief(message.removeprefix(REMOTE))
        if line and self.connection is None:
            self.remote, self.connection = line, connection_sentence(line)

    def _see_error(self, event: LogMessage) -> None:
        if internal := _INTERNAL_ERROR.match(event.message):
            self.exception = _brief(internal["exception"])
            return
        if event.message.startswith("Traceback ("):
            if _BROKEN_PIPE.search(event.message):
                self.lost_connection = "ConnectionClosed"
            self.exception = _brief(event.message.partition("\n\n")[0].strip().rpartition("\n")[2])
            return
        known = condition_of_msgid(event.msgid) is not None
        if known or self.error is None or condition_of_msgid(self.error.msgid) is None:
            self.error = event

    def _see_text(self, text: str) -> None:
        line = text.strip()
        if not line:
            return
        self.last_words = _brief(line)
        self.no_space = self.no_space or _NO_SPACE in line
        self.text_condition = self.text_condition or condition_of_text(line)
        if usage := _USAGE_ERROR.match(line):
            self.usage_error = _brief(usage[1])
        if malformed := _MALFORMED_PATTERN.match(line):
            self.malformed_pattern = _brief(malformed[1])


_NO_ARCHIVE = N_("Borg reported no error, but no new archive either. Check that the program really is Borg.")


def classify(
    operation: Operation, exit_code: int, evidence: Evidence | None = None, *, reply_present: bool = True
) -> BorgResult:
    """Return the result of an *operation* from its exit code and messages.

    *exit_code* is the return code of the child process, negative for a signal. *reply_present* says whether there was a
    reply on stdout; it matters only for ``create``, where a missing reply means that no archive was made, which is a
    failure whatever the exit code (Borg 1.2.4 exits with 1 after the traceback of a malformed pattern). ``check`` exits
    with 1 if it found damage, and ``extract`` with 1 or 2 when the disk is full; both are failures.
    """
    evidence = evidence or Evidence()
    archive_made = reply_present or operation is not Operation.CREATE
    outcome = outcome_of_exit_code(exit_code, archive_made=archive_made)
    if outcome is Outcome.WARNING and (operation is Operation.CHECK or _fills_disk(operation, evidence)):
        outcome = Outcome.FAILURE
    signal = _signal(exit_code)
    if outcome is Outcome.SUCCESS:
        condition, sentence, detail = None, "", ""
    elif signal is not None:
        condition, sentence, detail = None, _killed_sentence(signal), ""
    elif outcome is Outcome.WARNING:
        condition, sentence, detail = _explain_warning(exit_code, evidence)
    elif exit_code == 0:
        condition, sentence, detail = None, _(_NO_ARCHIVE), evidence.last_words
    else:
        condition, sentence, detail = _explain_failure(operation, exit_code, evidence)
    msgid = condition.msgid if condition else evidence.error.msgid if evidence.error and sentence else None
    question = evidence.question if outcome is Outcome.FAILURE else None
    return BorgResult(operation, outcome, exit_code, signal, msgid, sentence, detail, question)


def _fills_disk(operation: Operation, evidence: Evidence) -> bool:
    return operation is Operation.EXTRACT and evidence.no_space


def _signal(exit_code: int) -> str | None:
    number = -exit_code if exit_code < 0 else exit_code - _KILLED
    # 255 is not signal 127, but how ssh and many wrappers report failures.
    return _SIGNALS.get(number, f"signal {number}") if 0 < number <= _LAST_SIGNAL else None


def _killed_sentence(signal: str) -> str:
    if signal == _SIGNALS[_SIGKILL]:
        return _(
            "Borg was killed (SIGKILL), by someone or because memory ran out. It removes its old lock the next time "
            "it runs."
        )
    return _("Borg was terminated by {signal} before it had finished.").format(signal=signal)


def _explain_warning(exit_code: int, evidence: Evidence) -> tuple[Condition | None, str, str]:
    by_code = condition_of_exit_code(exit_code)
    kinds = [by_code] if by_code else evidence.warnings
    sentence = " ".join(kind.sentence for kind in kinds)
    if not sentence:
        sentence = _("Borg finished with warnings; see the log for details.")
    return kinds[0] if len(kinds) == 1 else None, sentence, evidence.first_warning


def _explain_failure(operation: Operation, exit_code: int, evidence: Evidence) -> tuple[Condition | None, str, str]:
    error = evidence.error
    own_words = _brief(error.message) if error else ""
    condition = condition_of_msgid(error.msgid) if error else None
    condition = condition or evidence.text_condition
    condition = condition or condition_of_msgid(evidence.lost_connection)
    if condition is None and exit_code < _FIRST_WARNING:
        condition = condition_of_exit_code(exit_code)
    if condition is None:
        return None, *_explain_unnamed(operation, exit_code, evidence, own_words)
    if condition.exit_code in _CONNECTION_CODES and evidence.remote:
        sentence = evidence.connection or condition.sentence
        sentence = _("{sentence} Borg says: “{words}”").format(sentence=sentence, words=evidence.remote)
        return condition, sentence, f"{own_words} (Remote: {evidence.remote})"
    if operation is Operation.RENAME and condition.msgid == _NAME_TAKEN:
        # A new name is as it was typed, without placeholders.
        return condition, _("An archive with this name already exists. Choose another name."), own_words
    return condition, condition.sentence, own_words or evidence.last_words


def _explain_unnamed(operation: Operation, exit_code: int, evidence: Evidence, own_words: str) -> tuple[str, str]:
    """Return a sentence and Borg's own words for a failure without a known condition."""
    error = evidence.error
    if no_ssh := missing_ssh(evidence.exception):
        return no_ssh, evidence.exception
    if operation is Operation.CHECK and exit_code == 1:
        return _("The check found damage in the repository; see the log for details."), own_words
    if evidence.malformed_pattern:
        return (
            _("An exclude pattern is not valid, so nothing was backed up. Correct the pattern."),
            evidence.malformed_pattern,
        )
    if evidence.usage_error:
        sentence = _("Borg does not accept an option: {error}.").format(error=evidence.usage_error)
        return sentence, evidence.usage_error
    if evidence.no_space:
        return _explain_full_disk(operation), evidence.exception or own_words
    if any(words in own_words for words in _INTERRUPTED):
        return _("Borg was interrupted (Ctrl-C) before it had finished."), own_words
    if error is not None and error.msgid in _GENERAL_MSGIDS and evidence.exception:
        sentence = _("Borg stopped because of an internal error: {error}.").format(error=evidence.exception)
        return sentence, evidence.exception
    own_words = own_words or evidence.last_words
    unknown = _("Borg failed with exit code {exit_code} and gave no reason.").format(exit_code=exit_code)
    return own_words or unknown, own_words


def _explain_full_disk(operation: Operation) -> str:
    if operation is Operation.KEY_EXPORT:
        return _("The disk that the key is written to is full.")
    if operation is Operation.EXTRACT:
        return _("The disk that the files are restored to is full.")
    return _("The disk of the repository, or of Borg's cache, is full: free some space, or compact the repository.")


def _brief(text: str) -> str:
    """Return Borg's message on one line, short enough to be shown and stored."""
    line = " ".join(text.split())
    return line if len(line) <= _KEPT_CHARACTERS else line[:_KEPT_CHARACTERS] + "…"
