"""What Dagster's UI shows about an asset besides its name: group, owner, tags, description, columns and docs.

Everything comes from the dbt project: groups and their owners (models/_groups.yml), descriptions and columns. So there
is one place to change them. Assets of Python steps take what dbt's source of the same key says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from pipelines.config.settings import project_root
from pipelines.orchestration.dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from pipelines.orchestration.names import landed_key
from pipelines.runs.dbt_manifest import MARTS_SCHEMA

LAYER_TAG, DOMAIN_TAG = "loyalty/layer", "loyalty/domain"
ENGINEERS = "team:data-engineers"  # the owner of the group staging in models/_groups.yml
_SCHEMA = "dagster/column_schema"
_INTERMEDIATE, _STAGING = "intermediate", "staging"


class Translator(DagsterDbtTranslator):
    """dbt's groups, divided by layer, as Dagster's groups, and their owners as teams; otherwise as in dagster-dbt."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Layer and domain: `marts_orders`, `intermediate_orders`, `staging`. Seeds are in staging."""
        layer, domain = _layer(dbt_resource_props), _domain(dbt_resource_props)
        if layer == _STAGING:
            return _STAGING
        # models between staging and the domains: staging_as_of, staging_changed
        return f"{_STAGING}_{dbt_resource_props['fqn'][2]}" if domain == _STAGING else f"{layer}_{domain}"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The owner of the dbt group, as a team."""
        group = dbt_resource_props.get("group")
        owner = group.get("owner", {}).get("name") if isinstance(group, dict) else None
        return [f"team:{re.sub('[^a-z0-9]+', '-', owner.lower())}"] if owner else [ENGINEERS]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """dbt's tags, the layer and the domain."""
        own = {LAYER_TAG: _layer(dbt_resource_props), DOMAIN_TAG: _domain(dbt_resource_props)}
        return {**super().get_tags(dbt_resource_props), **own}

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """What dagster-dbt shows (columns among it); for a mart also the page that explains it."""
        found = super().get_metadata(dbt_resource_props)
        if _layer(dbt_resource_props) != MARTS_SCHEMA or "unique_id" not in dbt_resource_props:
            return found
        return {**found, "docs": dg.MetadataValue.path(str(project_root() / "docs" / "marts.md"))}


def catalogued(assets: Iterable[dg.AssetsDefinition], manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """Assets of Python steps, with the description and the columns of dbt's source of the same key, owner and tags."""
    translator = Translator()
    sources = {translator.get_asset_key(source): source for source in manifest["sources"].values()}

    def with_facts(spec: dg.AssetSpec) -> dg.AssetSpec:
        source = sources.get(spec.key, {})
        schema = translator.get_metadata(source).get(_SCHEMA) if source.get("columns") else None
        return spec.replace_attributes(
            description=spec.description or source.get("description") or None,
            owners=spec.owners or [ENGINEERS],
            tags={**spec.tags, LAYER_TAG: spec.group_name or ""},
            metadata={**({_SCHEMA: schema} if schema else {}), **spec.metadata},
        )

    return [asset.map_asset_specs(with_facts) for asset in assets]


def external_sources(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """Tables that landing keeps for dbt and that no step lists as its own: the deliveries."""
    (source,) = (
        one
        for one in manifest["sources"].values()
        if one["name"] == "deliveries" and one["source_name"] == landed_key("deliveries").path[0]
    )
    return [
        dg.AssetSpec(
            landed_key("deliveries"),
            description=source["description"],
            group_name="landing",
            kinds={"parquet"},
            owners=[ENGINEERS],
            tags={LAYER_TAG: "landing"},
        )
    ]


def _layer(props: Mapping[str, Any]) -> str:
    """The folder below models: staging, intermediate or marts. Seeds are in staging; a source is its own layer."""
    if props["resource_type"] == "seed":
        return _STAGING
    return str(props["source_name"] if props["resource_type"] == "source" else props["fqn"][1])


def _domain(props: Mapping[str, Any]) -> str:
    """The dbt group; staging without one."""
    group = props.get("group")
    return str((group.get("name") if isinstance(group, dict) else group) or _STAGING)
