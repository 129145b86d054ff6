"""One home built on both engines: the sample and the hostile values in one run, then the same landed files on Spark."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import share_compiled
from tests.parity.hostile import write_hostile

ROOT = Path(__file__).resolve().parents[2]
AUDIENCES = {
    "win_back": {"where": "recency_days > 15", "channel": "email", "holdout": 0.4, "effect_days": 10},
    "leaving": {"where": "level in ('at_risk', 'churned')", "channel": "sms", "holdout": 0.2},
}


@dataclass(frozen=True)
class BothEngines:
    """Where each engine left its tables.

    Attributes:
        warehouse: DuckDB's file.
        spark: The folder of the build on Spark.
    """

    warehouse: Path
    spark: Path

    def manifest(self) -> dict[str, Any]:
        """dbt's, of the build on Spark."""
        found: dict[str, Any] = json.loads((self.spark / "target" / "manifest.json").read_text(encoding="utf-8"))
        return found

    def spark_table(self, relation: str) -> str:
        """A SQL relation over Spark's files of `schema.name`."""
        schema, name = relation.split(".")
        return f"read_parquet('{self.spark}/spark/warehouse/{schema}.db/{name}/*.parquet')"

    def spark_view(self, relation: str) -> str:
        """A SQL relation over what spark_build.py wrote of a view."""
        return f"read_parquet('{self.spark}/views/{relation}/*.parquet')"


def _touch_audience(inbox: Path) -> None:
    """Turn the touches of half the campaigns into those of the audience win_back, every third one as held out."""
    number = 0
    for file in sorted(inbox.glob("campaign_touches_*.tsv")):
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        columns = head.split("\t")
        campaign, arm = columns.index("campaign"), columns.index("arm")
        rows = [line.split("\t") for line in lines]
        for row in rows:
            if row[campaign][-1:] in tuple("02468"):
                number += 1
                row[campaign], row[arm] = "audience:win_back", "treated" if number % 3 else "control"
        file.write_text("\n".join([head, *("\t".join(row) for row in rows)]) + "\n", encoding="utf-8")
    assert number > 100


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothEngines]:
    """The marts of one input, built by DuckDB and by Spark."""
    if shutil.which("java") is None:
        pytest.fail("Spark needs a Java runtime: install Java 17, for instance Debian's openjdk-17-jre-headless")
    pytest.importorskip("pyspark", reason="Spark is not installed: make setup-spark")
    root = tmp_path_factory.mktemp("parity")
    loyalty = str(Path(sys.executable).with_name("loyalty"))
    _run(loyalty, "sample", "--out", str(root), "--customers", "400", "--days", "200", "--dirty", "0.02")
    mapping, inbox = write_hostile(root)
    config = root / "loyalty.yml"
    settings = yaml.safe_load(config.read_text())
    settings["sources"].append({"mapping": str(mapping), "files": str(inbox)})
    settings["audiences"] = AUDIENCES
    _touch_audience(root / "inbox")
    config.write_text(yaml.safe_dump(settings))
    with share_compiled(config):
        summary = json.loads(_run(loyalty, "run", "--config", str(config), "--json"))
    out = root / "on_spark"
    as_of = summary["as_of"]
    _run(sys.executable, "-m", "tests.parity.spark_build", "--config", str(config), "--as-of", as_of, "--out", str(out))
    yield BothEngines(warehouse=root / "state" / "warehouse.duckdb", spark=out)
