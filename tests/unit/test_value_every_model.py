"""What every purchase model promises: figures that do not hang on the unit of time or the order of customers, at any
extreme finite and within their bounds, and derivatives that are those of the likelihood.

What only one model says is tested beside that model.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.value import bg_nbd, bg_nbd_forecast, nbd, pareto_nbd, pareto_nbd_forecast, purchase_model
from pipelines.value.bg_nbd import BgNbd, MbgNbd
from pipelines.value.cells import PurchaseCells
from pipelines.value.nbd import Nbd
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.purchase_model import Kind, PurchaseModel
from pipelines.value.uncertainty import standard_errors
from tests.unit.value_samples import Floats, packaged_cdnow, read_cdnow, simulate

TWENTY_YEARS = 7305.0
MODELS: dict[Kind, list[PurchaseModel]] = {
    Kind.NBD: [Nbd(0.7, 50.0), Nbd(0.01, 0.1), Nbd(500.0, 1e5)],
    Kind.BG_NBD: [BgNbd(0.243, 30.9, 0.793, 2.426), BgNbd(0.01, 0.1, 1.0, 0.02), BgNbd(500.0, 1e5, 90.0, 400.0)],
    Kind.MBG_NBD: [MbgNbd(0.525, 43.3, 0.891, 1.614), MbgNbd(0.01, 0.1, 1.0, 0.02), MbgNbd(500.0, 1e5, 90.0, 400.0)],
    Kind.PARETO_NBD: [
        ParetoNbd(0.553, 74.0, 0.606, 81.7),
        ParetoNbd(0.01, 0.1, 1.0, 0.1),
        ParetoNbd(500.0, 1e5, 90.0, 1e4),
    ],
}
EVERY = [pytest.param(kind, model, id=f"{kind}-{n}") for kind in Kind for n, model in enumerate(MODELS[kind])]
LIKELIHOOD: dict[Kind, ModuleType] = {
    Kind.NBD: nbd,
    Kind.BG_NBD: bg_nbd,
    Kind.MBG_NBD: bg_nbd,
    Kind.PARETO_NBD: pareto_nbd,
}
FORECAST: dict[Kind, ModuleType] = LIKELIHOOD | {
    Kind.BG_NBD: bg_nbd_forecast,
    Kind.MBG_NBD: bg_nbd_forecast,
    Kind.PARETO_NBD: pareto_nbd_forecast,
}
FIGURES: list[Callable[[PurchaseModel, PurchaseCells, float], Floats]] = [
    purchase_model.expected_purchases,
    purchase_model.purchases_variance,
    purchase_model.p_any_purchase,
]


def in_unit(model: PurchaseModel, unit: float) -> PurchaseModel:
    """The same model with its times counted in `unit` days."""
    times = {"alpha", "beta"}
    return type(model)(*(value / unit if name in times else value for name, value in vars(model).items()))


def extremes(unit: float = 1.0) -> PurchaseCells:
    """0 to 10,000 repeats in 0 to 20 years, the last of them early, in the middle and today."""
    x, share, age = (
        each.ravel()
        for each in np.meshgrid(
            [0.0, 1.0, 2.0, 50.0, 10_000.0], [0.001, 0.5, 1.0], [0.0, 1.0, 365.0, TWENTY_YEARS], indexing="ij"
        )
    )
    return PurchaseCells.of(x, np.where(x > 0, share * age, 0.0) / unit, age / unit)


@dataclass(frozen=True)
class Fitted:
    """CDNOW in one unit of time and what was fitted on it."""

    cells: PurchaseCells
    model: PurchaseModel


def fitted(kind: Kind, unit: float) -> Fitted:
    people = read_cdnow(packaged_cdnow())
    cells = PurchaseCells.of(people.repeats, people.recency / unit, people.age / unit)
    model = purchase_model.fit(kind, cells).model
    assert model is not None
    return Fitted(cells, model)


@pytest.mark.parametrize(("kind", "model"), EVERY)
@pytest.mark.parametrize("horizon", [7.0, 365.25, TWENTY_YEARS])
def test_weeks_and_days_say_the_same_of_every_customer(kind: Kind, model: PurchaseModel, horizon: float) -> None:
    days, weeks = extremes(), extremes(7.0)
    weekly = in_unit(model, 7.0)
    alive = purchase_model.p_alive(model, days)
    assert (alive is None) == (kind == Kind.NBD)
    if alive is not None:
        np.testing.assert_allclose(purchase_model.p_alive(weekly, weeks), alive, rtol=1e-9)
    for figure in FIGURES:
        np.testing.assert_allclose(figure(weekly, weeks, horizon / 7), figure(model, days, horizon), rtol=1e-8)
    counts = np.array([0.0, 1.0, 50.0, 10_000.0])
    in_days, in_weeks = (FORECAST[kind].p_purchases(*of) for of in ((model, counts, 91.0), (weekly, counts, 13.0)))
    np.testing.assert_allclose(in_weeks, in_days, rtol=1e-8, atol=1e-290)


@pytest.mark.parametrize(("kind", "model"), EVERY)
def test_a_likelihood_in_weeks_is_that_in_days_for_times_that_are_denser_by_seven(
    kind: Kind, model: PurchaseModel
) -> None:
    days, weeks = extremes(), extremes(7.0)
    shift = float(days.repeats @ days.customers) * np.log(7)
    in_days = purchase_model.log_likelihood(model, days)
    assert purchase_model.log_likelihood(in_unit(model, 7.0), weeks) == pytest.approx(in_days + shift, rel=1e-11)
    assert np.isfinite(LIKELIHOOD[kind].gradient(model, days)).all()
    assert np.isfinite(purchase_model.hessian(model, days)).all()


@pytest.mark.parametrize("kind", Kind)
def test_a_fit_in_weeks_says_the_same_of_every_customer_as_one_in_days(kind: Kind) -> None:
    days, weeks = fitted(kind, 1.0), fitted(kind, 7.0)
    np.testing.assert_allclose(astuple(weeks.model), astuple(in_unit(days.model, 7.0)), rtol=1e-7)
    alive = purchase_model.p_alive(days.model, days.cells)
    if alive is not None:
        np.testing.assert_allclose(purchase_model.p_alive(weeks.model, weeks.cells), alive, rtol=1e-6)
    in_days = purchase_model.expected_purchases(days.model, days.cells, 273.0)
    np.testing.assert_allclose(purchase_model.expected_purchases(weeks.model, weeks.cells, 39.0), in_days, rtol=1e-6)
    errors = [standard_errors(purchase_model.hessian(each.model, each.cells)) for each in (days, weeks)]
    np.testing.assert_allclose(errors[1] / astuple(weeks.model), errors[0] / astuple(days.model), rtol=1e-5)
    assert np.all((errors[0] > 0) & (errors[0] < 5 * np.array(astuple(days.model))))


@pytest.mark.parametrize(("kind", "model"), EVERY)
@pytest.mark.parametrize("unit", [1.0, 7.0])
def test_figures_of_extreme_customers_are_within_their_bounds(kind: Kind, model: PurchaseModel, unit: float) -> None:
    cells, of = extremes(unit), in_unit(model, unit)
    alive = purchase_model.p_alive(of, cells)
    assert alive is None or np.all((alive >= 0) & (alive <= 1))
    for horizon in (0.01 / unit, 365.25 / unit, TWENTY_YEARS / unit):
        mean, variance, some = (figure(of, cells, horizon) for figure in FIGURES)
        never_leaving = nbd.expected_purchases(Nbd(of.r, of.alpha), cells.repeats, cells.age, horizon)
        assert np.isfinite(variance).all()
        assert np.all((mean >= 0) & (mean <= never_leaving * (1 + 1e-8)))
        # E[Y (Y - 1)] is not below 0; where all may leave at the first purchase, it is nearly 0
        assert np.all((variance >= 0) & (variance >= mean * (1 - mean) * (1 - 1e-6)))
        assert np.all((some >= 0) & (some <= np.minimum(mean, 1) * (1 + 1e-8)))


@pytest.mark.parametrize(("kind", "model"), EVERY)
def test_nobody_is_likelier_to_be_a_customer_for_longer_silence(kind: Kind, model: PurchaseModel) -> None:
    silence = np.linspace(0.0, TWENTY_YEARS, 200)
    for x, t_x in ((0.0, 0.0), (1.0, 30.0), (40.0, 400.0), (10_000.0, 3000.0)):
        cells = PurchaseCells(np.full(200, x), np.full(200, t_x), t_x + silence, np.ones(200))
        alive = purchase_model.p_alive(model, cells)
        if alive is not None:
            assert np.all(np.diff(alive) <= 1e-12)
            assert x == 0 or alive[-1] < alive[0]


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
@settings(max_examples=25)
def test_more_time_brings_no_fewer_purchases_and_time_itself_some(kind: Kind, data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS[kind]))
    horizon, factor = data.draw(st.floats(0.01, 4000)), data.draw(st.floats(1, 20))
    cells = extremes()
    for figure in FIGURES[::2]:
        short, long = figure(model, cells, horizon), figure(model, cells, horizon * factor)
        assert np.all(long >= short * (1 - 1e-8) - 1e-12)
    first = cells.age == 0  # a new customer
    assert np.all(purchase_model.expected_purchases(model, cells, horizon)[first] > 0)


@pytest.mark.parametrize("kind", Kind)
def test_the_order_of_customers_changes_neither_a_fit_nor_whose_figure_is_whose(kind: Kind) -> None:
    people = simulate(600, seed=12)
    order = np.random.default_rng(12).permutation(600)
    cells = PurchaseCells.of(people.repeats, people.recency, people.age)
    shuffled = PurchaseCells.of(people.repeats[order], people.recency[order], people.age[order])
    assert purchase_model.fit(kind, shuffled) == purchase_model.fit(kind, cells)
    straight = PurchaseCells(people.repeats, people.recency, people.age, np.ones(600))
    mixed = PurchaseCells(people.repeats[order], people.recency[order], people.age[order], np.ones(600))
    for figure in FIGURES:
        there = figure(MODELS[kind][0], straight, 365.25)
        np.testing.assert_allclose(figure(MODELS[kind][0], mixed, 365.25), there[order], rtol=1e-10)


@pytest.mark.parametrize("kind", Kind)
@given(logs=st.lists(st.floats(-2, 2), min_size=4, max_size=4))
@settings(max_examples=25)
def test_derivatives_are_those_of_the_likelihood(kind: Kind, logs: list[float]) -> None:
    people = simulate(200, seed=1)
    cells = PurchaseCells.of(people.repeats, people.recency / 100, people.age / 100)
    cls, gradient = type(MODELS[kind][0]), LIKELIHOOD[kind].gradient
    at = np.exp(logs[: len(purchase_model.parameter_names(kind))])
    slopes, bends = gradient(cls(*at), cells), purchase_model.hessian(cls(*at), cells)
    for i in range(at.size):
        step = np.zeros(at.size)
        step[i] = 1e-5 * at[i]
        up, down = cls(*(at + step)), cls(*(at - step))
        slope = (purchase_model.log_likelihood(up, cells) - purchase_model.log_likelihood(down, cells)) / (2 * step[i])
        assert slopes[i] == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(slopes).max())
        bend = (gradient(up, cells) - gradient(down, cells)) / (2 * step[i])
        np.testing.assert_allclose(bends[i], bend, rtol=1e-5, atol=1e-6 * np.abs(bends).max())


@pytest.mark.parametrize(("kind", "model"), EVERY)
def test_ten_thousand_purchases_are_a_count_like_any_other(kind: Kind, model: PurchaseModel) -> None:
    share = FORECAST[kind].p_purchases(model, np.arange(10_001.0), 365.25)
    assert np.all((share >= 0) & (share <= 1))
    assert share.sum() <= 1 + 1e-9
