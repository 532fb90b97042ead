"""What is told of tests that fail: always, and last, where somebody who sees only the end of the output finds it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

_failed: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Escape what is not Unicode, e.g. a file name in Latin-1: pytest-xdist cannot send it.

    The test process would end instead of telling of the failure, and the whole run with it.
    """
    data = yield
    return data and {key: _escaped(value) for key, value in data.items()}


def _escaped(data: Any) -> Any:
    match data:
        case str():
            return data.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_escaped(key): _escaped(value) for key, value in data.items()}
        case list() | tuple():
            return type(data)(map(_escaped, data))
        case _:
            return data


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        cause = crash.message if crash else report.longreprtext
        _failed.append(f"{report.nodeid} ({report.when}): {' '.join(cause.split())}")


def pytest_internalerror(excrepr: Any) -> None:
    _failed.append(f"internal error: {str(excrepr)[-500:]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """List the failed tests after everything else, even where the run itself broke down."""
    if not hasattr(config, "workerinput"):
        for line in _failed:
            sys.stdout.write(f"FAILED {line[:300]}\n")
