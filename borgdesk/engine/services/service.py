"""A program that was found running, with the script templates for it and the values they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

OUTPUT_DIR = "OUTPUT_DIR"
"""The parameter with the folder that a template dumps into; that folder has to be backed up."""


class ServiceKind(StrEnum):
    """What it is. The order is that of the lane before the backup: what dumps comes before what stops."""

    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"
    NEXTCLOUD = "nextcloud"
    COMPOSE = "compose"
    CONTAINERS = "containers"
    MACHINES = "machines"
    USER_UNITS = "user-units"
    SYSTEM_UNITS = "system-units"


class Need(StrEnum):
    """What its scripts need that was not found, so that they are not proposed by themselves."""

    NOTHING = ""
    SUDO = "sudo"
    """Root, or a sudo rule without a password."""
    LOGIN = "login"
    """The name and password of a database user."""


@dataclass(frozen=True, slots=True)
class Service:
    """Several of a kind differ in :attr:`name`."""

    kind: ServiceKind
    templates: tuple[str, ...]
    """File names: the side before the backup, and the one after it, if there is one."""
    values: Mapping[str, str] = field(repr=False)
    """Parameter values for both; there may be a password among them."""
    name: str = ""
    """The project, the version, or the user that it runs as; empty if there is nothing to tell apart."""
    items: tuple[str, ...] = ()
    """Containers, databases, virtual machines or units, in the order in which to stop them."""
    parameter: str = ""
    """The parameter that names the items; empty if they cannot be chosen."""
    names_all: bool = True
    """Whether all items have to be named; otherwise no value stands for all, later ones included."""
    need: Need = Need.NOTHING
    is_proposed: bool = True
    """Whether it is switched on at first, unless its data are known not to be backed up."""
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The folders that each item writes to, or "" if it has no items; an item that is missing may write anywhere."""

    @property
    def output_folder(self) -> str:
        """The folder that is dumped into; empty if nothing is."""
        return self.values.get(OUTPUT_DIR, "")

    def chosen(self) -> tuple[str, ...]:
        """Return the items that the values name."""
        if not self.parameter:
            return self.items
        named = self.values.get(self.parameter, "").split()
        return tuple(item for item in self.items if item in named) if named else self.items

    def with_items(self, items: Sequence[str]) -> Service:
        """Return it with these of its items, at least one."""
        wanted = [item for item in self.items if item in items]
        named = "" if len(wanted) == len(self.items) and not self.names_all else " ".join(wanted)
        return self.with_values({**self.values, self.parameter: named})

    def with_values(self, values: Mapping[str, str]) -> Service:
        """Return it with these parameter values; empty ones are left out."""
        return replace(self, values={name: value for name, value in values.items() if value})
