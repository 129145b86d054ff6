"""The files and engines that a build depends on besides data: dbt project, Python, lock, installed versions."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from pipelines.config.settings import project_root

_SKIPPED = {"target", "logs", "dbt_packages"}
# The Python that computes what dbt reads as the source `exchange`, by table; below the package. `base` belongs to all.
EXCHANGE_CODE = {
    "order_statuses": ("landing/order_statuses.py",),
    "channels": ("landing/channels.py", "landing/order_statuses.py"),
    "identifiers": ("identity",),
    "pseudonyms": ("identity",),
    "identity_components": ("identity",),
    "identity_blocked": ("identity",),
    "identity_history": ("identity",),
    "accounts": ("identity",),
    "settings": (),  # the rows themselves are part of the hash
    "purchase_scores": ("value", "runs/warehouse.py"),
    "value_parameters": ("value", "runs/warehouse.py"),
    "value_validation": ("value", "runs/warehouse.py"),
    "return_curve": ("value", "runs/warehouse.py"),
    "model_suitability": ("value", "runs/warehouse.py"),
    "contract_retention": ("value", "runs/warehouse.py"),
    "contract_scores": ("value", "runs/warehouse.py"),
    "drivers": ("value", "runs/warehouse.py"),
}
# The Python that decides the bytes of a version.
PUBLICATION_CODE = ("publication",)


def dbt_files(project: Path) -> Iterator[Path]:
    """Every file of the dbt project that can change what it builds."""
    for top in sorted(project.iterdir()):
        if top.is_file() and not top.name.startswith("."):
            yield top
        elif top.is_dir() and top.name not in _SKIPPED:
            yield from sorted(path for path in top.rglob("*") if path.is_file() and not path.name.startswith("."))


def python_files(parts: Iterable[str] = ("",)) -> list[Path]:
    """The modules of some files and folders of the package; all of them by default."""
    package = project_root() / "pipelines"
    found: set[Path] = set()
    for part in parts:
        path = package / part
        found.update([path] if path.is_file() else path.rglob("*.py"))
    return sorted(found)


def lock_file() -> list[Path]:
    """requirements.lock; empty if the file does not exist."""
    lock = project_root() / "requirements.lock"
    return [lock] if lock.is_file() else []


def engine_versions() -> dict[str, str]:
    """The installed versions that decide what a build gives."""
    return {name: version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb", "numpy", "scipy", "pyarrow")}


def fingerprint_of(files: Iterable[Path], root: Path, values: Mapping[str, object]) -> str:
    """16 hex digits over the names and bytes of files and over values; order does not matter.

    Args:
        files: Files below `root`.
        root: Names are taken relative to it.
        values: What else the result depends on; JSON.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(root).as_posix()}\0{content}".encode())
    return digest.hexdigest()[:16]
