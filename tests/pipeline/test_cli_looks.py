"""What `loyalty` shows of a home that has been run: the same figures everywhere, and nothing personal unasked."""

import json
from pathlib import Path

import dagster as dg
import duckdb
import jsonschema
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from pipelines.config.settings import project_root
from tests.conftest import SampleHome

SCHEMA = project_root() / "docs" / "status.schema.json"


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


def test_a_run_as_json_prints_nothing_else(sample_home: SampleHome) -> None:
    """Neither Dagster nor dbt nor another library may write to the terminal of a run."""
    assert sample_home.errors == ""


def test_every_stage_says_how_long_it_took(report: dict[str, dict[str, float]]) -> None:
    assert list(report["seconds"]) == [
        "prepare",
        "land",
        "gate_landing",
        "staging",
        "gate_staging",
        "gate_quarantine",
        "plan",
        "accounts",
        "channels",
        "identifiers",
        "order_statuses",
        "settings",
        "pseudonyms",
        "links",
        "identity",
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
    jsonschema.validate(status, json.loads(SCHEMA.read_text()))
    run, day = status["last_run"], report["as_of"]
    assert {name: run[name] for name in ("run_id", "as_of", "status", "build", "warnings", "is_current")} == {
        name: report[name] for name in ("run_id", "as_of", "status", "build", "warnings", "is_current")
    }
    marts, rows = report["marts"], report["rows"]
    assert isinstance(marts, dict) and isinstance(rows, dict) and isinstance(report["records"], dict)
    assert run["rows"] == {
        "records": report["records"]["records"],
        "accepted": rows["accepted"],
        "quarantined": rows["quarantined"],
        "customers": marts["dim_customer"],
        "published": sum(marts.values()),
    }
    assert run["started_at"] < run["finished_at"]
    assert run["finished_at"][:19] <= status["checked_at"][:19]  # one of them has microseconds
    (version,) = status["versions"]
    assert (version["id"], version["is_current"]) == (run["version"], True)
    assert (version["rows"], version["published_at"] <= run["finished_at"]) == (run["rows"]["published"], True)
    assert version["n_restated"] == 0
    freshness = status["freshness"]
    assert freshness["last_success_at"] == run["finished_at"]
    assert {name: freshness[name] for name in ("published", "expected", "days_behind", "is_fresh", "is_stale")} == {
        "published": day,
        "expected": day,
        "days_behind": 0,
        "is_fresh": True,
        "is_stale": False,
    }
    assert status["pending_erasure"] is None
    assert len(json.dumps(status)) < 20_000


def test_the_status_for_people_shows_times_rows_and_warnings(
    sample_home: SampleHome, report: dict[str, object]
) -> None:
    status = json.loads(ask(sample_home, "status", "--json").stdout)
    shown = ask(sample_home, "status")
    text, run = shown.stdout, status["last_run"]
    assert str(report["run_id"]) in text
    begun, ended = (run[name][:19].replace("T", " ") for name in ("started_at", "finished_at"))
    assert f"from {begun} to {ended} UTC" in text
    assert f"{run['rows']['published']:,} rows published" in text
    assert run["version"] in text
    assert f"{report['as_of']}, as expected" in text
    assert status["quarantine"][0]["rule"] in text
    assert f"and {status['n_quarantine_reasons'] - 8} more reasons" in text
    listed = {f"{issue['source']} {issue['entity']}: {issue['issue']}" for issue in status["data_issues"]}
    others = [warning for warning in run["warnings"] if not any(warning.startswith(one) for one in listed)]
    assert others
    assert all(f"warning {warning.splitlines()[0]}" in shown.stderr for warning in others)


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
    pages = [f"quality/{stage}.html" for stage in ("landing", "marts", "staging")]
    assert [one["path"] for one in documents] == [*pages, "restatement.json", "report/index.html"]
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
        mart = dg.AssetKey(["marts", "customer_rfm"])
        latest = instance.get_latest_materialization_event(mart)
        (counted,) = instance.fetch_observations(mart, limit=1).records
    assert {"marts/customer_rfm", "exchange/pseudonyms", "published/version"} <= built
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.metadata["seconds"].value > 0
    # rows and columns are counted when dbt has closed the warehouse
    assert counted.asset_observation is not None
    metadata = counted.asset_observation.metadata
    report = json.loads(sample_home.output)
    assert metadata["dagster/row_count"].value == report["marts"]["customer_rfm"]
    columns = metadata["dagster/column_schema"].value.columns
    assert [column.name for column in columns][:2] == ["customer_key", "as_of_on"]
