"""Finds what runs on this computer that a backup should stop or dump."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.services.applications import machines, nextcloud, units
from borgdesk.engine.services.containers import containers
from borgdesk.engine.services.databases import mariadb, postgresql
from borgdesk.engine.services.machine import Machine
from borgdesk.engine.services.service import Service, ServiceKind

_LIMIT = 12.0
"""Seconds after which those that have not been found are given up."""

_GLANCE = 0.02

_PROBES = (postgresql, mariadb, nextcloud, containers, machines, units)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What runs here."""

    services: Sequence[Service]
    """In the order of :class:`ServiceKind`."""
    is_all: bool = True
    """Whether everything was looked at; otherwise so much runs here that there may be more."""


def find_services(environment: Mapping[str, str], cancel: Cancel | None = None) -> Found:
    """Return what was found. What does not answer counts as not there."""
    machine = Machine(environment, Path.home(), cancel=cancel or Cancel())
    services = services_on(machine)
    return Found(services, is_all=not machine.too_long)


def services_on(machine: Machine, limit: float = _LIMIT) -> list[Service]:
    """Ask for all kinds at once; the threads of those that hang (a dead disk) are abandoned."""
    begun = [_begun(probe, machine) for probe in _PROBES]
    end = time.monotonic() + limit
    while not all(one.done() for one in begun) and time.monotonic() < end and not machine.cancel.asked:
        time.sleep(_GLANCE)
    found = [service for one in begun if one.done() for service in one.result()]
    order = list(ServiceKind)
    return sorted(found, key=lambda service: order.index(service.kind))


def _begun(probe: Callable[[Machine], list[Service]], machine: Machine) -> Future[list[Service]]:
    answer: Future[list[Service]] = Future()

    def work() -> None:
        try:
            answer.set_result(probe(machine))
        except Exception:
            _log.exception("it is not known whether %s runs", probe.__name__)
            answer.set_result([])

    try:
        Thread(target=work, name=f"finds {probe.__name__}", daemon=True).start()
    except RuntimeError:  # too many threads
        answer.set_result([])
    return answer
