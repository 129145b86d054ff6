"""The file of drivers: ranks, quadrants, surveys apart, and the same bytes for the same cells in any order."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.config.settings import project_root
from pipelines.value import write_drivers
from pipelines.value.files import DRIVER_CONSTRUCTS

DBT = project_root() / "dbt_project"


def write_cells(folder: Path, rows: list[dict[str, Any]]) -> None:
    kinds = pa.schema(
        [
            ("outcome", pa.string()),
            ("source", pa.string()),
            ("survey_id", pa.string()),
            ("outcome_score", pa.float64()),
            ("n_responses", pa.int64()),
            *((name, pa.float64()) for name in DRIVER_CONSTRUCTS),
        ]
    )
    scores = [name for name in kinds.names if pa.types.is_floating(kinds.field(name).type)]
    table = pa.Table.from_pylist(rows, schema=kinds)
    for name in scores:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.decimal128(9, 4)))
    pq.write_table(table, folder / "driver_cells.parquet")


def survey(n: int, **names: str) -> list[dict[str, Any]]:
    """Service decides most and is liked least; trust decides less; knowledge decides nothing and is liked most."""
    rng = np.random.default_rng(11)
    service, trust, knowledge = (25.0 * np.clip(np.rint(at + rng.normal(size=n)), 0, 4) for at in (1.5, 2.5, 3.2))
    nps = 10.0 * np.clip(np.rint(0.06 * service + 0.03 * trust + 2 + rng.normal(size=n)), 0, 10)
    return [
        {**names, "outcome": "nps", "outcome_score": o, "service": s, "trust": t, "knowledge": k, "n_responses": 1}
        for o, s, t, k in zip(nps, service, trust, knowledge, strict=True)
    ]


def found(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "drivers.parquet").to_pylist()
    return rows


def test_the_constructs_of_a_survey_are_ranked_and_have_a_quadrant(tmp_path: Path) -> None:
    write_cells(tmp_path, [*survey(300, source="s", survey_id="v"), *survey(99, source="s", survey_id="small")])
    assert write_drivers(tmp_path) == 6
    rows = found(tmp_path)
    weighed = [row for row in rows if row["survey_id"] == "v"]
    assert [(row["construct"], row["importance_rank"], row["quadrant"]) for row in weighed] == [
        ("service", 1, "improve_first"),
        ("trust", 2, "possible_overkill"),
        ("knowledge", 3, "possible_overkill"),
    ]
    assert sum(row["share"] for row in weighed) == pytest.approx(1, abs=2e-6)
    assert sum(row["weight"] for row in weighed) == pytest.approx(weighed[0]["r_squared"], abs=2e-6)
    assert all(row["share_low"] < row["share"] < row["share_high"] for row in weighed)
    few = [row for row in rows if row["survey_id"] == "small"]
    assert {(row["status"], row["n_responses"], row["share"], row["quadrant"]) for row in few} == {
        ("too_few", 99, None, None)
    }


def test_without_an_association_beyond_chance_nothing_is_called_important(tmp_path: Path) -> None:
    """Outcomes that do not depend on the answers: each answer occurs once with each outcome."""
    rows = [
        {
            "outcome": "nps",
            "source": "s",
            "survey_id": "v",
            "outcome_score": 10 * nps,
            "service": 25 * service,
            "n_responses": 3,
        }
        for nps in range(11)
        for service in range(5)
    ]
    write_cells(tmp_path, rows)
    write_drivers(tmp_path)
    (row,) = found(tmp_path)
    assert (row["status"], row["n_responses"], row["weight"], row["share"], row["quadrant"]) == (
        "ok",
        165,
        0,
        None,
        None,
    )
    assert row["adjusted"] < 0


def test_the_same_cells_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    rows = survey(200, source="s", survey_id="v")
    written = []
    for name, cells in (("one", rows), ("other", rows[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        write_cells(folder, cells)
        write_drivers(folder)
        written.append((folder / "drivers.parquet").read_bytes())
    assert written[0] == written[1]


def test_no_answers_give_an_empty_file_and_missing_cells_an_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="is missing"):
        write_drivers(tmp_path)
    write_cells(tmp_path, [])
    assert write_drivers(tmp_path) == 0
    assert found(tmp_path) == []


def test_the_constructs_are_those_of_the_macro_and_each_is_known() -> None:
    macro = (DBT / "macros" / "business" / "driver_constructs.sql").read_text(encoding="utf-8")
    assert tuple(re.findall(r"'(\w+)'", macro)) == DRIVER_CONSTRUCTS
    with (DBT / "seeds" / "constructs.csv").open(encoding="utf-8", newline="") as file:
        assert set(DRIVER_CONSTRUCTS) < {row["construct"] for row in csv.DictReader(file)}
