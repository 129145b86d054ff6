"""Which relations are compared, by dbt's manifest; what Spark's side exports and what the tests read."""

from typing import Any


def staged_views(manifest: dict[str, Any]) -> list[str]:
    """`schema.name` of every view that staging is for: accepted rows of each entity, what is in quarantine."""
    return [
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "ingest" in node["tags"] and node["config"]["materialized"] == "view"
    ]


def mart_views(manifest: dict[str, Any]) -> list[str]:
    """`schema.name` of every mart that is a view, which Spark keeps no files of."""
    return [
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts" and node["config"]["materialized"] == "view"
    ]
