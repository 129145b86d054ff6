"""A hash of every model and seed: of its SQL, compiled for one fixed day, and of everything that it is built from.

If a model has the same hash in two versions of the project, both build the same table from the same data. Descriptions,
tags and groups are not part of the hash. The functions are pure; the manifest comes from dbt_manifest.py.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

_BUILT = ("model", "seed", "snapshot")


def model_hashes(manifest: Mapping[str, Any], inputs: Mapping[str, str], common: str) -> dict[str, str]:
    """The hash of every model and seed, by dbt's id.

    Args:
        manifest: dbt's manifest, compiled.
        inputs: A hash for each source table whose rows Python computes, by name.
        common: A hash of what all models depend on: the versions of the engines, and the lock file of the packages.
    """
    found: dict[str, str] = {}
    how_built = _macros_that_build(manifest)

    def hash_of(unique_id: str) -> str:
        if unique_id.startswith("source."):
            source = manifest["sources"][unique_id]
            return inputs.get(source["name"], "") if source["source_name"] == "exchange" else source["name"]
        if unique_id not in found:
            node = manifest["nodes"][unique_id]
            parents = sorted({hash_of(parent) for parent in node["depends_on"].get("nodes", [])})
            found[unique_id] = _hash([common, *_own(node, how_built), *parents])
        return found[unique_id]

    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in _BUILT:
            hash_of(unique_id)
    return found


def hash_of_tests(manifest: Mapping[str, Any], selected: Mapping[str, str]) -> str:
    """One hash of the tests that read any of the selected models."""
    tests = [
        (unique_id, node.get("compiled_code"), str(node["config"].get("severity")).lower())
        for unique_id, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "test" and any(parent in selected for parent in node["depends_on"]["nodes"])
    ]
    return _hash(tests)


def incremental_models(manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> dict[str, str]:
    """The hashes of incremental models, by name. All other models are built as a whole in every build."""
    nodes = manifest["nodes"]
    return {
        nodes[unique_id]["name"]: value
        for unique_id, value in sorted(hashes.items())
        if nodes[unique_id]["config"].get("materialized") == "incremental"
    }


def _macros_that_build(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The macros that create tables from the SQL of models, of dbt and of the project, in the order of their ids."""
    prefixes = ("materialization_", "get_incremental_")
    return [macro for _, macro in sorted(manifest["macros"].items()) if macro["name"].startswith(prefixes)]


def _own(node: Mapping[str, Any], how_built: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What a node contains, without its parents."""
    if node["resource_type"] == "seed":
        return [node["checksum"]["checksum"], node["config"].get("column_types")]
    materialized = node["config"]["materialized"]
    contract = node["config"].get("contract", {}).get("enforced")
    columns = [(name, column.get("data_type")) for name, column in node["columns"].items()] if contract else []
    strategy = f"get_incremental_{node['config'].get('incremental_strategy')}_sql"
    custom = [
        macro["macro_sql"]
        for macro in how_built
        if macro["package_name"] == node["package_name"]
        and (macro["name"].startswith(f"materialization_{materialized}_") or macro["name"] == strategy)
    ]
    return [node["schema"], node["alias"], node["compiled_code"], materialized, columns, custom]


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
