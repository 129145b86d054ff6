"""The dbt process of a run or of a compilation: it imports dbt once, and runs the commands that its parent sends.

They run one after another. dbt_process.py starts this module as a program, with the path of the compiled templates;
nothing else imports it. A request is a line of JSON on standard input (see `Request`). Each of dbt's events is a line
of JSON on standard output, and a line with `END` follows each command. The process ends when its standard input ends,
which also happens if its parent is killed.
"""

import gc
import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypedDict

from mashumaro.config import BaseConfig

from pipelines.runs.dbt_patches import patch_dbt
from pipelines.runs.dbt_templates import CompiledTemplates

END = "loyalty_dbt_ended"
# Python looks for unreachable cycles after this many new objects. With its default of 700 that took 15 % of a build:
# dbt makes many objects, and few cycles.
_NEW_OBJECTS = 50_000
_DEBUG_LEVELS = ("debug", "test")  # of dbt's events; nothing reads them


class Request(TypedDict):
    """One dbt command.

    Attributes:
        args: Its arguments, such as `["build", "--select", "tag:core", "--vars", "{}"]`, without the project's folder.
            Of dbt's artifacts only run_results.json is written, unless `--write-json` is among them. Without
            arguments the project is only read, and nothing is written to standard output.
        project: The folder of the dbt project, with profiles.yml.
        folder: The folder in which dbt runs. Paths in vars, and the warehouse in profiles.yml, are relative to it.
        parsed_vars: The value of `--vars` that the project is parsed with; the command can have more vars.
        parse_cache: The folder with dbt's parse cache for this project and these vars. It is read once: a caller that
            changes the project names another folder.
    """

    args: list[str]
    project: str
    folder: str
    parsed_vars: str
    parse_cache: str


def main() -> None:
    """Serve until standard input ends."""
    requests: SimpleQueue[Request] = SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    server = _Server(CompiledTemplates(Path(sys.argv[1])))
    while True:
        request = requests.get()
        if request["args"]:
            server.run(request)
        else:
            server.read_project(request)


def _read(requests: SimpleQueue[Request]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    # The parent has finished or was killed. DuckDB undoes what was not committed when the file is opened next.
    os._exit(0)


class _Server:
    """dbt, imported, with what it has parsed."""

    def __init__(self, templates: CompiledTemplates) -> None:
        gc.set_threshold(_NEW_OBJECTS)
        # dbt's log on standard output would turn every event into JSON before it looks at the level
        os.environ["DBT_LOG_LEVEL"] = "none"
        # dbt's classes would otherwise compile their methods when they are imported; most are never called
        BaseConfig.lazy_compilation = True
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner
        from dbt_common.events.event_manager_client import ctx_set_event_manager

        ctx_set_event_manager(_quiet_event_manager())
        patch_dbt(templates)
        self._runner = dbtRunner
        self._connections: Any = DuckDBConnectionManager
        self._manifests: dict[tuple[str, str], Any] = {}

    def run(self, request: Request) -> None:
        """Run one command, and close the warehouse after it."""
        try:
            os.chdir(request["folder"])
            dbt = self._runner(manifest=self._manifest(request), callbacks=[_report])
            outcome = dbt.invoke([*_options(request["args"]), *request["args"], *_project(request)])
            _write_results(outcome.result, request["args"])
            words = str(outcome.exception or "")
            success = outcome.success
        except Exception as problem:  # noqa: BLE001 (the parent reports it)
            success, words = False, f"{type(problem).__name__}: {problem}"
        finally:
            self._connections.close_all_connections()
        print(json.dumps({END: {"success": success, "words": words}}), flush=True)  # noqa: T201 (the protocol)

    def read_project(self, request: Request) -> None:
        """Read the project without a command, so that the next command starts sooner."""
        with suppress(Exception):  # the next command reports the error
            os.chdir(request["folder"])
            self._manifest(request)

    def _manifest(self, request: Request) -> Any:
        """The project as dbt has parsed it with these vars, once; None if dbt could not parse it.

        dbt does not parse again if it is given a manifest. So a command can have vars besides those that the project
        was parsed with: they are looked up when a model is compiled.
        """
        values, cache = request["parsed_vars"], request["parse_cache"]
        if (values, cache) not in self._manifests:
            parse = ["--quiet", "--no-write-json", "parse", "--target-path", cache, "--vars", values]
            self._manifests[values, cache] = self._runner().invoke([*parse, *_project(request)]).result
            gc.freeze()  # it stays to the end: no need to look through it again
        return self._manifests[values, cache]


def _quiet_event_manager() -> Any:
    """dbt's event manager without debug messages: to create them took 5 % of a build, and nothing reads them.

    So dbt.log has none either, whatever its level.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    class QuietEventManager(EventManager):
        def fire_event(
            self,
            e: BaseEvent,
            level: EventLevel | None = None,
            node: Any = None,
            force_warn_or_error_handling: bool = False,
        ) -> None:
            if force_warn_or_error_handling or (level or e.level_tag()) not in _DEBUG_LEVELS:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    return QuietEventManager()


def _options(args: list[str]) -> list[str]:
    """Options that save time.

    dbt writes neither the manifest nor the graph, because nothing reads them. It uses fewer edges between tests and
    the models after them; the order stays the same.
    """
    return ["--use-fast-test-edges", *([] if "--write-json" in args else ["--no-write-json"])]


def _write_results(result: Any, args: list[str]) -> None:
    """Write run_results.json, which dbt writes only together with the manifest."""
    from dbt.artifacts.schemas.run import RunExecutionResult

    if isinstance(result, RunExecutionResult) and "--write-json" not in args:
        result.write(str(Path(args[args.index("--target-path") + 1]) / "run_results.json"))


def _report(event: Any) -> None:
    """Write an event of dbt to standard output, unless it is for debugging."""
    if event.info.level not in _DEBUG_LEVELS:
        from dbt_common.events.functions import msg_to_json

        sys.stdout.write(msg_to_json(event) + "\n")  # at once: dbt has several threads
        sys.stdout.flush()


def _project(request: Request) -> list[str]:
    return ["--project-dir", request["project"], "--profiles-dir", request["project"]]


if __name__ == "__main__":
    main()
