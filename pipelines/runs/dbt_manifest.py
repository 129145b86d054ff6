"""dbt's manifest, from which the asset graph is made: parsed when the project has changed, read otherwise.

Parsing takes seconds, and every command that shows the graph needs the result, so it is kept under a fingerprint of the
project's files. What the manifest says about a mart (key, descriptions) is read here too.
"""

import json
import logging
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import BuildError
from pipelines.config.settings import (
    Settings,
    child_environment,
    dbt_environment,
    dbt_executable,
    dbt_vars,
    dbt_vars_argument,
    project_root,
)
from pipelines.publication import MartTable
from pipelines.runs.build_state import fingerprint_of
from pipelines.runs.code import dbt_files, engine_versions
from pipelines.runs.logs import dbt_log_options

log = logging.getLogger("loyalty.dbt")

Manifest = Mapping[str, Any]
MARTS_SCHEMA = "marts"
PARSED = "partial_parse.msgpack"


def parse_cache(settings: Settings) -> Path:
    """The folder with the manifest and dbt's parse cache; a run's dbt process starts from it."""
    return settings.paths.target / "definitions"


def load_manifest(settings: Settings) -> Manifest:
    """The manifest of the project as its files are now.

    Raises:
        BuildError: dbt cannot parse the project.
    """
    project = project_root() / "dbt_project"
    cache = parse_cache(settings)
    values = dbt_vars_argument(dbt_vars(settings))
    fingerprint = fingerprint_of(dbt_files(project), project, {"vars": values, **engine_versions()})
    mark = cache / "fingerprint"
    manifest = cache / "manifest.json"
    if mark.is_file() and mark.read_bytes() == fingerprint.encode():
        with suppress(FileNotFoundError, ValueError):  # it is missing or broken: the project is parsed again
            return _read(manifest)
    _parse(settings, project, cache, values)
    write_text_durably(mark, fingerprint)
    return _read(manifest)


def _read(manifest: Path) -> Manifest:
    content: dict[str, Any] = json.loads(manifest.read_bytes())
    return content


def _parse(settings: Settings, project: Path, cache: Path, values: str) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    log.info("dbt parses the project")
    command = [
        *(str(dbt_executable()), "--quiet", "--no-version-check", "--no-use-colors", "parse"),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(cache), *dbt_log_options(settings.paths.logs), "--vars", values),
    ]
    environment = child_environment(dbt_environment(settings))

    def parse() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=settings.paths.warehouse.parent, check=False
        )

    done = parse()
    if done.returncode and (cache / PARSED).is_file():
        # dbt cannot always go on from its cache of another version of the project
        (cache / PARSED).unlink()
        done = parse()
    if done.returncode:
        raise BuildError(
            f"dbt cannot parse {project}:\n{done.stdout.strip()}\n{done.stderr.strip()}".strip(),
            hint="mend the model that dbt names",
        )


def mart_tables(manifest: Manifest) -> list[MartTable]:
    """Every mart with its key and descriptions, for publication.

    Raises:
        BuildError: A mart does not say its key.
    """
    tables = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["config"].get("schema") != MARTS_SCHEMA:
            continue
        key = node["config"].get("meta", {}).get("key")
        if not key:
            raise BuildError(
                f"{node['original_file_path']} does not say its key", hint="add config.meta.key: [columns]"
            )
        tables.append(
            MartTable(
                name=node["alias"],
                key=tuple(key),
                description=node["description"],
                columns={name: column["description"] for name, column in node["columns"].items()},
            )
        )
    return sorted(tables, key=lambda table: table.name)
