"""dagster-dbt without dbt: dbt is not imported, and the nodes of a step are those that dbt would select."""

import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from dagster_shared.libraries import DagsterLibraryRegistry
from packaging.version import Version

from pipelines.config.settings import Settings
from pipelines.orchestration.dagster_dbt import select_by_tag
from pipelines.orchestration.rule_checks import divided
from pipelines.runs.dbt_manifest import load_manifest
from pipelines.runs.required import DBT_STEPS


def test_the_graph_is_made_without_dbt() -> None:
    """The import of dbt would take about two seconds in each run and in each command that shows the graph."""
    code = "import sys; import pipelines.orchestration.execute; print('dbt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_dagster_shows_the_version_of_dbt() -> None:
    libraries = DagsterLibraryRegistry.get()
    assert libraries["dbt-core"] == version("dbt-core")
    assert "dbt-fusion" not in libraries


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return dict(load_manifest(Settings.unconfigured(), keep=False))


@pytest.mark.parametrize("are_divided", [False, True], ids=["as dbt runs it", "one test per rule"])
@pytest.mark.parametrize("tag", list(DBT_STEPS))
def test_dbt_selects_the_same_nodes(
    manifest: dict[str, Any], tag: str, are_divided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except unit tests, which a build leaves out."""
    from dagster_dbt import utils

    nodes = divided(manifest) if are_divided else manifest
    monkeypatch.setattr(utils, "DBT_PYTHON_VERSION", Version("1.11.0"))
    by_dbt = utils.select_unique_ids(f"tag:{tag}", "", "", None, nodes)
    found = select_by_tag(f"tag:{tag}", "", "", None, nodes)
    assert len(found) > 10
    assert found == {one for one in by_dbt if not one.startswith("unit_test.")}


@pytest.mark.parametrize("given", [("fqn:*", "", ""), ("tag:", "", ""), ("tag:core", "tag:x", ""), ("", "", "daily")])
def test_another_selection_is_refused(given: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="only by one tag"):
        select_by_tag(*given, None, {"nodes": {}})
