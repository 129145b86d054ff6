"""A small home whose published version and last build are written by hand, and which pushes into a server."""

import csv
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.activation import push as pushing
from pipelines.activation.push_report import PushReport
from pipelines.config.in_force import audience_texts
from pipelines.config.settings import Settings, load_settings

KEY = "0123456789abcdef" * 4
WEB = {
    "attempts": 4,
    "wait_seconds": 0.001,
    "longest_wait_seconds": 0.01,
    "read_timeout_seconds": 0.5,
    "requests": 100_000,
}
COLUMNS = ("level", "loyalty_class", "loyalty_score", "next_action")
FIELDS = dict(zip(COLUMNS, ("Loyalty_Level", "Loyalty_Class", "Loyalty_Score", "Next_Action"), strict=True))
AUDIENCE = {"where": "level = 'at_risk'", "channel": "email", "quiet_days": 30}
Customer = tuple[str | None, str | None, float | None, str | None]


@dataclass
class PushHome:
    """The home.

    Attributes:
        folder: Where it is.
        monkeypatch: Of the test.
        source: The source.
        entry: The entry of `push`.
        pull: The group `pull` of the source.
        customers: The values of each customer, by key.
        refs: The references: source, reference, key.
        members: The members of the audience win_back: key, arm, reason.
        audience: The declaration of win_back.
        day: The as-of day of the version.
        read: The settings by the text of their file.
    """

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    source: str
    entry: dict[str, Any]
    pull: dict[str, Any]
    customers: dict[str, Customer] = field(default_factory=dict)
    refs: list[tuple[str, str, str]] = field(default_factory=list)
    members: list[tuple[str, str, str | None]] = field(default_factory=list)
    audience: dict[str, Any] = field(default_factory=lambda: dict(AUDIENCE))
    day: str = "2024-03-31"
    read: dict[str, Settings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("LOYALTY_CONFIG", "LOYALTY_HOME"):
            self.monkeypatch.delenv(name, raising=False)
        self.monkeypatch.setenv("LOYALTY_KEY", KEY)

    def add(self, record: str, level: str | None, *values: Any, key: str = "") -> str:
        """A customer with one record; returns the key."""
        key = key or f"k{len(self.refs)}"
        loyalty_class, score, action = (*values, None, None, None)[:3]
        self.customers[key] = (level, loyalty_class, score, action)
        self.refs.append((self.source, record, key))
        return key

    def settings(self) -> Settings:
        """The settings, from loyalty.yml."""
        told = {
            "currency": "EUR",
            "timezone": "UTC",
            "home": "home",
            "sources": [{"mapping": f"{self.source}_api", "files": "inbox", "pull": {"web": WEB, **self.pull}}],
            "audiences": {"win_back": self.audience} if "audiences" in self.entry else {},
            "push": [self.entry],
        }
        text = yaml.safe_dump(told)
        if text not in self.read:
            (self.folder / "loyalty.yml").write_text(text)
            self.read[text] = load_settings(self.folder / "loyalty.yml")
        return self.read[text]

    def push(self, **how: Any) -> PushReport:
        """Push what the version and the build have now."""
        settings = self.prepare()
        return pushing.push(settings, settings.push[0], **how)

    def prepare(self) -> Settings:
        """Write the build and the version, and return the settings."""
        settings = self.settings()
        self._build(settings)
        marts = self._marts(settings)
        version = SimpleNamespace(
            id=f"{self.day}_0a",
            as_of=date.fromisoformat(self.day),
            marts=["customer_audience"],
            duckdb=lambda: nullcontext(marts),
        )
        self.monkeypatch.setattr(pushing, "open_version", lambda _: nullcontext(version))
        return settings

    def touches(self, day: str | None = None) -> dict[str, str]:
        """The arm of each reference in the touches of a day."""
        path = self.folder / f"home/audience_touches/{self.source}/audience_win_back_{day or self.day}.csv"
        if not path.exists():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            return {row["customer_ref"]: row["arm"] for row in csv.DictReader(file)}

    def _build(self, settings: Settings) -> None:
        paths = settings.paths
        paths.exchange.mkdir(parents=True, exist_ok=True)
        paths.state.mkdir(parents=True, exist_ok=True)
        names = ["source", "ref", "customer_key"]
        keys = [pa.array(column, pa.string()) for column in zip(*self.refs, strict=True)]
        pq.write_table(pa.table(keys, names=names), paths.exchange / "pseudonyms.parquet")
        paths.warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(paths.warehouse)) as connection:
            identity = pa.table(keys, names=["source", "customer_ref", "customer_key"])
            connection.register("identity", identity)
            connection.execute("create schema staging; create schema intermediate")
            connection.execute("create table intermediate.int_customer_identity as from identity")
            connection.execute(
                "create schema marts; create table marts.customer_audience"
                " (customer_key text, audience text, suppressed_reason text);"
                " create table intermediate.int_identity_contact"
                " (source text, customer_ref text, kind text, identifier text);"
                " create table intermediate.int_customer as select distinct customer_key, true as consent_email,"
                " true as consent_sms, true as consent_phone, null::boolean as is_employee from identity;"
                " create table intermediate.int_customer_action (customer_key text, n_open_complaints bigint)"
            )
            connection.execute(
                "create table staging.int_person as select customer_key, source, min(customer_ref) as customer_ref,"
                " null::text as name, customer_key || '@example.org' as email, null::text as phone"
                " from identity group by all"
            )

    def _marts(self, settings: Settings) -> duckdb.DuckDBPyConnection:
        marts = duckdb.connect()
        marts.execute(
            "create table customer_loyalty (customer_key text, level text, loyalty_class text,"
            " loyalty_score decimal(9,4), next_action text);"
            " create table customer_audience (customer_key text, audience text, arm text, suppressed_reason text);"
            " create table rpt_setting (setting text, value text)"
        )
        if self.customers:
            marts.executemany(
                "insert into customer_loyalty values (?, ?, ?, ?, ?)", [(k, *v) for k, v in self.customers.items()]
            )
        marts.execute("create table dim_customer as select customer_key from customer_loyalty")
        for key, arm, reason in self.members:
            marts.execute("insert into customer_audience values (?, 'win_back', ?, ?)", [key, arm, reason])
        for audience in settings.audiences.values():
            for key, text in audience_texts(audience).items():
                marts.execute("insert into rpt_setting values (?, ?)", [f"audiences.win_back.{key}", text])
        return marts
