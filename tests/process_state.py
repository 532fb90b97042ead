"""Tells what a Python process was given when it started, or ends in some way, for ``tests/test_fork_server.py``."""

from __future__ import annotations

import atexit
import functools
import gc
import json
import locale
import logging
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from borgdesk import translation


def _stream(stream: Any) -> list[Any]:
    kind = type(stream.buffer).__name__, type(stream.buffer.raw).__name__
    options = stream.encoding, stream.errors, stream.newlines, stream.line_buffering, stream.write_through
    return [*kind, *options, stream.isatty(), stream.fileno(), stream.buffer.raw.closefd]


def _status() -> dict[str, str]:
    lines = [line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines()]
    wanted = {"Umask", "Threads", "SigBlk", "SigIgn", "SigCgt", "NoNewPrivs", "CapEff", "Uid", "Gid"}
    return {name: value for name, value in lines if name in wanted}


def tell_state() -> None:
    """Print all that a process inherits, and that Python or we derive from it on start."""
    limits = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    state = {
        "arguments": sys.argv,
        "search path": sys.path,
        "flags": repr(sys.flags),
        "warnings": [sys.warnoptions, [repr(one) for one in warnings.filters]],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "session": [os.getsid(0), os.getpgid(0), os.nice(0)],
        "status": _status(),
        "signals": {one.name: repr(signal.getsignal(one)) for one in signal.Signals},
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in limits},
        "descriptors": sorted(int(one.name) for one in Path("/proc/self/fd").iterdir()),
        "streams": [_stream(one) for one in (sys.stdin, sys.stdout, sys.stderr)],
        "same streams": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
        "time zone": [time.tzname, time.timezone],
        "locale": [locale.setlocale(number) for number in (locale.LC_CTYPE, locale.LC_TIME, locale.LC_NUMERIC)],
        "collecting": [gc.isenabled(), gc.get_threshold()],
        "threads": [thread.name for thread in threading.enumerate()],
        "log": [logging.root.level, len(logging.root.handlers), logging.raiseExceptions],
        "ours": [translation._spoken, tempfile.tempdir],
        "module": [__name__, sys.modules["__main__"].__dict__ is globals()],
    }
    print(json.dumps(state))


def tell_loaded() -> None:
    """Print which modules are loaded, and which of our functions have cached something."""
    ours = [module for name, module in sys.modules.items() if name.startswith("borgdesk")]
    values = [value for module in ours for value in vars(module).values()]
    functions = [one for one in values if isinstance(one, functools._lru_cache_wrapper)]
    cached = [one.__qualname__ for one in functions if one.cache_info().currsize]
    print(json.dumps({"modules": [*sys.modules], "functions": len(functions), "cached": cached}))


def _start_a_thread() -> None:
    said = threading.Event()

    def read() -> None:
        said.wait()
        print(sys.stdin.read())

    threading.Thread(target=read).start()
    print("not waited for")
    said.set()


def _leave_a_file_open() -> None:
    globals()["file"] = Path(os.devnull).open("rb", buffering=0)  # noqa: SIM115


def _raise() -> None:
    raise ValueError("a defect")


def _interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def _write_without_a_reader() -> None:
    sys.stdout.write("x")
    os.close(1)


def _read() -> None:
    sys.stdout.write(sys.stdin.read() + os.linesep.join(["", "no newline"]))


WAYS: dict[str, Callable[[], object]] = {
    "code": lambda: sys.exit(75),
    "sentence": lambda: sys.exit("a sentence"),
    "at exit": lambda: atexit.register(print, "at exit"),
    "signal": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "at once": lambda: os._exit(3),
    "defect": _raise,
    "interrupt": _interrupt,
    "thread": _start_a_thread,
    "open file": _leave_a_file_open,
    "closed output": _write_without_a_reader,
    "read": _read,
}
"""Ways to end."""

if __name__ == "__main__":
    {"state": tell_state, "loaded": tell_loaded, "wait": signal.pause, **WAYS}[sys.argv[1]]()
