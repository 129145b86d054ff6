"""What `loyalty` shows of a home that has been run: the same figures everywhere, and nothing personal unasked."""

import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from tests.conftest import SampleHome


def ask(sample_home: SampleHome, *arguments: str) -> Result:
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    done = CliRunner().invoke(app, [*arguments, *where])
    assert done.exit_code == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def report(sample_home: SampleHome) -> dict[str, object]:
    content: dict[str, object] = json.loads(sample_home.output)
    return content


def test_a_run_as_json_says_what_became_of_every_row(
    sample_home: SampleHome, report: dict[str, dict[str, int]]
) -> None:
    rows = report["rows"]
    assert rows["landed"] == rows["accepted"] + rows["quarantined"] + rows["superseded"]
    assert rows["quarantined"] > 0
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        found = connection.execute("select count(*) from marts.dim_customer").fetchall()
    assert report["customers"] == report["marts"]["dim_customer"] == found[0][0]


def test_every_stage_says_how_long_it_took(report: dict[str, dict[str, float]]) -> None:
    assert list(report["seconds"]) == [
        "prepare",
        "land",
        "gate_landing",
        "staging",
        "gate_staging",
        "gate_quarantine",
        "plan",
        "order_statuses",
        "pseudonyms",
        "core",
        "value",
        "marts",
        "gate_marts",
        "totals",
        "publish",
    ]


def test_the_path_is_the_version_that_the_run_published(sample_home: SampleHome, report: dict[str, object]) -> None:
    shown = ask(sample_home, "path").stdout.strip()
    assert shown == report["published"]
    assert (Path(shown) / "manifest.json").is_file()


def test_the_status_knows_the_run_its_version_and_what_was_refused(
    sample_home: SampleHome, report: dict[str, object]
) -> None:
    status = json.loads(ask(sample_home, "status", "--json").stdout)
    assert status["running"] is None
    assert status["last_run"] == report
    assert [version["is_current"] for version in status["versions"]] == [True]
    day = report["as_of"]
    assert status["freshness"] == {
        "published": day,
        "expected": day,
        "days_behind": 0,
        "is_fresh": True,
        "problem": "",
    }
    assert all(reason["meaning"] and reason["action"] for reason in status["quarantine"])
    text = ask(sample_home, "status").stdout
    assert str(report["run_id"]) in text
    assert f"published is {day}, as it should be" in text
    assert status["quarantine"][0]["rule"] in text
    assert status["pending_erasure"] is None
    assert f"and {len(status['quarantine']) - 8} reasons more" in text


def test_the_log_of_a_run_names_it_and_nobody(sample_home: SampleHome, report: dict[str, object]) -> None:
    log = (sample_home.home / "state" / "logs" / f"{report['run_id']}.log").read_text()
    assert f"run {report['run_id']}: publish done" in log
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        people = connection.execute("select email from staging.stg_customers where email is not null").fetchall()
    assert people
    assert not [email for (email,) in people if email in log]


def test_every_gates_page_is_published_with_the_version_and_names_nobody(sample_home: SampleHome) -> None:
    version = (sample_home.published / "current").resolve()
    documents = json.loads((version / "manifest.json").read_text())["documents"]
    assert [one["path"] for one in documents] == [f"quality/{stage}.html" for stage in ("landing", "marts", "staging")]
    text = "".join((version / one["path"]).read_text() for one in documents)
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        people = connection.execute(
            "select unnest([email, phone, name, customer_ref]) from staging.stg_customers"
            " union select customer_key from marts.dim_customer"
        ).fetchall()
    assert len(people) > 1000
    assert not [value for (value,) in people if value and value in text]


def test_dagsters_checks_hold_counts_and_nobody(sample_home: SampleHome) -> None:
    events = "".join(
        path.read_bytes().decode("utf-8", errors="replace")
        for path in (sample_home.home / "state" / "dagster").rglob("*.db")
    )
    assert "quarantine_limits" in events and "sample survey_answers, all files: " in events
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        people = connection.execute("select email from staging.stg_customers where email is not null").fetchall()
    assert not [email for (email,) in people if email in events]


def test_the_run_stands_in_dagsters_own_history(sample_home: SampleHome, report: dict[str, object]) -> None:
    from pipelines.orchestration.instance import open_instance

    with open_instance(sample_home.home / "state" / "dagster") as instance:
        runs = {run.job_name: run for run in instance.get_runs()}
        assert {name: run.status.value for name, run in runs.items()} == {"ingest": "SUCCESS", "daily": "SUCCESS"}
        assert all(run.tags["loyalty/run"] == report["run_id"] for run in runs.values())
        assert runs["daily"].tags["dagster/partition"] == report["as_of"]
        assert not instance.telemetry_enabled
        names = {event.message for event in instance.all_logs(runs["daily"].run_id)}
        assert names


def test_the_event_log_keeps_its_connections_and_holds_every_event(sample_home: SampleHome) -> None:
    from pipelines.orchestration.event_log import KeptOpenSqliteEventLog
    from pipelines.orchestration.instance import open_instance

    with open_instance(sample_home.home / "state" / "dagster") as instance:
        assert isinstance(instance.event_log_storage, KeptOpenSqliteEventLog)
        daily = next(run for run in instance.get_runs() if run.job_name == "daily")
        built = {
            log.dagster_event.asset_key.to_user_string()
            for log in instance.all_logs(daily.run_id)
            if log.dagster_event and log.dagster_event.is_step_materialization and log.dagster_event.asset_key
        }
        latest = instance.get_latest_materialization_event(dg.AssetKey(["marts", "customer_rfm"]))
    assert {"marts/customer_rfm", "exchange/pseudonyms", "published/version"} <= built
    assert latest is not None
    assert latest.asset_materialization is not None
    metadata = latest.asset_materialization.metadata
    report = json.loads(sample_home.output)
    assert metadata["dagster/row_count"].value == report["marts"]["customer_rfm"]
    assert metadata["seconds"].value > 0
    columns = metadata["dagster/column_schema"].value.columns
    assert [column.name for column in columns][:2] == ["customer_key", "as_of_on"]
