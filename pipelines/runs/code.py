"""Fingerprints of code and variables, and the versions that a manifest names: what a build depends on besides data."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from pipelines.config.in_force import in_force
from pipelines.config.settings import Settings, dbt_vars, dbt_vars_argument, project_root
from pipelines.landing import declared_statuses
from pipelines.runs.build_state import fingerprint_of

_SKIPPED = {"target", "logs", "dbt_packages"}
# No step of a build imports these; of everything else a change counts, so that no module can be forgotten.
_NOT_BUILDING = {"cli", "sample"}
# Vars that say where files are, and not what is built of them.
_PLACES = {"landing_dir", "exchange_dir", "scratch_schema"}


def dbt_files(project: Path) -> Iterator[Path]:
    """Every file of the dbt project that can change what it builds."""
    for top in sorted(project.iterdir()):
        if top.is_file() and not top.name.startswith("."):
            yield top
        elif top.is_dir() and top.name not in _SKIPPED:
            yield from sorted(path for path in top.rglob("*") if path.is_file() and not path.name.startswith("."))


def python_files() -> list[Path]:
    """Every Python module that a build may run."""
    package = project_root() / "pipelines"
    return sorted(path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in _NOT_BUILDING)


def staging_fingerprint(settings: Settings) -> str:
    """Of what staging depends on: its models, all macros and seeds, the project file, three settings, the lock."""
    project = project_root() / "dbt_project"
    parts = ("macros", "seeds", "models/staging")
    files = [path for path in dbt_files(project) if path.parent == project or _below(path, project, parts)]
    values = {
        "timezone": settings.timezone,
        "currency": settings.currency,
        "future_tolerance_days": str(settings.model.orders.future_tolerance_days),
        **engine_versions(),
    }
    return fingerprint_of(_with_lock(files), project_root(), values)


def core_fingerprint(settings: Settings, key_fingerprint: str) -> str:
    """Of what core and marts depend on: dbt project, Python, variables, the mappings' statuses, the key, the lock."""
    given = dbt_vars(settings)
    values = {
        "vars": dbt_vars_argument({name: value for name, value in given.items() if name not in _PLACES}),
        "settings": json.dumps([asdict(row) for row in in_force(settings)]),
        "key": key_fingerprint,
        "order_statuses": json.dumps(declared_statuses(source.mapping for source in settings.sources)),
        **engine_versions(),
    }
    files = [*dbt_files(project_root() / "dbt_project"), *python_files()]
    return fingerprint_of(_with_lock(files), project_root(), values)


def engine_versions() -> dict[str, str]:
    """The installed versions that decide what a build gives."""
    return {name: version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb", "numpy", "scipy", "pyarrow")}


def code_versions() -> dict[str, str]:
    """What a published manifest says about the code: our version, the dbt project, Python, the lock, the engines."""
    root = project_root()
    lock = [path for path in (root / "requirements.lock",) if path.is_file()]
    return {
        "loyalty-marts": version("loyalty-marts"),
        "dbt_project": fingerprint_of(list(dbt_files(root / "dbt_project")), root, {}),
        "pipelines": fingerprint_of(python_files(), root, {}),
        "requirements.lock": fingerprint_of(lock, root, {}) if lock else "",
        **engine_versions(),
    }


def _below(path: Path, project: Path, parts: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(project / part) for part in parts)


def _with_lock(files: list[Path]) -> list[Path]:
    lock = project_root() / "requirements.lock"
    return [*files, lock] if lock.is_file() else files
