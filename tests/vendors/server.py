"""A real HTTP server on 127.0.0.1 for one test or one demonstration. What it answers is given by a vendor's module."""

import argparse
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# the text "number:0.10" in a body is sent as the number 0.10, with these digits
_PLANTED = re.compile(r'"number:([^"]+)"')


@dataclass(frozen=True)
class Request:
    """What a client sent.

    Attributes:
        method: GET, POST, PUT.
        path: The path without the query.
        query: The query.
        headers: The headers, with names in lower case.
        body: The bytes.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Reply:
    """What the server answers.

    Attributes:
        status: The HTTP status; 0 drops the connection without an answer.
        body: JSON, or bytes as they are.
        headers: Other headers.
        cut: Send only this many bytes of the body, then drop the connection.
        seconds: Wait before the answer.
        pause: Wait between two bytes of the body.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    seconds: float = 0
    pause: float = 0


Answering = Callable[[Request], Reply]


@contextmanager
def serving(
    answer: Answering, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), port: int = 0
) -> Iterator[str]:
    """Serve in a thread, one request at a time, and yield the address. The header Date has the time of `now`."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # otherwise an answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(now().astimezone(UTC).replace(microsecond=0), usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(str(self.command), parts.path, dict(parse_qsl(parts.query)), headers, body)
            with lock:
                reply = answer(request)
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            if reply.seconds:
                time.sleep(reply.seconds)
            if reply.status == 0:
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else b""
            if reply.body is not None and not isinstance(reply.body, bytes):
                text = json.dumps(reply.body, ensure_ascii=False)
                body = _PLANTED.sub(r"\1", text).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if reply.cut is not None:
                self.wfile.write(body[: reply.cut])
                self.close_connection = True
            elif reply.pause:
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(reply.pause)
            else:
                self.wfile.write(body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # the client has left
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def demonstrate(
    about: str | None, records: str, serve: Callable[[int, int], AbstractContextManager[Sequence[str]]]
) -> None:
    """Serve by hand, until the time is over.

    Args:
        about: What the server is.
        records: What it has: the name of the option with their number.
        serve: Serves so many records on a port, and gives the lines that a user needs.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(f"--{records}", dest="number", type=int, default=2001)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3600, help="stop after this many seconds")
    asked = parser.parse_args()
    with serve(asked.number, asked.port) as lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        time.sleep(asked.seconds)
