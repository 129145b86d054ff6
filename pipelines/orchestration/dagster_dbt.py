"""dagster-dbt, imported without dbt. Other modules import dagster-dbt from here.

dbt runs in a separate process (pipelines/runs/dbt_process.py). If dbt is installed, dagster-dbt also imports it into
this process, which takes about two seconds. dagster-dbt also works without dbt, but then it cannot select some of the
nodes. So this module selects the nodes of a step, by their tag.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from dagster_shared.libraries import DagsterLibraryRegistry

_DBT_MARKER = "dbt.version"  # dagster-dbt imports this module to find out whether dbt is installed


@contextmanager
def _without_dbt() -> Iterator[None]:
    """Let imports behave as if dbt were not installed."""
    before = {name: sys.modules[name] for name in (_DBT_MARKER,) if name in sys.modules}
    sys.modules[_DBT_MARKER] = None  # type: ignore[assignment]  # with None, the import of a module fails
    try:
        yield
    finally:
        del sys.modules[_DBT_MARKER]
        sys.modules.update(before)


with _without_dbt():
    from dagster_dbt import (
        DagsterDbtTranslator,
        DagsterDbtTranslatorSettings,
        DbtCliInvocation,
        asset_utils,
        dbt_assets,
    )
    from dagster_dbt.asset_utils import (
        DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
        get_updated_cli_invocation_params_for_context,
    )
    from dagster_dbt.core.dbt_event_iterator import DbtDagsterEventType


def select_by_tag(
    select: str, exclude: str, selector: str, project: object, manifest_json: Mapping[str, Any]
) -> frozenset[str]:
    """The ids of the nodes with a tag, and of the tests that read one of them: what dbt selects with `tag:NAME`.

    Args:
        select: `tag:` and the tag. Nothing else is supported. The names of the arguments are those of dagster-dbt.
        exclude: Must be empty.
        selector: Must be empty.
        project: Must be empty.
        manifest_json: dbt's manifest.

    Raises:
        ValueError: Another selection.
    """
    method, _, tag = select.partition(":")
    if method != "tag" or not tag or exclude or selector or project:
        raise ValueError(f"nodes can be selected only by one tag, not by {select!r}, {exclude!r}, {selector!r}")
    nodes = manifest_json["nodes"]
    tagged = {unique_id for unique_id, node in nodes.items() if tag in node["tags"]}
    tests = {
        unique_id
        for unique_id, node in nodes.items()
        if node["resource_type"] == "test" and not tagged.isdisjoint(node["depends_on"]["nodes"])
    }
    return frozenset(tagged | tests)


# Without dbt, dagster-dbt registers dbt Fusion. The UI shows what is registered, so dbt-core is registered instead.
DagsterLibraryRegistry._libraries.pop("dbt-fusion", None)
DagsterLibraryRegistry.register("dbt-core", version("dbt-core"), is_dagster_package=False)
asset_utils.select_unique_ids = select_by_tag  # type: ignore[attr-defined]  # it calls this name

__all__ = [
    "DAGSTER_DBT_UNIQUE_ID_METADATA_KEY",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtDagsterEventType",
    "dbt_assets",
    "get_updated_cli_invocation_params_for_context",
]
