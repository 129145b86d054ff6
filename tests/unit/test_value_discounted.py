"""Present values: lifetimes' to 1e-6, the mart's to the cent, and less for whoever waits.

lifetimes is called in a process of its own: importing it warns under pandas 3, and it changes pandas' options.
"""

import csv
import subprocess
import sys
from typing import TypedDict

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import ArrayLike

from pipelines.config.settings import project_root
from pipelines.value import gamma_gamma, purchase_model
from pipelines.value.bg_nbd import BgNbd, MbgNbd
from pipelines.value.cells import PurchaseCells, SpendCells
from pipelines.value.discounted import discounted_purchases, discounted_value
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.purchase_model import Kind, PurchaseModel
from tests.unit.value_samples import Floats, packaged_cdnow

PEER = """
import sys
import numpy as np, pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter
given = np.load(sys.argv[1])
x, t_x, age, mean = (pd.Series(given[name]) for name in ("x", "t_x", "age", "mean"))
spending = GammaGammaFitter()
spending.params_ = pd.Series(dict(zip(("p", "q", "v"), given["spend"])))
of = dict(time=12, discount_rate=0.01, freq="W")
values = {}
for name, fitter, names in (
    ("bg_nbd", BetaGeoFitter, ("r", "alpha", "a", "b")),
    ("mbg_nbd", ModifiedBetaGeoFitter, ("r", "alpha", "a", "b")),
    ("pareto_nbd", ParetoNBDFitter, ("r", "alpha", "s", "beta")),
):
    buying = fitter()
    buying.params_ = pd.Series(dict(zip(names, given[name])))
    buying.predict = buying.conditional_expected_number_of_purchases_up_to_time
    values[name] = spending.customer_lifetime_value(buying, x, t_x, age, mean, **of)
own, returned = BetaGeoFitter().fit(x, t_x, age), x > 0
own_spending = GammaGammaFitter().fit(x[returned], mean[returned])
values["quickstart"] = own_spending.customer_lifetime_value(own, x, t_x, age, mean, **of)
np.savez(sys.argv[2], **values)
"""
MONTH = 4.345  # weeks, as lifetimes counts
MONTHS = np.arange(1.0, 13.0)
MODELS = (Kind.BG_NBD, Kind.MBG_NBD, Kind.PARETO_NBD)
UNIT_TESTS = project_root() / "dbt_project/models/intermediate/value/forecasts/_forecasts__unit_tests.yml"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """What we say and what lifetimes says of the package's own summary of CDNOW, in weeks, at the same parameters."""
    with (packaged_cdnow().parent / "cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = [[float(row[name]) for name in ("x", "t_x", "T", "zbar")] for row in csv.DictReader(file)]
    x, t_x, age, mean = np.array(rows).T
    cells = PurchaseCells.of(x, t_x, age)
    (keys, of_customer) = np.unique(np.stack([x, t_x, age]), axis=1, return_inverse=True)
    assert np.array_equal(keys, np.stack([cells.repeats, cells.recency, cells.age]))
    spending = gamma_gamma.fit(SpendCells.of(x, mean)).model
    assert spending is not None
    spend = gamma_gamma.expected_spend(spending, x, mean)
    given, ours = {"spend": np.array(list(vars(spending).values()))}, {}
    for kind in MODELS:
        model = purchase_model.fit(kind, cells).model
        assert model is not None
        given[kind] = np.array(list(vars(model).values()))
        expected = [purchase_model.expected_purchases(model, cells, MONTH * month)[of_customer] for month in MONTHS]
        ours[str(kind)] = discounted_value(expected, MONTHS, 0.01, spend=spend)
    folder = tmp_path_factory.mktemp("peer")
    np.savez(folder / "given.npz", x=x, t_x=t_x, age=age, mean=mean, **given)
    run = [sys.executable, "-c", PEER, str(folder / "given.npz"), str(folder / "theirs.npz")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "theirs.npz") as theirs:
        return ours, dict(theirs)


@pytest.mark.parametrize("kind", MODELS)
def test_every_customer_is_worth_what_lifetimes_says(
    both: tuple[dict[str, Floats], dict[str, Floats]], kind: Kind
) -> None:
    ours, theirs = both
    assert ours[kind].shape == (2357,)
    np.testing.assert_allclose(ours[kind], theirs[kind], rtol=1e-6)


def test_the_packages_first_customers_are_worth_what_its_guide_says_once_weeks_are_weeks(
    both: tuple[dict[str, Floats], dict[str, Floats]],
) -> None:
    ours, theirs = both
    assert [f"{value:.3f}" for value in theirs["quickstart"][:3]] == ["36.278", "4.637", "8.344"]
    assert ours["bg_nbd"][:3] == pytest.approx(theirs["quickstart"][:3], rel=1e-3)  # its fit ends a little earlier


@pytest.mark.parametrize("months", [12, 24])
def test_the_mart_discounts_by_the_same_rule_from_the_middle_of_its_periods(months: int) -> None:
    (case,) = (
        case
        for case in yaml.safe_load(UNIT_TESTS.read_text())["unit_tests"]
        if case["name"] == "test_value_is_purchases_times_spend_and_clv_discounts_its_margin"
    )
    inputs = {given["input"]: given["rows"] for given in case["given"]}
    told = {row["customer_key"]: row for row in inputs["ref('int_customer_forecast')"]}
    (assumed,) = inputs["ref('int_industry_settings')"]
    margins = {row["customer_key"]: row["margin_share"] for row in inputs["ref('int_customer_margin')"]}
    clv = {row["customer_key"]: row[f"clv_{months}m_amount"] for row in case["expect"]["rows"]}
    ends, middles = [3, 6, 12, 24], np.array([1.5, 4.5, 9.0, 18.0]) / 12
    n = ends.index(months) + 1
    for customer in ("assumed", "known"):
        worth = discounted_value(
            [[told[customer][f"expected_purchases_{end}m"]] for end in ends[:n]],
            middles[:n],
            case["overrides"]["vars"]["clv_annual_discount_rate"],
            spend=told[customer]["expected_spend_amount"],
            margin=margins.get(customer, assumed["assumed_margin_share"]),
        )
        assert f"{worth[0]:.2f}" == f"{clv[customer]:.2f}"


@pytest.mark.parametrize(
    "model", [BgNbd(0.243, 30.9, 0.793, 2.426), ParetoNbd(0.553, 74.0, 0.606, 81.7), MbgNbd(0.525, 43.3, 0.891, 1.614)]
)
def test_discounting_by_four_periods_is_that_by_days_to_a_fifth_of_a_percent(model: PurchaseModel) -> None:
    cells = PurchaseCells.of([0, 0, 1, 2, 5, 10], [0, 0, 30, 213, 250, 260], [1, 270, 100, 272, 272, 272])

    def expected(days: Floats) -> Floats:
        return np.array([purchase_model.expected_purchases(model, cells, float(each)) for each in days])

    of_month = 365.25 / 12
    days = np.linspace(0, 24 * of_month, 731)
    for ends, middles in (([3, 6, 12], [1.5, 4.5, 9]), ([3, 6, 12, 24], [1.5, 4.5, 9, 18])):
        ours = discounted_purchases(expected(np.array(ends) * of_month), np.array(middles) / 12, 0.1)
        until = days[1:][days[1:] <= ends[-1] * of_month + 1e-6]
        daily = discounted_purchases(expected(until), (until - days[1] / 2) / 365.25, 0.1)
        assert np.all(np.abs(ours / daily - 1) < 0.002)


increments = arrays.arrays(float, st.tuples(st.integers(1, 12), st.just(3)), elements=st.floats(0, 1e4))


@given(increments, st.floats(0, 5), st.floats(0, 5))
def test_waiting_costs_and_a_higher_rate_costs_more(of_period: Floats, rate: float, more: float) -> None:
    expected, due = np.cumsum(of_period, axis=0), np.arange(1.0, len(of_period) + 1)
    low, high = (discounted_purchases(expected, due, each) for each in (rate + more, rate))
    assert np.all(low <= high * (1 + 1e-12)) and np.all(high <= expected[-1] * (1 + 1e-12))
    assert np.all(discounted_purchases(expected, due + 1, rate) <= high * (1 + 1e-12))


@given(increments, st.floats(0, 5))
def test_a_longer_horizon_is_never_worth_less(of_period: Floats, rate: float) -> None:
    expected, due = np.cumsum(of_period, axis=0), np.arange(1.0, len(of_period) + 1)
    worth = [discounted_purchases(expected[:n], due[:n], rate) for n in range(1, len(due) + 1)]
    assert np.all(np.diff(worth, axis=0) >= -1e-12 * expected[-1])


@given(increments)
def test_at_a_rate_of_zero_and_next_to_it_everything_counts_in_full(of_period: Floats) -> None:
    expected, due = np.cumsum(of_period, axis=0), np.arange(1.0, len(of_period) + 1)
    for rate in (0.0, 1e-300, 1e-16):
        np.testing.assert_allclose(discounted_purchases(expected, due, rate), expected[-1], rtol=1e-12)


def test_the_formula_by_hand() -> None:
    expected = [[1.0, 0.0], [3.0, 2.0]]
    worth = discounted_value(expected, [1, 2], 0.25, spend=[10.0, 20.0], margin=[0.5, -0.1])
    assert worth == pytest.approx([10 * 0.5 * (1 / 1.25 + 2 / 1.25**2), -0.1 * 20 * 2 / 1.25**2])
    assert discounted_value(expected, [1, 2], 0.25, spend=1.0) == pytest.approx(worth / [5.0, -2.0])


def test_who_has_no_forecast_has_no_value() -> None:
    worth = discounted_value([[np.nan, 1.0]], [1], 0.1, spend=[5.0, np.nan])
    assert np.isnan(worth).all()


class Given(TypedDict, total=False):
    """What may be changed of a case that is fine."""

    expected: ArrayLike
    due: ArrayLike
    rate: float
    spend: ArrayLike
    margin: ArrayLike


FINE = Given(expected=[[1.0], [2.0]], due=[1.0, 2.0], rate=0.1, spend=10.0, margin=0.3)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Given(expected=[1.0, 2.0]), "of shape"),
        (Given(due=[1.0]), "of shape"),
        (Given(rate=-0.01), "not below 0"),
        (Given(rate=np.nan), "finite"),
        (Given(due=[2.0, 1.0]), "one after the other"),
        (Given(due=[-1.0, 1.0]), "one after the other"),
        (Given(due=[1.0, np.inf]), "one after the other"),
        (Given(expected=[[2.0], [1.0]]), "must not fall"),
        (Given(expected=[[-1.0], [1.0]]), "must not fall"),
        (Given(spend=-1.0), "spend must not be below 0"),
        (Given(margin=35.0), "at most 1"),
    ],
)
def test_what_cannot_be_is_refused(broken: Given, says: str) -> None:
    case = FINE | broken
    with pytest.raises(ValueError, match=says):
        discounted_value(case["expected"], case["due"], case["rate"], spend=case["spend"], margin=case["margin"])
