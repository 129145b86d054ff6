"""A server of Apache Superset for tests: from PyPI, in an environment of its own, on 127.0.0.1. No test stands here."""

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = Path(__file__).parents[2] / ".venv-superset"
USER = "admin"
_CONFIG = """\
import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.environ["SUPERSET_METADATA"]
"""
_STARTS_WITHIN, _ANSWERS_WITHIN = 180, 120  # seconds


def installed() -> Path:
    """The program of Superset; skips the test if it is not installed."""
    program = Path(os.environ.get("LOYALTY_SUPERSET", ENVIRONMENT)) / "bin" / "superset"
    if not program.exists():
        pytest.skip("Superset is not installed: make setup-superset")
    return program


def free_port() -> int:
    """A port of 127.0.0.1 that nothing uses now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Superset:
    """A running server.

    Args:
        address: Its address.
        password: The password of the administrator `admin`.
    """

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.password = password
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self._headers = {"Content-Type": "application/json", "Referer": address}
        login = {"username": USER, "password": password, "provider": "db"}
        self._headers["Authorization"] = f"Bearer {self.post('security/login', login)['access_token']}"
        self._headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> Any:
        """The answer to a call of the API without a body."""
        return self._call(urllib.request.Request(f"{self.address}/api/v1/{path}", headers=self._headers))

    def post(self, path: str, body: Any) -> Any:
        """The answer to a call of the API with a body."""
        data = json.dumps(body).encode()
        return self._call(urllib.request.Request(f"{self.address}/api/v1/{path}", data, self._headers, method="POST"))

    def _call(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=_ANSWERS_WITHIN) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read().decode()[:2000]}") from None


@contextmanager
def server(folder: Path) -> Iterator[Superset]:
    """Start a server whose own data are in a folder; it ends with the block."""
    program, password = installed(), secrets.token_hex(8)
    config = folder / "superset_config.py"
    config.write_text(_CONFIG)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "FLASK_APP": "superset.app:create_app()",
        "SUPERSET_CONFIG_PATH": str(config),
        "SUPERSET_METADATA": str(folder / "superset.db"),
        "SUPERSET_SECRET_KEY": secrets.token_hex(32),
    }
    admin = [
        "--username",
        USER,
        "--password",
        password,
        "--firstname",
        "A",
        "--lastname",
        "B",
        "--email",
        "a@b.example",
    ]
    with (folder / "log").open("wb") as log:
        for arguments in (["db", "upgrade"], ["fab", "create-admin", *admin], ["init"]):
            done = subprocess.run([program, *arguments], env=environment, cwd=folder, stdout=log, stderr=log)
            assert done.returncode == 0, (folder / "log").read_text()[-3000:]
        serve = [program, "run", "--host", "127.0.0.1", "--port", str(port), "--with-threads"]
        process = subprocess.Popen(serve, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(process, f"http://127.0.0.1:{port}/health", folder / "log")
            yield Superset(f"http://127.0.0.1:{port}", password)
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
