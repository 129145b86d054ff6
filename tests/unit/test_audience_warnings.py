"""An audience that nobody belongs to, or whose condition has a text that no customer has, is never silent."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.activation.unmatched import audience_warnings
from pipelines.cli.app import app
from pipelines.config.audiences import AudienceSettings
from pipelines.config.settings import load_settings
from pipelines.publication import MartTable, Version, publish
from pipelines.reading import open_version
from pipelines.runs.recorder import Recorder
from pipelines.runs.up_to_date import conclude

CONFIG = "currency: EUR\ntimezone: UTC\nsources: [{mapping: mapping.yml, files: inbox}]\naudiences:\n"
MAPPING = """
source: shop
timezone: UTC
files:
  - match: "*.csv"
    timestamps: [iso]
    entities: {orders: {columns: {order_id: id, ordered_at: created, total: total, customer_ref: customer}}}
"""
MISSPELT = (
    "the audience vips compares segment with 'vpi', which no customer has; did you mean `vip`? There are private, vip"
)


@pytest.fixture
def published(tmp_path: Path) -> Version:
    """Three customers: two private ones with consent for e-mails, and one with `vip`, without."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("""
            create schema marts;
            create table marts.dim_customer as
                select
                    'k' || i as customer_key, if(i = 3, 'vip', 'private') as segment, i < 3 as consent_email,
                    null::boolean as consent_sms, true as consent_phone, null::varchar as region
                from range(1, 4) as r (i);
            create table marts.customer_loyalty as
                select 'k1' as customer_key, 'loyal' as level, 'BA' as evidence_pattern;
            create table marts.customer_audience as
                select 'k' as customer_key, 'a' as audience, 't' as arm, 'r' as suppressed_reason where false;
            create table marts.rpt_setting as select '' as setting, '' as value;
        """)
    names = ("dim_customer", "customer_loyalty", "customer_audience", "rpt_setting")
    tables = [MartTable(name, ("setting",) if name == "rpt_setting" else ("customer_key",)) for name in names]
    return publish(warehouse, tmp_path / "home" / "published", as_of=date(2026, 1, 5), run_id="a", tables=tables)


def warnings(published: Version, where: str, channel: str = "email") -> list[str]:
    audience = AudienceSettings.model_validate({"where": where, "channel": channel})
    with open_version(published.path.parents[2]) as version:
        return audience_warnings(version, {"vips": audience})["vips"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("segment = 'private'", []),
        ("segment like 'priv%' and lower(segment) <> 'vip' and level = 'loyal'", []),
        ("segment = 'private' and segment <> 'vpi'", [MISSPELT]),
        ("segment in ('private', 'vpi')", [MISSPELT]),
        ("segment not in ('private', 'vpi')", ["has no members: 1 customer meets its condition, but none", MISSPELT]),
        (
            "upper(segment) = 'vip' or segment = 'private'",
            ["the audience vips compares upper(segment) with 'vip', which no customer has"],
        ),
        (
            "segment not like 'vpi%'",
            ["the audience vips compares segment with the pattern 'vpi%', which no customer has"],
        ),
        (
            "region = 'x' or segment = 'private'",
            ["compares region with 'x', which no customer has; the column is empty"],
        ),
        ("level = 'churned'", ["the audience vips has no members: none of the 3 customers meets its condition"]),
        (
            "evidence_pattern = 'AB' or segment = 'private'",
            ["compares evidence_pattern with 'AB', which no customer has"],
        ),
        ("segment = 'vip'", ["1 customer meets its condition, but none of them gave consent for the channel email"]),
    ],
)
def test_a_text_that_no_customer_has_and_no_members_are_warnings(
    published: Version, where: str, expected: list[str]
) -> None:
    found = warnings(published, where)
    assert len(found) == len(expected), found
    assert all(words in one for words, one in zip(expected, found, strict=True)), found


def test_the_channel_decides_whose_consent_counts(published: Version) -> None:
    assert warnings(published, "segment = 'vip'", "phone") == []
    assert len(warnings(published, "segment = 'vip'", "sms")) == 1


def test_a_column_that_the_version_does_not_have_is_no_warning(published: Version) -> None:
    assert warnings(published, "country = 'x'") == []


def test_the_list_the_check_and_the_run_warn(
    published: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "orders.csv").write_text("id,created,total,customer\n1,2026-01-01,5.00,c1\n")
    (tmp_path / "mapping.yml").write_text(MAPPING)
    config = tmp_path / "loyalty.yml"
    config.write_text(CONFIG + "  vips: {where: segment <> 'vpi', channel: email}\n")
    words = ("--config", str(config))
    listed = CliRunner().invoke(app, ["audience", *words])
    assert MISSPELT in " ".join(listed.output.split())
    (one,) = json.loads(CliRunner().invoke(app, ["audience", "--json", *words]).stdout)
    assert one["warnings"] == [MISSPELT]
    assert MISSPELT in json.loads(CliRunner().invoke(app, ["check", "--json", *words]).stdout)["warnings"]
    settings = load_settings(config)
    recorder = Recorder(tmp_path / "last_run.json", "r")
    conclude(recorder, settings, published, is_new=True, is_backfill=False)
    assert recorder.report.warnings == [MISSPELT]
    of_the_past = Recorder(tmp_path / "other.json", "s")
    conclude(of_the_past, settings, published, is_new=True, is_backfill=True)
    assert of_the_past.report.warnings == []
