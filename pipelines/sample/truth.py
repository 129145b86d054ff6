"""The true values: what a pipeline should find. Tests and people read them, but never the pipeline."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from pipelines.sample import planted, text
from pipelines.sample.attitudes import Attitudes
from pipelines.sample.feed import SHOP
from pipelines.sample.orders import Orders
from pipelines.sample.people import NEVER, People, labels, refs
from pipelines.sample.process import Ints, Lives, Parameters
from pipelines.sample.rates import UNIT, Rates
from pipelines.sample.writer import Written


def bad_rows(written: Sequence[Written]) -> pa.Table:
    """Grain: one row per bad row. Columns: file_name, line, entity, key, expected_rule."""
    rows = [(each.feed.entity, row) for each in written for row in each.bad]
    unreadable = [row.rule.startswith("LND") for _, row in rows]
    return pa.table(
        {
            "file_name": pa.array([row.file_name for _, row in rows], pa.string()),
            "line": pa.array([row.line for _, row in rows], pa.int64()),
            "entity": pa.array(
                ["unreadable" if is_lost else entity for (entity, _), is_lost in zip(rows, unreadable, strict=True)],
                pa.string(),
            ),
            "key": pa.array([row.key for _, row in rows], pa.string()),
            "expected_rule": pa.array([row.rule for _, row in rows], pa.string()),
        }
    )


def counts(written: Sequence[Written]) -> pa.Table:
    """Grain: one row per source and entity.

    Columns: source, entity, clean_rows, accepted_keys, superseded_rows, bad_rows, skipped_records.
    Clean rows = accepted keys (the latest version of each) + superseded rows (earlier or repeated versions).
    """
    rows = []
    for source, entity in dict.fromkeys((each.feed.source, each.feed.entity) for each in written):
        feeds = [each for each in written if (each.feed.source, each.feed.entity) == (source, entity)]
        clean = sum(each.good_rows - each.feed.skipped for each in feeds)
        keys = sum(each.good_rows if each.feed.keys < 0 else each.feed.keys for each in feeds)
        bad = sum(not row.rule.startswith("LND") for each in feeds for row in each.bad)
        rows.append((source, entity, clean, keys, clean - keys, bad, sum(each.feed.skipped for each in feeds)))
    lost = sum(row.rule.startswith("LND") for each in written for row in each.bad)
    rows.append((SHOP, "unreadable", 0, 0, 0, lost, 0))
    names = ("source", "entity", "clean_rows", "accepted_keys", "superseded_rows", "bad_rows", "skipped_records")
    return pa.table({name: [row[index] for row in rows] for index, name in enumerate(names)})


def files(written: Sequence[Written], repeated: dict[str, str]) -> pa.Table:
    """Grain: one row per file.

    Columns: source, file_name, entity, records (with bad rows), repeats (original of a copy).
    """
    rows = [
        (each.feed.source, name, each.feed.entity, records, "")
        for each in written
        for name, records in zip(each.files, each.records, strict=True)
    ]
    known = {name: (entity, records) for _, name, entity, records, _ in rows}
    rows += [(SHOP, copy, *known[original], original) for copy, original in repeated.items()]
    names = ("source", "file_name", "entity", "records", "repeats")
    return pa.table({name: [row[index] for row in rows] for index, name in enumerate(names)})


def unknown_channels(written: Sequence[Written]) -> pa.Table:
    """Grain: one row per source, entity and spelling of a channel that no list has. Columns: these and n_rows."""
    rows = [
        (each.feed.source, each.feed.entity, spelling, count)
        for each in written
        for spelling, count in each.feed.unknown_channels.items()
    ]
    names = ("source", "entity", "spelling", "n_rows")
    return pa.table({name: [row[index] for row in rows] for index, name in enumerate(names)})


def effects(written: Sequence[Written]) -> pa.Table:
    """Grain: one row per planted effect (effects.py). Columns: effect, subject, days, n, difference."""
    found = [effect for each in written for effect in each.feed.effects]
    return pa.table(
        {
            "effect": pa.array([each.name for each in found], pa.string()),
            "subject": pa.array([each.subject for each in found], pa.string()),
            "days": pa.array([each.days for each in found], pa.int64()),
            "n": pa.array([each.n for each in found], pa.int64()),
            "difference": pa.array([each.difference for each in found], pa.float64()),
        }
    )


def customers(lives: Lives, felt: Attitudes, level: Ints, people: People, orders: Orders, rates: Rates) -> pa.Table:
    """Grain: one row per acquired customer, with their process parameters and their purchases until the last day.

    Columns: person (as in people.parquet), person_ref (the reference, or the one that two references share),
    customer_ref, second_ref, has_record, rate_per_day,
    dropout_probability, dropout_on, mean_value, first_purchase_on, last_purchase_on, n_orders, n_purchase_days,
    net_amount (reporting currency; each order rounded to cents), attitude, emotion, cognition (standard normal), kind
    (of loyalty, by the definition of attitudes.py), and at the end of the last day level, loyalty_class and
    loyalty_type (by those of planted.py; `level` has the level). Alive on a day: first_purchase_on <= day < dropout_on.
    """
    n = people.buyers
    who = np.arange(n)
    rows = np.flatnonzero(orders.is_purchase)
    person, day = orders.person[rows], orders.day[rows]
    cents = orders.gross[rows] - orders.discount[rows]
    in_euro = np.where(orders.is_usd[rows], (cents * rates.at(day) + UNIT // 2) // UNIT, cents)
    net = np.zeros(n, np.int64)
    np.add.at(net, person, in_euro)
    last = np.zeros(n, np.int64)
    np.maximum.at(last, person, day)
    bought_on = np.unique(person * 1_000_000 + day) // 1_000_000
    loyalty_class = planted.classes(felt, level)
    is_two = people.has_second_ref[:n]
    first_ref = text.where(people.registered[:n] != NEVER, refs(who, np.zeros(n, bool)))
    return pa.table(
        {
            "person": labels(who),
            "person_ref": text.either(is_two, text.reference("P", who + 1), first_ref),
            "customer_ref": first_ref,
            "second_ref": text.where(is_two, refs(who, np.ones(n, bool))),
            "has_record": pa.array(people.has_record[:n]),
            "rate_per_day": pa.array(lives.rate_per_day),
            "dropout_probability": pa.array(lives.dropout_probability),
            "dropout_on": text.where(lives.dropout_day >= 0, _days(np.maximum(lives.dropout_day, 0))),
            "mean_value": pa.array(lives.mean_value),
            "first_purchase_on": _days(lives.first_day),
            "last_purchase_on": _days(last),
            "n_orders": pa.array(np.bincount(person, minlength=n)),
            "n_purchase_days": pa.array(np.bincount(bought_on, minlength=n)),
            "net_amount": pc.cast(text.money(net), pa.decimal128(18, 2)),
            "attitude": pa.array(felt.attitude[:n]),
            "emotion": pa.array(felt.emotion[:n]),
            "cognition": pa.array(felt.cognition[:n]),
            "kind": felt.kinds(lives),
            "level": text.picked(planted.LEVELS, level),
            "loyalty_class": text.picked(planted.CLASSES, loyalty_class),
            "loyalty_type": text.picked(planted.TYPES, planted.types(felt, loyalty_class)),
        }
    )


def _days(days: Ints) -> pa.Array:
    return pc.cast(pa.array(days, pa.int32()), pa.date32())


def write_parameters(folder: Path, parameters: Parameters, asked: dict[str, str | int | float]) -> None:
    """Write the arguments of the sample and the parameters of the process to parameters.json."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"asked": asked, "process": asdict(parameters), "unit_of_time": "day", "currency": "EUR"}
    (folder / "parameters.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_tables(folder: Path, tables: dict[str, pa.Table]) -> None:
    """Write each table under its name: customers, levels and people as Parquet, the small ones as CSV."""
    for name, table in tables.items():
        if name in ("customers", "levels", "people"):
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        else:
            pv.write_csv(table, folder / f"{name}.csv")
