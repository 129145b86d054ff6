"""The metrics of dbt's semantic layer: each one equals the mart that it names, or the same in plain SQL.

One process of dbt parses the project as a reader of a published version does (docs/semantic-layer.md). MetricFlow's
engine then writes the SQL of each query, and DuckDB executes it on the published marts of the sample.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from pipelines.config.settings import project_root
from tests.conftest import DBT, clean_environment

PAGE = project_root() / "docs" / "semantic-layer.md"
MONTH, QUARTER, COHORT = "metric_time__month", "metric_time__quarter", "cohort__cohort_on__month"
# Half of the last digit that the mart publishes, and a little for the binary number.
SHARE, AMOUNT, POINTS = 0.51e-6, 0.51e-2, 0.51e-4
EXACT = 1e-9

Rows = dict[Any, float | None]


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    published: Path


class Client:
    """What the engine needs in order to write SQL. It executes none."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@dataclass(frozen=True)
class Reader:
    """The published marts, read by metric or by SQL.

    Attributes:
        engine: Writes the SQL of metrics.
        marts: Has the published marts in the catalog that the metrics read.
        environment: That of a reader who calls `mf`.
        names: All metrics.
    """

    engine: MetricFlowEngine
    marts: duckdb.DuckDBPyConnection
    environment: dict[str, str]
    names: frozenset[str]

    def metric(self, name: str, by: str | None = None, where: str | None = None) -> Rows:
        """The values of a metric by group; the only group is None if there is no `by`."""
        request = MetricFlowQueryRequest.create(
            metric_names=[name], group_by_names=[by] if by else None, where_constraints=[where] if where else None
        )
        return self.sql(self.engine.explain(request).sql_statement.sql)

    def sql(self, query: str) -> Rows:
        """The last column by the first one, or by None if there is only one."""
        rows = self.marts.execute(query).fetchall()
        found = {_day(row[0]) if len(row) == 2 else None: None if row[-1] is None else float(row[-1]) for row in rows}
        assert len(found) == len(rows) > 0
        return found


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def reader(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("semantic")
    version = (sample_home.published / "current").resolve()
    environment = clean_environment(
        LOYALTY_PUBLISHED=str(version),
        DBT_PROJECT_DIR=str(project_of_a_reader(folder)),
        DBT_PROFILES_DIR=str(project_root() / "dbt_project" / "published"),
        HTTPS_PROXY="http://127.0.0.1:9",  # no test needs the network: `mf` looks for a newer version and finds none
    )
    subprocess.run([DBT, "--warn-error", "parse", "--quiet"], env=environment, check=True)
    manifest = parse_manifest_from_dbt_generated_manifest(
        manifest_json_string=(folder / "target" / "semantic_manifest.json").read_text(encoding="utf-8")
    )
    with duckdb.connect() as marts:
        marts.execute("attach ':memory:' as loyalty")
        marts.execute("use loyalty")
        for mart in sorted((version / "marts").iterdir()):
            marts.execute(f"create table {mart.name} as from '{mart}/*.parquet'")
        plant_levels(marts)
        # Client has what the queries of this test call, not all that the protocol SqlClient names
        engine = MetricFlowEngine(SemanticManifestLookup(manifest), Client())  # type: ignore[arg-type]
        described = (metric.name for metric in manifest.metrics if metric.label)  # MetricFlow adds some of its own
        yield Reader(engine, marts, environment, frozenset(described))


def project_of_a_reader(folder: Path) -> Path:
    """The dbt project with a target folder of its own, because dbt and `mf` write and read there."""
    for path in (project_root() / "dbt_project").iterdir():
        if path.name not in ("target", "logs"):
            (folder / path.name).symlink_to(path)
    return folder


def plant_levels(marts: duckdb.DuckDBPyConnection) -> None:
    """Name the level `potential` otherwise: after a hundred days no customer of the sample is loyal or churned yet."""
    marts.execute("update rpt_value set level = 'loyal' where level = 'potential'")
    marts.execute("update customer_loyalty_history set level = 'churned' where level = 'potential'")
    for column in ("from_value", "to_value"):
        marts.execute(f"update rpt_migration set {column} = 'churned' where {column} = 'potential'")


WHOLE = "from rpt_retention where slice_by = 'all'"
COHORTS = "from rpt_audit_cohort where period_kind = 'quarter' group by period_on having sum(n_active) > 0"
TWO_MONTHS = "from rpt_audit_two_periods where period_kind = 'month'"
KEPT = "sum(n_customers) filter (movement like 'kept%')"
PROGRAMME = "from rpt_programme where observed_on = last_day(observed_on) group by all"
CSAT = "from rpt_satisfaction where construct = 'csat' and slice_by = 'all'"
NPS = "from rpt_nps where slice_by = 'all' and survey_kind = 'all'"
LEVELS_OF_MONTHS = """
    with ends as (select date_on from dim_date where is_month_end and not is_after_as_of),

    levels as (
        select date_on, customer_key, level
        from ends join customer_loyalty_history
            on date_on >= valid_from_on and date_on <= coalesce(valid_to_on, date_on)
    )

    select date_trunc('month', now.date_on)::date, sum((now.level = 'churned')::int) / count(*)
    from levels as now join levels as before
        on now.customer_key = before.customer_key and before.date_on = date_trunc('month', now.date_on) - interval 1 day
    where before.level not in ('prospect', 'churned')
    group by 1
"""


@pytest.mark.parametrize(
    ("name", "by", "query", "tolerance"),
    [
        ("orders", MONTH, f"select month_on, sum(n_orders) {WHOLE} group by 1", 0),
        ("valued_orders", QUARTER, f"select period_on, sum(n_valued_orders) {COHORTS}", 0),
        ("active_customers", MONTH, f"select month_on, sum(n_retained) {WHOLE} group by 1", 0),
        ("active_customers", QUARTER, f"select period_on, sum(n_active) {COHORTS}", 0),
        ("new_customers", MONTH, f"select cohort_on, n_customers {WHOLE} and months_since = 0", 0),
        ("customers", MONTH, f"select month_on, sum(n_customers) {WHOLE} group by 1", 0),
        ("customers", None, "select count(*) from customer_rfm", 0),
        ("cohort_customers", None, "select count(*) from customer_rfm", 0),
        ("purchase_amount", MONTH, f"select month_on, sum(purchase_amount) {WHOLE} group by 1", EXACT),
        (
            "returned_amount",
            MONTH,
            f"select month_on, sum(returned_amount) as returned {WHOLE} group by 1 having returned > 0",
            EXACT,
        ),
        ("net_revenue", MONTH, f"select month_on, sum(net_amount) {WHOLE} group by 1", EXACT),
        (
            "net_revenue",
            QUARTER,
            "select period_on, net_amount from rpt_audit_period where period_kind = 'quarter' and slice_by = 'all'",
            EXACT,
        ),
        ("orders_per_customer", QUARTER, f"select period_on, sum(n_valued_orders) / sum(n_active) {COHORTS}", EXACT),
        ("order_value", QUARTER, f"select period_on, sum(purchase_amount) / sum(n_valued_orders) {COHORTS}", EXACT),
        (
            "returning_customers",
            MONTH,
            f"select month_on, coalesce(sum(n_retained) filter (months_since > 0), 0) {WHOLE} group by 1",
            0,
        ),
        (
            "repeat_rate",
            MONTH,
            "select month_on, coalesce(sum(n_retained) filter (months_since > 0), 0) / sum(n_retained)"
            f" {WHOLE} group by 1",
            EXACT,
        ),
        (
            "repurchase_rate",
            MONTH,
            f"select month_on, sum(n_repurchased) / sum(n_customers) {WHOLE} group by 1",
            EXACT,
        ),
        (
            "repurchase_rate",
            COHORT,
            f"select cohort_on, repurchased_share {WHOLE} and month_on = date_trunc('month', as_of_on)"
            " and cohort_on is not null",
            SHARE,
        ),
        (
            "retention_rate",
            MONTH,
            f"select period_on, {KEPT} / max(n_previous_customers) {TWO_MONTHS} group by 1",
            EXACT,
        ),
        (
            "retention_rate",
            None,
            f"select {KEPT} / sum(n_customers) filter (n_previous_customers is not null) {TWO_MONTHS}",
            EXACT,
        ),
        ("churn_rate", MONTH, LEVELS_OF_MONTHS, EXACT),
        (
            "level_purchase_amount",
            "level_month__level",
            "select level, sum(purchase_amount) from rpt_value group by 1",
            0,
        ),
        (
            "loyal_revenue_share",
            None,
            "select sum(case when level = 'loyal' then purchase_amount end) / sum(purchase_amount) from rpt_value",
            EXACT,
        ),
        (
            "loyal_revenue_share",
            MONTH,
            "select month_on, coalesce(sum(purchase_amount) filter (level = 'loyal'), 0) / sum(purchase_amount)"
            " from rpt_value group by 1",
            EXACT,
        ),
        ("nps", MONTH, f"select month_start_on, nps {NPS} and n_answers > 0 and period_kind = 'month'", POINTS),
        ("nps_answers", None, f"select n_answers {NPS} and period_kind = 'all'", 0),
        ("csat", None, f"select top_share {CSAT} and period_kind = 'all'", SHARE),
        ("csat", MONTH, f"select month_start_on, top_share {CSAT} and period_kind = 'month'", SHARE),
        ("csat_answers", None, f"select n_answers {CSAT} and period_kind = 'all'", 0),
        ("survey_invitations", None, f"select n_invitations {NPS} and period_kind = 'all'", 0),
        ("response_rate", None, f"select response_share {NPS} and period_kind = 'all'", SHARE),
        (
            "response_rate",
            MONTH,
            f"select month_start_on, response_share {NPS} and period_kind = 'month'",
            SHARE,
        ),
        ("points_balance", MONTH, f"select date_trunc('month', observed_on)::date, sum(points_balance) {PROGRAMME}", 0),
        ("points_balance", None, "select sum(points_balance) from rpt_programme where observed_on = as_of_on", 0),
        ("points_liability", None, "select sum(liability_amount) from rpt_programme where observed_on = as_of_on", 0),
        ("clv_total", None, "select clv_12m_amount from rpt_clv_by_segment where slice_by = 'all'", EXACT),
        ("clv", None, "select mean_clv_12m_amount from rpt_clv_by_segment where slice_by = 'all'", AMOUNT),
        (
            "clv",
            "customer__rfm_segment",
            "select slice_value, mean_clv_12m_amount from rpt_clv_by_segment where slice_by = 'rfm_segment'",
            AMOUNT,
        ),
    ],
)
def test_a_metric_equals_its_mart(reader: Reader, name: str, by: str | None, query: str, tolerance: float) -> None:
    expected = reader.sql(query)
    assert any(expected.values())
    # of a month in which only other questions were answered, the metric is NULL and the mart has no row
    found = {group: value for group, value in reader.metric(name, by).items() if value is not None or group in expected}
    assert found == pytest.approx(expected, rel=tolerance, abs=tolerance)


def test_a_month_with_returning_customers_has_the_repeat_rate_of_the_audit(reader: Reader) -> None:
    """The audit compares a month with the one before, so it has no first month."""
    audit = reader.sql(
        "select period_on, sum(n_customers) filter (movement like 'kept%' or movement = 'reactivated')"
        f" / max(n_period_customers) {TWO_MONTHS} group by 1"
    )
    later = f"{{{{ TimeDimension('metric_time', 'month') }}}} >= '{min(audit)}'"
    assert reader.metric("repeat_rate", MONTH, later) == pytest.approx(audit, rel=EXACT)


def test_a_metric_of_facts_is_divided_by_what_is_known_of_the_customer(reader: Reader) -> None:
    expected = reader.sql(
        "select level, sum(net_amount) from fct_order join customer_loyalty using (customer_key)"
        " where is_purchase group by 1"
    )
    found = reader.metric("purchase_amount", "customer__level", "{{ Dimension('customer__level') }} is not null")
    assert len(expected) > 1
    assert found == pytest.approx(expected, rel=EXACT)


def test_the_docs_define_every_metric(reader: Reader) -> None:
    documented = re.findall(r"^\| `(\w+)` ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(documented) == sorted(reader.names)


@pytest.mark.parametrize(
    "command", re.findall(r"^\.venv/bin/(mf query .*?[^\\])$", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S)
)
def test_the_docs_query_can_be_called(reader: Reader, command: str, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    table = tmp_path / "table.csv"
    done = subprocess.run(
        [DBT.with_name(program), *arguments, "--csv", table],
        env=reader.environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(table.read_text(encoding="utf-8").splitlines()) > 1
    version = Path(reader.environment["LOYALTY_PUBLISHED"])
    assert not [path for path in version.iterdir() if path.suffix in (".wal", ".tmp")]
