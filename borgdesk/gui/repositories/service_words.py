"""Texts about what was found running: what it is, and what its scripts do."""

from __future__ import annotations

from borgdesk.domain.enumeration import listed
from borgdesk.engine.services.data_places import Place, Proposal
from borgdesk.engine.services.service import Need, Service, ServiceKind
from borgdesk.translation import _, ngettext


def title(service: Service) -> str:
    """Return what it is: "Docker Compose: paperless"."""
    named = {
        ServiceKind.POSTGRESQL: "PostgreSQL",
        ServiceKind.MARIADB: "MariaDB / MySQL",
        ServiceKind.NEXTCLOUD: "Nextcloud",
        ServiceKind.COMPOSE: _("Docker Compose"),
        ServiceKind.CONTAINERS: _("Docker containers"),
        ServiceKind.MACHINES: _("Virtual machines"),
        ServiceKind.USER_UNITS: _("Your own services"),
        ServiceKind.SYSTEM_UNITS: _("Services of the system"),
    }[service.kind]
    if service.kind is ServiceKind.POSTGRESQL:
        return f"{named} {service.name}".rstrip()
    return _("{kind}: {name}").format(kind=named, name=service.name) if service.name else named


def detail(service: Service, proposal: Proposal) -> str:
    """Return what is done with it, and why it is not proposed, in one line."""
    parts = [_deed(service)]
    if service.need is Need.SUDO:
        parts.append(_("needs root, or a sudo rule without a password"))
    elif service.need is Need.LOGIN:
        parts.append(_("needs the name and the password of a database user"))
    parts.append(_data(proposal, is_as_proposed=service == proposal.service))
    return " · ".join(filter(None, parts))


def _data(proposal: Proposal, *, is_as_proposed: bool) -> str:
    """Return what is known about its data; empty if they are backed up, or nothing is known."""
    if proposal.place is Place.OUTSIDE:
        return _("none of its files are in the folders you back up")
    if proposal.left_out and is_as_proposed:
        return ngettext(
            "without {names}, which has no files in the folders you back up",
            "without {names}, which have no files in the folders you back up",
            len(proposal.left_out),
        ).format(names=listed(proposal.left_out))
    if proposal.place is Place.UNKNOWN:
        return _("whether its files are in the folders you back up cannot be seen")
    return ""


def _deed(service: Service) -> str:
    chosen = service.chosen()
    if folder := service.output_folder:
        if not chosen:
            return _("all databases are dumped to {folder}, which is backed up").format(folder=folder)
        said = ngettext(
            "{count} database is dumped to {folder}, which is backed up",
            "{count} databases are dumped to {folder}, which is backed up",
            len(chosen),
        )
        return said.format(count=len(chosen), folder=folder)
    if service.kind is ServiceKind.NEXTCLOUD:
        return _("in maintenance mode while Borg reads")
    if service.kind is ServiceKind.MACHINES:
        return _("{names} · suspended before, resumed after").format(names=", ".join(chosen))
    return _("{names} · stopped before, started after, always").format(names=", ".join(chosen))


def summary(services: list[Service]) -> str:
    """Return the chosen ones in a line."""
    return listed([title(service) for service in services]) if services else _("none")
