"""What Borg said about the place where a repository is to be added, so that it is asked only once."""

from __future__ import annotations

from borgdesk.gui.repositories.adding_where import WhereForm


class Answers:
    """Answers count as long as location, connection and passphrase are as they were when Borg was asked."""

    def __init__(self, where: WhereForm) -> None:
        self._where = where
        self._there: dict[object, bool] = {}
        self._encryption: dict[object, str] = {}

    @property
    def way(self) -> object:
        """The location, and how it is reached."""
        return self._where.location.text().strip(), self._where.server.connection()

    @property
    def key(self) -> object:
        """The same, with what unlocks the repository."""
        return self.way, self._where.given_passphrase(), self._where.passcommand()

    @property
    def is_there(self) -> bool | None:
        """Whether there is a repository; None if Borg was not asked."""
        return self._there.get(self.way)

    @property
    def encryption(self) -> str | None:
        """The encryption of the repository; None if it was not opened."""
        return self._encryption.get(self.key)

    @property
    def lacks_look(self) -> bool:
        """Whether only Borg can say whether there is a repository, and was not asked yet."""
        return self._where.is_elsewhere and self.is_there is None

    @property
    def lacks_opening(self) -> bool:
        """Whether there is a repository, and nobody knows yet whether it can be opened."""
        return self._where.is_existing and self.encryption is None

    def found(self, way: object, there: bool) -> None:
        """Record whether there is a repository at the place that *way* was."""
        self._there[way] = there

    def opened(self, key: object, encryption: str) -> None:
        """Record that the repository was opened with what *key* was."""
        self._encryption[key] = encryption
