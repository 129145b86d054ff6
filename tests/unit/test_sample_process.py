"""The sample's customers: they buy, leave and spend by the process that the truth names, and the files say so."""

import csv
import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.special import hyp2f1

from pipelines.sample.process import Parameters, day_number, simulate
from tests.sample_people import true_people
from tests.unit.sample_files import UNTIL, day_of, good_records, planted, small_sample

PARAMETERS = Parameters()


def _expected_repeats(age_days: np.ndarray, known: Parameters) -> np.ndarray:
    """Fader, Hardie & Lee 2005, equation 9."""
    r, alpha, a, b = known.r, known.alpha, known.a, known.b
    shrink = (alpha / (alpha + age_days)) ** r
    return (a + b - 1) / (a - 1) * (1 - shrink * hyp2f1(r, b, a + b - 1, age_days / (alpha + age_days)))


def test_customers_buy_as_often_as_the_bg_nbd_says() -> None:
    customers, first, last = 40_000, 19_000, 19_499
    _, purchases = simulate(customers, first, last, 5, PARAMETERS)
    ages = np.linspace(0, 500, 2001)[1:] - 0.125
    theory = float(np.mean(_expected_repeats(ages, PARAMETERS)))
    assert len(purchases.day) / customers - 1 == pytest.approx(theory, rel=0.03)


def test_nobody_buys_after_leaving() -> None:
    lives, purchases = simulate(5_000, 19_000, 19_499, 5, PARAMETERS)
    gone = lives.dropout_day[purchases.customer]
    assert np.all((gone < 0) | (purchases.day <= gone))


def test_orders_are_worth_what_the_gamma_gamma_says() -> None:
    lives, purchases = simulate(40_000, 19_000, 19_499, 5, PARAMETERS)
    mean = PARAMETERS.p * PARAMETERS.gamma / (PARAMETERS.q - 1)
    assert float(np.mean(lives.mean_value)) == pytest.approx(mean, rel=0.03)
    by_customer = purchases.value / lives.mean_value[purchases.customer]
    assert float(np.mean(by_customer)) == pytest.approx(1.0, rel=0.01)
    assert float(np.var(by_customer)) == pytest.approx(1 / PARAMETERS.p, rel=0.03)


def test_the_truth_names_the_process() -> None:
    said = json.loads((small_sample() / "truth" / "parameters.json").read_text(encoding="utf-8"))
    assert Parameters(**said["process"]) == PARAMETERS


def _latest_orders() -> dict[str, dict[str, str | None]]:
    """Each order's version that was changed last, off the files."""
    inbox = small_sample() / "inbox"
    bad: dict[str, set[int]] = defaultdict(set)
    for row in planted(small_sample()):
        bad[row.file_name].add(row.line)
    latest: dict[str, dict[str, str | None]] = {}
    for path in sorted(inbox.glob("orders_*.csv")):
        for record in good_records(path, bad[path.name]):
            key = str(record["Order"])
            if key not in latest or str(record["Changed"]) > str(latest[key]["Changed"]):
                latest[key] = record
    return latest


def _rates() -> dict[date, Decimal]:
    rates: dict[date, Decimal] = {}
    bad = {(row.file_name, row.line) for row in planted(small_sample())}
    for path in sorted((small_sample() / "inbox").glob("fx_rates_*.csv")):
        for record in good_records(path, {line for name, line in bad if name == path.name}):
            rates[date.fromisoformat(str(record["day"]))] = Decimal(str(record["eur_per_unit"]))
    return rates


def test_the_files_hold_the_purchases_that_the_truth_names() -> None:
    rates = _rates()
    people = [row for row in true_people(small_sample()) if row.source == "sample"]
    by_ref = {row.ref: row.person for row in people if row.ref}
    by_email = {row.email: row.person for row in people if row.email}
    net: dict[str, Decimal] = defaultdict(Decimal)
    days: dict[str, set[date]] = defaultdict(set)
    for order in _latest_orders().values():
        if order["Status"] == "Cancelled" or order["Test"] == "yes":
            continue
        person = by_ref.get(str(order["Customer"])) or by_email.get(str(order["E-mail"]).lower())
        if person is None:
            continue
        day = datetime.fromisoformat(str(order["Placed"])).date()
        amount = Decimal(str(order["Gross"])) - Decimal(str(order["Discount"]))
        if order["Currency"] == "USD":
            quoted = next(day - timedelta(back) for back in range(7) if day - timedelta(back) in rates)
            amount = (amount * rates[quoted]).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        net[person] += amount
        days[person].add(day)
    truth = pq.read_table(small_sample() / "truth" / "customers.parquet").to_pylist()
    assert {row["person"]: row["net_amount"] for row in truth} == dict(net)
    assert {row["person"]: (row["n_purchase_days"], row["last_purchase_on"]) for row in truth} == {
        person: (len(there), max(there)) for person, there in days.items()
    }


def test_lines_add_up_to_their_order() -> None:
    bad = {(row.file_name, row.line) for row in planted(small_sample())}
    gross: dict[str, Decimal] = defaultdict(Decimal)
    discount: dict[str, Decimal] = defaultdict(Decimal)
    for path in sorted((small_sample() / "inbox").glob("order_lines_*.csv.gz")):
        if "_again" in path.name:
            continue
        for line in good_records(path, {number for name, number in bad if name == path.name}):
            gross[str(line["order_no"])] += Decimal(str(line["qty"])) * Decimal(str(line["unit_price"]))
            discount[str(line["order_no"])] += Decimal(str(line["discount"]))
    orders = _latest_orders()
    assert {key: Decimal(str(order["Gross"])) for key, order in orders.items()} == gross
    assert {key: Decimal(str(order["Discount"])) for key, order in orders.items()} == discount


def test_no_file_bears_a_day_after_the_last() -> None:
    assert max(day_of(path.name) for path in (small_sample() / "inbox").iterdir()) == UNTIL


def test_some_rows_come_late_some_twice_and_some_are_put_right() -> None:
    versions: dict[str, list[tuple[date, dict[str, str | None]]]] = defaultdict(list)
    bad = {(row.file_name, row.line) for row in planted(small_sample())}
    for path in sorted((small_sample() / "inbox").glob("orders_*.csv")):
        if "_again" not in path.name:
            for record in good_records(path, {line for name, line in bad if name == path.name}):
                versions[str(record["Order"])].append((day_of(path.name), record))
    first = [seen[0] for seen in versions.values()]
    assert any(file_on - date.fromisoformat(str(row["Placed"])[:10]) == timedelta(3) for file_on, row in first)
    assert any(seen[0][1] == seen[-1][1] for seen in versions.values() if len(seen) > 1)
    assert any(seen[0][1]["Discount"] == "0.00" != seen[-1][1]["Discount"] for seen in versions.values())
    assert any(seen[-1][1]["Status"] == "Cancelled" for seen in versions.values())


def test_one_file_of_a_kind_comes_again_under_another_name_with_the_same_day() -> None:
    with (small_sample() / "truth" / "files.csv").open(encoding="utf-8", newline="") as file:
        repeats = {row["file_name"]: row["repeats"] for row in csv.DictReader(file) if row["repeats"]}
    assert len(repeats) >= 2
    inbox = small_sample() / "inbox"
    for copy, original in repeats.items():
        assert (inbox / copy).read_bytes() == (inbox / original).read_bytes()
        assert day_of(copy) == day_of(original)


def test_some_people_have_two_references_and_one_person_reference() -> None:
    by_person: dict[str, set[str]] = defaultdict(set)
    for path in sorted((small_sample() / "inbox").glob("contacts_*.parquet")):
        for row in pq.read_table(path).to_pylist():
            by_person[row["person"] or row["ref"]].add(row["ref"])
    assert {len(refs) for refs in by_person.values()} == {1, 2}


def test_orders_fall_into_the_hour_that_happens_twice() -> None:
    placed = [str(order["Placed"]) for order in _latest_orders().values()]
    assert sum("2024-10-27 02:00" <= at < "2024-10-27 03:00" for at in placed) >= 2


def test_days_are_counted_from_1970() -> None:
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(date(2025, 6, 30)) == (date(2025, 6, 30) - date(1970, 1, 1)).days
