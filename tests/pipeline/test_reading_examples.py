"""The notebook and the examples of the README run on a published version, and the notebook's answers are right."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import project_root

NOTEBOOK = project_root() / "examples" / "five_questions.ipynb"


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    home: Path
    published: Path
    config: Path


def run(source: str, names: dict[str, Any]) -> object:
    """Run a cell as Jupyter does, and return the value of its last line; None if that is a statement."""
    body = ast.parse(source)
    last = body.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(body, "cell", "exec"), names)
        return None
    exec(compile(ast.Module(body.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["metadata"]["language_info"]["name"]) == (4, "python")
    found: list[dict[str, Any]] = notebook["cells"]
    return found


@pytest.fixture(scope="module")
def answers(cells: list[dict[str, Any]], sample_home: SampleHome) -> dict[str, Any]:
    """The variables of the notebook after a run, and the texts that its cells show, in `shown`."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOYALTY_HOME", str(sample_home.home))
        shown = [run("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"]
    return {**names, "shown": [repr(one) for one in shown if one is not None]}


@pytest.fixture(scope="module")
def marts(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(
        f"{(sample_home.published / 'current').resolve()}/loyalty.duckdb", read_only=True
    ) as connection:
        yield connection


def test_the_notebook_asks_five_questions_and_is_kept_without_output(cells: list[dict[str, Any]]) -> None:
    text = "".join(line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"])
    assert re.findall(r"## (\d)\. .*\?\n", text) == ["1", "2", "3", "4", "5"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_the_notebook_counts_who_is_at_risk(answers: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        """
        select rfm_segment, count(*), count(value_at_stake_amount), sum(value_at_stake_amount)
        from customer_actions
        inner join customer_rfm using (customer_key)
        where level = 'at_risk'
        group by all
        """
    ).fetchall()
    risk = answers["risk"].astype(object)
    assert rows and sorted(risk.where(risk.notna(), None).itertuples(name=None)) == sorted(rows)


def test_the_notebook_shows_nps_with_its_interval(answers: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    nps = answers["nps"]
    assert len(nps) > 1 and ((nps["nps_low"] <= nps["nps"]) & (nps["nps"] <= nps["nps_high"])).all()
    query = "select sum(n_answers) from customer_nps"
    assert [(nps["n_answers"].sum(),)] == marts.execute(query).fetchall()


def test_the_notebook_counts_who_bought_again(answers: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    again = answers["again"]
    day = again["month_end_on"].unique()
    assert len(day) == 1
    ((n_bought,),) = marts.execute(
        """
        select count(distinct customer_key)
        from fct_order
        inner join dim_customer using (customer_key)
        where is_purchase and ordered_on > $day and ordered_on <= $day + 30 and first_seen_on <= $day
        """,
        {"day": day[0].date()},
    ).fetchall()
    assert again["n_bought_again"].sum() == n_bought > 0
    assert again["bought_again_share"].is_monotonic_decreasing


def test_the_notebook_divides_the_revenue(answers: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    ((total,),) = marts.execute("select sum(purchase_amount) from rpt_value").fetchall()
    revenue = answers["revenue"]
    assert revenue["purchase_amount"].sum() == pytest.approx(float(total))
    assert revenue["loyal_share"].between(0, 1).all()


def test_the_notebook_shows_what_moved(answers: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    ((n_customers,),) = marts.execute(
        """
        select sum(n_customers)
        from rpt_migration
        where group_by = 'level' and n_months = 1
            and to_month_end_on = (select max(to_month_end_on) from rpt_migration)
        """
    ).fetchall()
    assert answers["moved"].to_numpy().sum() == n_customers > 0
    assert len(answers["shown"]) == 8


def readme(language: str, containing: str) -> str:
    text = (project_root() / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


def test_the_python_of_the_readme_runs(sample_home: SampleHome, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample_home.home.name == "home"
    monkeypatch.chdir(sample_home.home.parent)
    names: dict[str, Any] = {}
    run(readme("python", "open_version"), names)
    assert len(names["rfm"]) > len(names["old"])
    names["version"].close()


def test_the_exports_of_the_readme_run(
    sample_home: SampleHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = readme("sh", "loyalty export customer_rfm").splitlines()
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    for line in lines:
        done = CliRunner().invoke(app, [*shlex.split(line)[1:], *where])
        assert done.exit_code == 0, done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["at_risk.xlsx", "levels.csv"]
