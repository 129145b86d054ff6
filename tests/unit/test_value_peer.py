"""The value models agree with lifetimes, customer by customer, where lifetimes runs.

lifetimes is called in a process of its own: importing it warns under pandas 3, and it changes pandas' options.
"""

import subprocess
import sys

import numpy as np
import pytest

from pipelines.value import bg_nbd, bg_nbd_forecast, gamma_gamma
from pipelines.value.cells import PurchaseCells
from tests.unit.value_samples import Floats, packaged_cdnow, read_cdnow, simulate

PEER = """
import sys
import numpy as np, pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
given = np.load(sys.argv[1])
buying = BetaGeoFitter()
buying.params_ = pd.Series(dict(zip(("r", "alpha", "a", "b"), given["purchase_parameters"])))
buying.predict = buying.conditional_expected_number_of_purchases_up_to_time
spending = GammaGammaFitter()
spending.params_ = pd.Series(dict(zip(("p", "q", "v"), given["spend_parameters"])))
x, t_x, age, mean = (given[name] for name in ("x", "t_x", "age", "mean"))
fitted = BetaGeoFitter().fit(x, t_x, age)
np.savez(
    sys.argv[2],
    alive=buying.conditional_probability_alive(x, t_x, age),
    expected=np.stack([buying.predict(t, x, t_x, age) for t in given["horizons"]]),
    new=buying.expected_number_of_purchases_up_to_time(given["horizons"]),
    spend=spending.conditional_expected_average_profit(pd.Series(x), pd.Series(mean)),
    fitted=fitted.params_[["r", "alpha", "a", "b"]].to_numpy(),
)
"""
HORIZONS = np.array([91.3125, 182.625, 365.25, 730.5])
SPEND = gamma_gamma.GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture(scope="module", params=["cdnow", "simulated"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """What we say and what lifetimes says of the same customers, at the same parameters."""
    people = read_cdnow(packaged_cdnow()) if request.param == "cdnow" else simulate(3000, seed=4)
    x, t_x, age, mean = people.repeats, people.recency, people.age, np.nan_to_num(people.mean)
    model = bg_nbd.fit(PurchaseCells.of(x, t_x, age)).model
    assert isinstance(model, bg_nbd.BgNbd)
    parameters = np.array([model.r, model.alpha, model.a, model.b])
    folder = tmp_path_factory.mktemp("peer")
    np.savez(
        folder / "given.npz",
        x=x, t_x=t_x, age=age, mean=mean, horizons=HORIZONS, purchase_parameters=parameters,
        spend_parameters=np.array([SPEND.p, SPEND.q, SPEND.gamma]),
    )  # fmt: skip
    run = [sys.executable, "-c", PEER, str(folder / "given.npz"), str(folder / "theirs.npz")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours = {
        "alive": bg_nbd_forecast.p_alive(model, x, t_x, age),
        "expected": np.stack([bg_nbd_forecast.expected_purchases_given(model, x, t_x, age, t) for t in HORIZONS]),
        "new": np.array([bg_nbd_forecast.expected_purchases(model, t) for t in HORIZONS]),
        "spend": gamma_gamma.expected_spend(SPEND, x, mean),
        "fitted": parameters,
    }
    with np.load(folder / "theirs.npz") as theirs:
        return ours, dict(theirs)


@pytest.mark.parametrize("figure", ["alive", "expected", "new", "spend"])
def test_every_customer_gets_the_figure_that_lifetimes_gives(
    both: tuple[dict[str, Floats], dict[str, Floats]], figure: str
) -> None:
    ours, theirs = both
    np.testing.assert_allclose(ours[figure], theirs[figure], rtol=1e-6)


def test_the_fit_is_no_worse_than_lifetimes_and_close_to_it(both: tuple[dict[str, Floats], dict[str, Floats]]) -> None:
    ours, theirs = both
    np.testing.assert_allclose(ours["fitted"], theirs["fitted"], rtol=1e-3)
