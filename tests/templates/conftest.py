"""Fixtures shared by tests of several templates."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.templates.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the web server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class WebServer:
    """A local web server: the requests it received, and the status codes of its next answers (then 200)."""

    url: str
    requests: list[Request] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[WebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.requests.append(Request(self.command, self.path, dict(self.headers), body))
            self.send_response(server.answers.pop(0) if server.answers else 200)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class names it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server = WebServer(f"http://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        listener.shutdown()
        thread.join()
