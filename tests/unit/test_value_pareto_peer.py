"""The Pareto/NBD agrees with lifetimes, customer by customer, where lifetimes runs.

lifetimes is called in a process of its own: importing it warns under pandas 3, and it changes pandas' options.
"""

import subprocess
import sys

import numpy as np
import pytest

from pipelines.value import pareto_nbd, pareto_nbd_forecast
from pipelines.value.cells import PurchaseCells
from tests.unit.value_samples import Floats, packaged_cdnow, read_cdnow, simulate

PEER = """
import sys
import numpy as np, pandas as pd
from lifetimes import ParetoNBDFitter
given = np.load(sys.argv[1])
buying = ParetoNBDFitter()
buying.params_ = pd.Series(dict(zip(("r", "alpha", "s", "beta"), given["parameters"])))
x, t_x, age = (given[name] for name in ("x", "t_x", "age"))
np.random.seed(1)  # it starts at random points, and from some of them it ends early
fitted = ParetoNBDFitter().fit(x, t_x, age)
np.savez(
    sys.argv[2],
    alive=buying.conditional_probability_alive(x, t_x, age),
    expected=np.stack(
        [buying.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, age) for t in given["horizons"]]
    ),
    new=buying.expected_number_of_purchases_up_to_time(given["horizons"]),
    fitted=fitted.params_[["r", "alpha", "s", "beta"]].to_numpy(),
)
"""
HORIZONS = np.array([91.3125, 182.625, 365.25, 730.5])
Both = tuple[dict[str, Floats], dict[str, Floats], PurchaseCells]


@pytest.fixture(scope="module", params=["cdnow", "simulated"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """What we say and what lifetimes says of the same customers, at the same parameters."""
    people = read_cdnow(packaged_cdnow()) if request.param == "cdnow" else simulate(1500, seed=4)
    x, t_x, age = people.repeats, people.recency, people.age
    cells = PurchaseCells.of(x, t_x, age)
    model = pareto_nbd.fit(cells).model
    assert isinstance(model, pareto_nbd.ParetoNbd)
    parameters = np.array([model.r, model.alpha, model.s, model.beta])
    folder = tmp_path_factory.mktemp("peer")
    np.savez(folder / "given.npz", x=x, t_x=t_x, age=age, horizons=HORIZONS, parameters=parameters)
    run = [sys.executable, "-c", PEER, str(folder / "given.npz"), str(folder / "theirs.npz")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    forecast = pareto_nbd_forecast
    ours = {
        "alive": forecast.p_alive(model, x, t_x, age),
        "expected": np.stack([forecast.expected_purchases_given(model, x, t_x, age, t) for t in HORIZONS]),
        "new": np.array([forecast.expected_purchases(model, t) for t in HORIZONS]),
        "fitted": parameters,
    }
    with np.load(folder / "theirs.npz") as theirs:
        return ours, dict(theirs), cells


@pytest.mark.parametrize("figure", ["alive", "expected", "new"])
def test_every_customer_gets_the_figure_that_lifetimes_gives(both: Both, figure: str) -> None:
    ours, theirs, _ = both
    np.testing.assert_allclose(ours[figure], theirs[figure], rtol=1e-6)


def test_the_fit_is_no_worse_than_lifetimes_and_close_to_it(both: Both) -> None:
    ours, theirs, cells = both
    np.testing.assert_allclose(ours["fitted"], theirs["fitted"], rtol=1e-3)
    at_ours, at_theirs = (
        pareto_nbd.log_likelihood(pareto_nbd.ParetoNbd(*(float(value) for value in side["fitted"])), cells)
        for side in (ours, theirs)
    )
    assert at_ours >= at_theirs
