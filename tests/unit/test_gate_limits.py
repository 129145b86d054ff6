"""`gates` in loyalty.yml changes the limits and the severity of single checks, and nothing else."""

from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.settings import Settings, load_settings
from pipelines.quality import Suite, run_gate, suites_in_force
from pipelines.quality.reference import PAGE, page
from pipelines.quality.suites import load_suites
from pipelines.runs.code import core_code
from pipelines.runs.required import gate_name
from tests.unit.quality_tables import PROJECT, build_stages
from tests.unit.small_manifest import use_small_manifest

FOLDER = PROJECT / "expectations"
MAPPING = PROJECT / "pipelines" / "landing" / "mappings" / "sample.yml"
CONFIG = f"timezone: UTC\ncurrency: EUR\nsources:\n  - {{mapping: {MAPPING}, files: inbox}}\n"


def settings(folder: Path, gates: str = "") -> Settings:
    (folder / "inbox").mkdir(exist_ok=True)
    path = folder / "loyalty.yml"
    path.write_text(CONFIG + (f"gates:\n  {gates}\n" if gates else ""), encoding="utf-8")
    return load_settings(path)


def suite(folder: Path, dataset: str, gates: str = "") -> Suite:
    stages = suites_in_force(FOLDER, settings(folder, gates))
    (found,) = [suite for suites in stages.values() for suite in suites if suite.dataset == dataset]
    return found


def test_without_changes_every_check_is_as_its_suite_declares_it(tmp_path: Path) -> None:
    declared = {stage: load_suites(FOLDER, stage) for stage in ("landing", "staging", "marts")}
    assert suites_in_force(FOLDER, settings(tmp_path)) == declared
    assert sum(bool(one.limits) for suites in declared.values() for suite in suites for one in suite.expectations) > 30


def test_a_limit_of_sql_is_written_into_the_sql(tmp_path: Path) -> None:
    checks = {
        one.name: one for one in suite(tmp_path, "orders", "orders.orders_have_a_time: {min_share: 0.9}").expectations
    }
    assert checks["orders_have_a_time"].sql.endswith("having count(*) >= 50 and count(ordered_at) < 0.9 * count(*)")
    assert checks["orders_have_a_currency"].sql.endswith("< 0.5 * count(*)")


def test_a_changed_limit_decides_what_the_gate_reports(tmp_path: Path) -> None:
    with duckdb.connect(str(build_stages(tmp_path / "shop.duckdb", rows=True))) as shop:
        shop.execute(
            "update landing.orders set ordered_at = null where order_id = (from landing.orders select min(order_id))"
        )
        as_declared, stricter = (
            run_gate("landing", [suite(tmp_path, "orders", gates)], shop, schemas=["landing"])
            for gates in ("", "orders.orders_have_a_time: {min_share: 1, severity: warn}")
        )
    assert [*as_declared.failures, *as_declared.warnings] == []
    assert [result.name for result in stricter.warnings] == ["orders_have_a_time"]
    assert stricter.failures == ()


def test_a_limit_of_a_built_in_expectation_is_its_argument(tmp_path: Path) -> None:
    gates = "stg_orders.column_values_to_be_between.event_on: {min_value: 2015-01-01, mostly: 1}"
    (check,) = [one for one in suite(tmp_path, "stg_orders", gates).expectations if one.name.endswith("event_on")]
    assert check.arguments == {"column": "event_on", "min_value": "2015-01-01", "mostly": 1}


def test_a_changed_limit_is_another_check(tmp_path: Path) -> None:
    names = [
        gate_name(suite(tmp_path, "orders", gates))
        for gates in (
            "",
            "orders.orders_have_a_time: {min_share: 0.9}",
            "orders.orders_have_a_time: {severity: warn}",
            "orders.orders_have_a_time: {min_share: 0.8}",
        )
    ]
    assert len(set(names)) == 3
    assert names[0] == names[3]


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        ("orders.orders_have_a_tim: {min_share: 0.9}", "did you mean `orders.orders_have_a_time`"),
        ("orders.orders_have_a_time: {min_shares: 0.9}", "did you mean `min_share`"),
        ("orders.orders_have_a_time: {min_share: high}", "must be a number"),
        ("orders.orders_have_a_time: {min_share: 2}", "a share from 0 to 1"),
        ("orders.orders_have_a_time: {min_share: -0.1}", "a share from 0 to 1"),
        ("orders.orders_have_a_time: {min_rows: 1.5}", "a whole number"),
        ("orders.orders_have_a_time: {min_rows: -1}", "a whole number"),
        ("stg_fx_rates.rates_do_not_jump: {max_ratio: 0}", "greater than 0"),
        (f"stg_fx_rates.rates_do_not_jump: {{max_ratio: 1{'0' * 40}}}", "at most 1e+09"),
        ("orders.orders_have_a_time: {severity: fatal}", "`error` or `warn`"),
        ("orders.column_values_to_not_be_null.order_id: {mostly: 80}", "a share from 0 to 1"),
        ("stg_orders.column_values_to_be_between.event_on: {min_value: soon}", "a day"),
        ("ledger.files_reconcile: {min_rows: 3}", "no limit `min_rows`"),
    ],
)
def test_what_no_check_can_follow_is_refused_with_its_line(tmp_path: Path, gates: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        suites_in_force(FOLDER, settings(tmp_path, gates))
    assert f"{tmp_path / 'loyalty.yml'}:6" in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("value", ["true", ".inf", ".nan", "[1]", "{a: 1}"])
def test_a_limit_is_a_finite_number_or_a_day(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, f"orders.orders_have_a_time: {{min_share: {value}}}")
    (problem,) = caught.value.message.splitlines()
    assert problem.startswith(
        f"{tmp_path / 'loyalty.yml'}:6: gates.orders.orders_have_a_time.min_share: must be a number"
    )


def test_a_day_that_was_published_under_another_limit_of_the_marts_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_small_manifest(monkeypatch)
    as_declared, limited, landing = (
        core_code(settings(tmp_path, gates), "key")
        for gates in (
            "",
            "customer_rfm.segments_are_stable: {max_share: 0.1}",
            "orders.orders_have_a_time: {min_share: 0.9}",
        )
    )
    assert as_declared.fingerprint != limited.fingerprint
    assert as_declared.models == limited.models, "no table is rebuilt"
    assert as_declared == landing, "checks before the marts have marks of their own"


def test_the_page_of_checks_is_as_the_suites_declare_them() -> None:
    assert (PROJECT / PAGE).read_text(encoding="utf-8") == page(FOLDER), "run make docs"
