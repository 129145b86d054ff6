"""A server with the interface of S3 for tests: SeaweedFS, in a folder of its own, on 127.0.0.1. No test stands here."""

import ctypes
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pyarrow import fs

BUCKET, ACCESS_KEY, SECRET_KEY = "marts", "AKIDTEST", "pa55-w0rd"
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)
_SERVICES = ("master", "volume", "filer", "s3")


def client(endpoint: str) -> fs.S3FileSystem:
    """A client that may do everything."""
    return fs.S3FileSystem(
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        endpoint_override=endpoint,
        region="us-east-1",
        allow_bucket_creation=True,
    )


@contextmanager
def server() -> Iterator[str]:
    """Start a server with an empty bucket; it ends with the block, or with this process. Yields its address."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if program is None:
        pytest.skip("SeaweedFS is not installed: make setup-s3")
    folder = Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    identity = {
        "name": "owner",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = free_ports(2 * len(_SERVICES))
    listen = [f"-{name}.port={ports[at]}" for at, name in enumerate(_SERVICES)]
    listen += [f"-{name}.port.grpc={ports[at]}" for at, name in enumerate(_SERVICES, start=len(_SERVICES))]
    listen += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    listen += ["-s3.autoCreateBucket=false", "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0"]
    listen += [f"-{name}.localSocket={folder}/{name}.sock" for name in ("s3", "filer")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "server", f"-dir={folder}", "-s3", f"-s3.config={folder}/s3.json", *listen],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=lambda: _LIBC.prctl(_DIES_WITH_PARENT, signal.SIGKILL),
        )
    endpoint = f"http://127.0.0.1:{ports[_SERVICES.index('s3')]}"
    try:
        until = time.monotonic() + 120
        while not is_ready(endpoint):
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.1)
        yield endpoint
    finally:
        process.kill()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def is_ready(endpoint: str) -> bool:
    """Whether the server takes an object."""
    try:
        with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])), timeout=1):
            pass
        files = client(endpoint)
        files.create_dir(BUCKET)
        with files.open_output_stream(f"{BUCKET}/ready") as stream:
            stream.write(b"ready")
        files.delete_file(f"{BUCKET}/ready")
    except OSError:
        return False
    return True


def free_ports(n: int) -> list[int]:
    """Ports that nobody uses now."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]
