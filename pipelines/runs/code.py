"""Hashes of what a build depends on in addition to data: one per incremental model, and one of everything.

The same fingerprint means the same marts from the same data. If it differs, the hashes of the models show which tables
must be built as a whole (plan.py).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version

from pipelines.config.in_force import in_force
from pipelines.config.settings import Settings, project_root
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import content_id
from pipelines.identity.identifiers import rules_text
from pipelines.identity.resolve import Limits
from pipelines.landing import declared_channels, declared_statuses
from pipelines.quality import load_totals, suites_in_force
from pipelines.runs.dbt_manifest import Manifest, load_manifest
from pipelines.runs.model_hashes import hash_of_tests, incremental_models, model_hashes
from pipelines.runs.source_files import (
    EXCHANGE_CODE,
    PUBLICATION_CODE,
    dbt_files,
    engine_versions,
    fingerprint_of,
    lock_file,
    python_files,
)


@dataclass(frozen=True)
class Code:
    """The code and the variables of a part of a build.

    Attributes:
        fingerprint: The hash of everything that decides what is built, checked and published.
        models: The hash of each incremental model, by name.
    """

    fingerprint: str
    models: Mapping[str, str]


def staging_code(settings: Settings, *, keep: bool = True) -> Code:
    """The code of staging; `keep` as in `load_manifest`."""
    manifest = load_manifest(settings, keep=keep)
    return _code(manifest, _hashes(settings, manifest, ""), ("ingest",), {})


def core_code(settings: Settings, key_fingerprint: str, *, keep: bool = True) -> Code:
    """The code of everything after staging, and of what it is built from; `keep` as in `load_manifest`."""
    manifest = load_manifest(settings, keep=keep)
    publication = fingerprint_of(python_files(("base", *PUBLICATION_CODE)), project_root(), {})
    return _code(
        manifest,
        _hashes(settings, manifest, key_fingerprint),
        ("core", "marts"),
        {"publication": publication, "checks": _checks_of_marts(settings), "identity": _who_is_who(settings)},
    )


def _checks_of_marts(settings: Settings) -> str:
    """What the gate of the marts and the totals check. If it changes, the marts are checked again."""
    folder = project_root() / "expectations"
    suites = suites_in_force(folder, settings)["marts"]
    checks = [
        (suite.dataset, one.name, one.severity, one.kind, sorted(one.arguments.items()), sorted(one.limits.items()))
        for suite in suites
        for one in suite.expectations
    ]
    totals = [(total.name, total.sql) for total in load_totals(folder)]
    return fingerprint_of([], project_root(), {"suites": checks, "totals": totals})


def _who_is_who(settings: Settings) -> str:
    """What decides which references are one customer, besides data and code. If it changes, the day is built again.

    Models need not be built as a whole: each build compares the identity with that of the last build.
    """
    limits = Limits.of(settings.model.identity)
    values = {
        "limits": (limits.max_refs_of_email, limits.max_refs_of_phone),
        "decisions": content_id(settings.paths.decisions),
    }
    return fingerprint_of([], project_root(), values)


def _hashes(settings: Settings, manifest: Manifest, key_fingerprint: str) -> dict[str, str]:
    rules = settings.model.clv.model_dump_json()
    contacts = ContactRules.of(settings.model.identity)
    values = {
        "identifiers": [key_fingerprint, rules_text(contacts), sorted(contacts.blocked)],
        "pseudonyms": key_fingerprint,
        "accounts": key_fingerprint,
        "order_statuses": json.dumps(declared_statuses(source.mapping for source in settings.sources)),
        "channels": json.dumps(declared_channels(source.mapping for source in settings.sources)),
        "settings": json.dumps([asdict(row) for row in in_force(settings)]),
        "purchase_scores": rules,
        "value_parameters": rules,
        "value_validation": rules,
    }
    inputs = {
        table: fingerprint_of(
            python_files(("base", *parts)) if parts else [], project_root(), {"of": values.get(table)}
        )
        for table, parts in EXCHANGE_CODE.items()
    }
    common = fingerprint_of(lock_file(), project_root(), engine_versions())
    return model_hashes(manifest, inputs, common)


def _code(manifest: Manifest, hashes: Mapping[str, str], tags: tuple[str, ...], more: Mapping[str, str]) -> Code:
    nodes = manifest["nodes"]
    own = {unique_id: value for unique_id, value in hashes.items() if set(tags) & set(nodes[unique_id]["tags"])}
    fingerprint = fingerprint_of([], project_root(), {"models": own, "tests": hash_of_tests(manifest, own), **more})
    return Code(fingerprint, incremental_models(manifest, own))


def code_versions() -> dict[str, str]:
    """The versions for a published manifest: ours, those of engines, hashes of dbt project, Python and lock file."""
    root = project_root()
    return {
        "loyalty-marts": version("loyalty-marts"),
        "dbt_project": fingerprint_of(list(dbt_files(root / "dbt_project")), root, {}),
        "pipelines": fingerprint_of(python_files(), root, {}),
        "requirements.lock": fingerprint_of(lock_file(), root, {}) if lock_file() else "",
        **engine_versions(),
    }
