"""dagster-dbt, imported without dbt. Other modules import dagster-dbt from here.

dbt runs in a process of its own (pipelines/runs/dbt_process.py). dagster-dbt would import dbt into this process too,
which takes more than a second. It also supports environments without dbt, but cannot select nodes there, unless all
are selected. So the nodes of a step are selected here, by tag.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from dagster_shared.libraries import DagsterLibraryRegistry

_VERSION = "dbt.version"  # the module by which dagster-dbt finds out whether dbt is installed


@contextmanager
def _without_dbt() -> Iterator[None]:
    before = {name: sys.modules[name] for name in (_VERSION,) if name in sys.modules}
    sys.modules[_VERSION] = None  # type: ignore[assignment]  # Python's way to say that a module cannot be imported
    try:
        yield
    finally:
        del sys.modules[_VERSION]
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
        select: `tag:` and the tag. Nothing else is supported.
        exclude: Must be empty, as must `selector` and `project`. The names are those of dagster-dbt.
        selector: See `exclude`.
        project: See `exclude`.
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


# dagster-dbt has registered what it takes for another engine; the UI shows these versions
DagsterLibraryRegistry._libraries.pop("dbt-fusion", None)
DagsterLibraryRegistry.register("dbt-core", version("dbt-core"), is_dagster_package=False)
asset_utils.select_unique_ids = select_by_tag  # type: ignore[attr-defined]  # the function that it imports

__all__ = [
    "DAGSTER_DBT_UNIQUE_ID_METADATA_KEY",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtDagsterEventType",
    "dbt_assets",
    "get_updated_cli_invocation_params_for_context",
]
