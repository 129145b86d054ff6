"""dbt's manifest, from which the asset graph is made: compiled when the project has changed, read otherwise.

Compiling takes seconds, and every command that shows the graph needs the result, so it is kept under a fingerprint of
the project's files and the settings. What dbt has parsed is kept beside it and serves all settings. `make setup` runs
this module to parse the project, and a new home starts from a copy of the result. The SQL in the manifest is that of a
full build of one fixed day, so that two versions of the project can be compared (model_hashes.py). What the manifest
says about a mart (key, descriptions) is read here too.
"""

import fcntl
import json
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.base.durable import write_durably, write_text_durably
from pipelines.base.errors import BuildError
from pipelines.config.settings import Settings, project_root
from pipelines.publication import MartTable, Reference
from pipelines.runs.dbt_process import DbtProcess
from pipelines.runs.dbt_rules import has_rules
from pipelines.runs.dbt_templates import TEMPLATES, compile_templates
from pipelines.runs.dbt_vars import CommandVars, compiled_vars, parsed_vars, vars_text
from pipelines.runs.logs import dbt_log_options
from pipelines.runs.source_files import dbt_files, engine_versions, fingerprint_of

log = logging.getLogger("loyalty.dbt")

Manifest = Mapping[str, Any]
MARTS_SCHEMA = "marts"
PARSED = "partial_parse.msgpack"
_KEYED = ("dim_", "fct_")  # marts that others refer to by a key
_REFERRING = (*_KEYED, "customer_", "account_")
_MANIFEST, _FINGERPRINT = "manifest.json", "fingerprint"
# What this process has compiled and not kept: a dry run needs it several times.
_not_kept: dict[tuple[Path, str], Manifest] = {}


def parse_cache(settings: Settings) -> Path:
    """The folder with the manifest and dbt's parse cache; a run's dbt process starts from it."""
    return settings.paths.target / "definitions"


def parsed_ahead() -> Path:
    """What dbt has parsed in `make setup`. If the file is missing, dbt parses the whole project in each new home."""
    return _project() / "target" / "parsed" / PARSED


def parse_ahead() -> None:
    """Parse the project for all homes, and compile its templates for all dbt processes.

    Raises:
        BuildError: dbt cannot parse it.
    """
    settings = Settings.unconfigured()
    with TemporaryDirectory(prefix="loyalty-dbt-") as temporary:
        folder = Path(temporary)
        problem = _problem(settings, ["parse"], CommandVars(parsed_vars(settings), {}), folder, folder)
        if problem is not None:
            raise BuildError(f"dbt cannot parse {_project()}:\n{problem}", hint="correct the file that dbt names")
        parsed_ahead().parent.mkdir(parents=True, exist_ok=True)
        write_durably(parsed_ahead(), partial(shutil.copyfile, folder / PARSED))
        compile_templates(parsed_ahead(), parsed_ahead().with_name(Path(TEMPLATES).name))


def project_fingerprint(settings: Settings) -> str:
    """Changes if anything changes that the manifest is made from."""
    project = _project()
    values = vars_text(compiled_vars(settings).all)
    return fingerprint_of(dbt_files(project), project, {"compiled with": values, **engine_versions()})


def load_manifest(settings: Settings, *, keep: bool = True, dbt: DbtProcess | None = None) -> Manifest:
    """The manifest of the project as its files are now.

    Args:
        settings: The settings in force.
        keep: Whether the result may be written below the home, for the next time.
        dbt: The dbt process of a run, which then compiles the project too. None: a process is started to compile it.

    Raises:
        BuildError: dbt cannot compile the project.
    """
    project, cache, fingerprint = _project(), parse_cache(settings), project_fingerprint(settings)
    if found := _kept(cache, fingerprint):
        return found
    if not keep:
        if (cache, fingerprint) not in _not_kept:
            with TemporaryDirectory(prefix="loyalty-dbt-") as folder:
                _start_from([cache / PARSED, parsed_ahead()], Path(folder))
                _compile(settings, project, Path(folder), Path(folder), dbt)
                _not_kept[cache, fingerprint] = _read(Path(folder) / _MANIFEST)
        return _not_kept[cache, fingerprint]
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the processes of `loyalty dev` load the definitions at the same time
        if found := _kept(cache, fingerprint):
            return found
        # of a compilation that is killed, the manifest can remain, and the kept fingerprint is not its own
        (cache / _FINGERPRINT).unlink(missing_ok=True)
        if not (cache / PARSED).exists():
            _start_from([parsed_ahead()], cache)
        _compile(settings, project, cache, settings.paths.logs, dbt)
        write_text_durably(cache / _FINGERPRINT, fingerprint)
        return _read(cache / _MANIFEST)


def _project() -> Path:
    return project_root() / "dbt_project"


def _kept(cache: Path, fingerprint: str) -> Manifest | None:
    """The manifest that was kept for a fingerprint; None if there is none, or it is missing or broken."""
    mark = cache / _FINGERPRINT
    if mark.is_file() and mark.read_bytes() == fingerprint.encode():
        with suppress(FileNotFoundError, ValueError):
            return _read(cache / _MANIFEST)
    return None


def _read(manifest: Path) -> Manifest:
    return _content(manifest, manifest.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _content(manifest: Path, changed_at: int) -> Manifest:
    content: dict[str, Any] = json.loads(manifest.read_bytes())
    return content


def _start_from(parses: Sequence[Path], folder: Path) -> None:
    """Give dbt the first of these parses that exists, so that it parses only what has changed since."""
    for parse in parses:
        with suppress(OSError):
            shutil.copyfile(parse, folder / PARSED)
            return


def _compile(settings: Settings, project: Path, target: Path, logs: Path, dbt: DbtProcess | None) -> None:
    target.mkdir(parents=True, exist_ok=True)
    log.info("dbt compiles the project")
    is_continued = (target / PARSED).is_file()
    args = ["compile", "--select", "resource_type:model", "resource_type:test", "--write-json"]
    problem = _problem(settings, args, compiled_vars(settings), target, logs, dbt)
    if problem is not None and is_continued:
        # dbt cannot always continue from its cache of another version of the project
        (target / PARSED).unlink(missing_ok=True)
        if dbt is not None:
            dbt.end()  # so that it forgets what it has parsed; the next command starts it again
        problem = _problem(settings, args, compiled_vars(settings), target, logs, dbt)
    shutil.rmtree(target / "compiled", ignore_errors=True)
    (target / settings.paths.warehouse.name).unlink(missing_ok=True)
    if problem is not None:
        raise BuildError(f"dbt cannot compile {project}:\n{problem}", hint="correct the model that dbt names")


def _problem(
    settings: Settings,
    args: list[str],
    variables: CommandVars,
    target: Path,
    logs: Path,
    dbt: DbtProcess | None = None,
) -> str | None:
    """Run a dbt command that needs no data. Returns dbt's error messages, or None if it succeeded."""
    args = ["--quiet", *args, *dbt_log_options(logs)]
    with (
        nullcontext(dbt) if dbt else DbtProcess(settings, logs=logs) as process,
        # An empty warehouse of the same name: the real one may be in use, and must not decide what is compiled.
        process.command(args, variables, target=target, parse_cache=target, folder=target) as command,
    ):
        lines = list(command.lines())
    return _message(lines, command.words) if command.returncode else None


def _message(lines: list[bytes], words: str) -> str:
    """What dbt says about a failure: its errors, and its last words if they are not among the errors."""
    errors = "\n".join(_errors(lines)).strip()
    return errors if words.strip() in errors else f"{errors}\n{words}".strip()


def _errors(lines: list[bytes]) -> Iterator[str]:
    """The errors among dbt's events, and lines that are not events."""
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            event = json.loads(line)["info"]
            if event["level"] == "error":
                yield event["msg"]
            continue
        yield line.decode(errors="replace").strip()


def mart_tables(manifest: Manifest) -> list[MartTable]:
    """Every mart with its key and descriptions, for publication.

    Raises:
        BuildError: A mart has no key.
    """
    tables = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["config"].get("schema") != MARTS_SCHEMA:
            continue
        key = node["config"].get("meta", {}).get("key")
        if not key:
            raise BuildError(
                f"{node['original_file_path']} does not name the key of its mart",
                hint="add config.meta.key: [columns]",
            )
        tables.append(
            MartTable(
                name=node["alias"],
                key=tuple(key),
                description=node["description"],
                columns={name: column["description"] for name, column in node["columns"].items()},
            )
        )
    tables.sort(key=lambda table: table.name)
    references = _references(manifest, tables)
    return [replace(table, references=references[table.name]) for table in tables]


def _references(manifest: Manifest, tables: list[MartTable]) -> dict[str, tuple[Reference, ...]]:
    """Per mart, its columns that are keys of a dimension or a fact.

    A column that has the name of such a key has its meaning. Other columns, such as days, refer to a key if a rule
    `relationships` declares it.
    """
    keys: dict[str, str] = {}
    for table in tables:  # by name: dim_date before dim_date_until_as_of
        if len(table.key) == 1 and table.name.startswith(_KEYED):
            keys.setdefault(table.key[0], table.name)
    found = {
        table.name: {column: column for column in table.columns if table.name.startswith(_REFERRING) and column in keys}
        for table in tables
    }
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and has_rules(node):
            mart = manifest["nodes"].get(node["attached_node"], {}).get("alias")
            for rule in node["test_metadata"]["kwargs"].get("relationships", ()) if mart in found else ():
                if rule["field"] in keys:
                    found[mart].setdefault(rule["column"], rule["field"])
    return {
        mart: tuple(
            Reference(column=column, mart=keys[key], to_column=key)
            for column, key in sorted(columns.items())
            if keys[key] != mart
        )
        for mart, columns in found.items()
    }


def main() -> None:
    """`make setup` does not depend on it: a home that finds no parse parses the project, and reports what is wrong."""
    try:
        parse_ahead()
    except (BuildError, OSError) as problem:
        sys.stderr.write(f"the dbt project is not parsed ahead, so each new home parses it: {problem}\n")


if __name__ == "__main__":
    main()
