"""The shifted-beta-geometric model agrees with its paper, with plain sums, and with customers drawn from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from pipelines.value.sbg import (
    Renewals,
    Sbg,
    fit,
    log_likelihood,
    remaining_share,
    residual_periods,
    retention,
    survival,
)

# Fader & Hardie 2007, "Regular" customers, in years 0 to 12, of 1,000.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
shapes = st.floats(0.05, 50)


def test_the_published_fit_of_the_regular_customers_is_found() -> None:
    found = fit(Renewals.of_survivors(REGULAR[:8]))
    assert found is not None
    assert f"{found.model.alpha:.4f} {found.model.beta:.4f}" == "0.7041 1.1820"
    assert f"{found.log_likelihood:.3f}" == "-1680.265"
    assert [f"{share:.1f}" for share in 100 * survival(found.model, np.arange(8, 13))] == [
        "22.0",
        "20.4",
        "19.1",
        "18.0",
        "17.0",
    ]
    assert [f"{share:.3f}" for share in retention(found.model, [1, 2, 12])] == ["0.627", "0.756", "0.945"]


@given(shapes, shapes, st.integers(1, 60))
def test_survival_is_the_product_of_retention_and_the_mean_over_customers(alpha: float, beta: float, t: int) -> None:
    model = Sbg(alpha, beta)
    product = np.prod(retention(model, np.arange(1, t + 1)))
    assert survival(model, t) == pytest.approx(product, rel=1e-9)
    if min(alpha, beta) > 1:  # otherwise the density has a pole
        # the mean can be far below quad's default absolute error
        mean, _ = quad(lambda p: (1 - p) ** t * beta_distribution.pdf(p, alpha, beta), 0, 1, limit=200, epsabs=0)
        assert survival(model, t) == pytest.approx(mean, rel=1e-6)


@given(shapes, shapes)
def test_retention_rises_although_no_customer_changes(alpha: float, beta: float) -> None:
    rates = retention(Sbg(alpha, beta), np.arange(1, 50))
    assert np.all(np.diff(rates) > 0)
    assert np.all((rates > 0) & (rates < 1))


@pytest.mark.parametrize("rate", [0.004, 0.1, 1.0])
@pytest.mark.parametrize("model", [Sbg(0.7041, 1.182), Sbg(3.8, 15.2), Sbg(0.2, 0.05)])
def test_residual_periods_are_the_plain_sum_of_discounted_survival(model: Sbg, rate: float) -> None:
    k = np.arange(400_000 if rate < 0.01 else 20_000)
    for n in (1, 2, 7):
        plain = np.sum(survival(model, n + k) / survival(model, n - 1) * np.exp(-k * np.log1p(rate)))
        assert residual_periods(model, n, rate) == pytest.approx(plain, rel=1e-8)


def test_without_a_discount_rate_the_residual_lifetime_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        residual_periods(Sbg(0.7, 1.2), 1, 0.0)


def test_the_fit_is_a_maximum_and_finds_the_parameters_of_drawn_customers() -> None:
    rng = np.random.default_rng(5)
    truth, n = Sbg(0.9, 2.1), 20_000
    leaves = rng.geometric(rng.beta(truth.alpha, truth.beta, n))
    # contracts begun in each of ten periods: the later ones have had fewer renewals
    possible = rng.integers(0, 10, n)
    period, due, renewed = [], [], []
    for t in range(1, 10):
        reached = (leaves >= t) & (possible >= t)
        period.append(t)
        due.append(reached.sum())
        renewed.append((reached & (leaves > t)).sum())
    renewals = Renewals.of(period, due, renewed)
    found = fit(renewals)
    assert found is not None
    errors = np.sqrt(np.diag(found.covariance))
    assert abs(found.model.alpha - truth.alpha) < 3.5 * errors[0] < 0.3
    assert abs(found.model.beta - truth.beta) < 3.5 * errors[1] < 0.7
    for alpha, beta in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99)):
        other = Sbg(found.model.alpha * alpha, found.model.beta * beta)
        assert log_likelihood(other, renewals) < found.log_likelihood


def test_the_interval_of_a_forecast_contains_its_share_of_cohorts() -> None:
    rng = np.random.default_rng(11)
    truth, n = Sbg(0.8, 1.5), 1000
    inside, trials = 0, 300
    for _ in range(trials):
        leaves = rng.geometric(rng.beta(truth.alpha, truth.beta, n))
        alive = np.array([(leaves > t).sum() for t in range(13)])
        found = fit(Renewals.of_survivors(alive[:8]))
        assert found is not None
        share, error = remaining_share(found, 7, [5], float(alive[7]))
        inside += bool(abs(alive[12] / alive[7] - share[0]) <= 1.96 * error[0])
    # 95 % of 300 is 285 with a standard error of 3.8; three of them below
    assert inside >= 273


def test_more_customers_have_a_narrower_forecast_down_to_the_error_of_the_fit() -> None:
    found = fit(Renewals.of_survivors(REGULAR[:8]))
    assert found is not None
    few, many = (remaining_share(found, 7, [1, 5], n)[1] for n in (50.0, 1e9))
    assert np.all(few > many)
    assert np.all(many > 0)


def test_customers_who_are_alike_end_at_the_edge_with_their_common_rate() -> None:
    due = np.array([10_000.0, 8_000, 6_400, 5_120])
    found = fit(Renewals.of([1, 2, 3, 4], due, 0.8 * due))
    assert found is not None
    assert found.model.is_alike
    assert retention(found.model, [1, 4]) == pytest.approx([0.8, 0.8], abs=1e-3)


@pytest.mark.parametrize(("due", "renewed"), [([10, 0], [0, 0]), ([10, 10], [10, 10]), ([10], [5]), ([0, 0], [0, 0])])
def test_without_a_maximum_there_is_no_fit(due: list[float], renewed: list[float]) -> None:
    assert fit(Renewals.of(np.arange(1, len(due) + 1), due, renewed)) is None


@pytest.mark.parametrize(
    ("period", "due", "renewed", "says"),
    [
        ([0], [1], [1], "from 1"),
        ([1.5], [1], [1], "from 1"),
        ([1], [1], [2], "between 0 and those due"),
        ([1], [1], [-1], "between 0"),
        ([1, 2], [1], [1], "one length"),
    ],
)
def test_impossible_renewals_are_refused(
    period: list[float], due: list[float], renewed: list[float], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Renewals.of(period, due, renewed)


def test_rows_of_one_period_are_added_up() -> None:
    both = Renewals.of([2, 1, 2], [5, 9, 7], [3, 6, 4])
    assert both.period.tolist() == [1, 2]
    assert both.due.tolist() == [9, 12]
    assert both.renewed.tolist() == [6, 7]
