"""Checks the files a run's scripts depend on: interpreters, the home folder, and the repository's disk.

Each may be on a disk that no longer responds when the scripts have their turn. So everything is checked once, before
anything is stopped, and by a single process: starting one takes longer than a short script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe

_NOWHERE = "/"


class Surroundings:
    """Cached checks of the user's disks. Each is made on first use, with a time limit."""

    def __init__(self, environment: Mapping[str, str], repository: str | None = None) -> None:
        """Check the search path and the home of *environment*, and a local *repository*."""
        self._path = environment.get("PATH", "")
        self._home = environment.get("HOME") or _NOWHERE
        self._repository = repository
        self._programs: dict[str, str | None] = {}
        self._folder: str | None = None
        self._answers: bool | None = None
        self._is_there = False

    def look_at(self, programs: Iterable[str], cancel: Cancel | None = None) -> None:
        """Check where *programs* are, and everything else, in one go.

        A missing program may be provided by a script, so it is looked for again on the next request.

        Raises:
            Stopped: *cancel* was asked meanwhile.
            BorgDeskError: no process can be started for that.
        """
        questions = []
        if self._repository is not None and self._answers is None:
            questions.append(("repository", self._repository))
        if self._folder is None:
            questions.append(("folder", self._home))
        asked = sorted(set(programs) - self._programs.keys())
        questions += [("program", f"{program}\n{self._path}") for program in asked]
        if not questions:
            return
        answers = probe(questions, cancel)
        for (what, _), answer in zip(questions, answers, strict=True):
            if what == "repository":
                self._answers = answer is not NoAnswer
                self._is_there = self._answers and not answer["gone"]
            elif what == "folder":
                self._folder = self._home if answer is True else _NOWHERE
        for program, answer in zip(reversed(asked), reversed(answers), strict=False):
            if answer is not None:
                # A program that does not respond counts as missing, and is not waited for again.
                self._programs[program] = answer["path"] if isinstance(answer, dict) else None

    def path_of(self, program: str) -> str | None:
        """Return the path of a program; None if it is missing, or its disk does not respond."""
        self.look_at([program])
        return self._programs.get(program)

    def known_path_of(self, program: str) -> str | None:
        """As :meth:`path_of`, but None for a program that was not looked for yet."""
        return self._programs.get(program)

    @property
    def folder(self) -> str:
        """The working directory of scripts: the user's home, or the root folder if that cannot be entered."""
        self.look_at([])
        return self._folder or _NOWHERE

    def repository_answers(self, cancel: Cancel) -> bool:
        """Return whether the disk of a local repository responds, whatever is on it.

        Raises:
            As :meth:`look_at`.
        """
        self.look_at([], cancel)
        return self._answers is not False

    def repository_is_there(self, cancel: Cancel) -> bool:
        """Return whether a local repository exists already; a script may mount its disk later.

        Raises:
            As :meth:`look_at`.
        """
        self.look_at([], cancel)
        return self._is_there
