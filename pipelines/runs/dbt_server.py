"""The dbt process of a run: it imports dbt once, and runs the commands that its parent sends, one after another.

Started by dbt_process.py as a program; nothing else imports this module. A request is a line of JSON on standard input
(see `Request`). dbt writes its events to standard output, and a line with `END` follows each command. The process ends
when its standard input ends, which also happens if its parent is killed.
"""

import json
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypedDict

END = "loyalty_dbt_ended"


class Request(TypedDict):
    """One dbt command.

    Attributes:
        args: Its arguments, such as `["build", "--select", "tag:core"]`, without `--vars`.
        vars: The value of `--vars`.
        environment: Environment variables for this command, beside those of the process.
        folder: The folder in which dbt runs, to which the paths in vars and environment are relative.
        parsed: The folder with dbt's parse cache for these vars; empty if there is none. It is read once, so a caller
            that changes the project or these vars names another folder.
    """

    args: list[str]
    vars: str
    environment: dict[str, str]
    folder: str
    parsed: str


def main() -> None:
    """Serve until standard input ends."""
    requests: SimpleQueue[Request] = SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    server = _Server()
    while True:
        server.run(requests.get())


def _read(requests: SimpleQueue[Request]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    # The parent has finished or was killed. DuckDB undoes what was not committed when the file is opened next.
    os._exit(0)


class _Server:
    """dbt, imported, with what it has parsed."""

    def __init__(self) -> None:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        self._runner = dbtRunner
        self._connections: Any = DuckDBConnectionManager
        self._environment = dict(os.environ)
        self._manifests: dict[str, Any] = {}

    def run(self, request: Request) -> None:
        """Run one command, and close the warehouse after it."""
        os.environ.clear()
        os.environ.update({**self._environment, **request["environment"]})
        try:
            os.chdir(request["folder"])
            outcome = self._runner(manifest=self._manifest(request)).invoke(
                [*request["args"], "--vars", request["vars"]]
            )
            words = str(outcome.exception or "")
            success = outcome.success
        except Exception as problem:  # noqa: BLE001 (the parent reports it)
            success, words = False, f"{type(problem).__name__}: {problem}"
        finally:
            self._connections.close_all_connections()
        print(json.dumps({END: {"success": success, "words": words}}), flush=True)  # noqa: T201 (the protocol)

    def _manifest(self, request: Request) -> Any:
        """What dbt made of the project, parsed once; None if the command must parse for itself."""
        parsed = request["parsed"]
        if not parsed or not Path(parsed).is_dir():
            return None
        if parsed not in self._manifests:
            parse = ["--quiet", "--no-write-json", "parse", "--target-path", parsed, "--vars", request["vars"]]
            self._manifests[parsed] = self._runner().invoke(parse).result
        return self._manifests[parsed]


if __name__ == "__main__":
    main()
