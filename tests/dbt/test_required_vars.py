"""A dbt command by hand does not report in a currency or a zone that nobody chose."""

import json
import subprocess
from pathlib import Path

import pytest

from pipelines.config.settings import project_root
from tests.conftest import DBT, clean_environment

VARS = {"currency": "EUR", "timezone": "Europe/London"}


@pytest.mark.parametrize("missing", sorted(VARS))
def test_dbt_stops_without_the_reporting_currency_or_the_zone(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in VARS.items() if name != missing}
    project = str(project_root() / "dbt_project")
    command = [str(DBT), "seed", "--select", "rfm_segments", "--vars", json.dumps(given)]
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(tmp_path)]
    done = subprocess.run(
        [*command, *places, "--log-path", str(tmp_path)],
        env=clean_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"the var {missing} is missing: set it in loyalty.yml" in done.stdout
