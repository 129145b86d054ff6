"""The fits of one peer package, in a separate process and possibly another Python. value_models.py calls it.

It calls the peer and prints the answer; value_models.py evaluates the answer. Nothing of the project is imported,
because a peer may need other versions of numpy and pandas than the project.

    python benchmarks/peers.py PACKAGE MODEL customers.npz [--repeats 5] [--budget 30]

PACKAGE is one of lifetimes, clvkit, pymc_marketing; MODEL one of bg_nbd, mbg_nbd, pareto_nbd, gamma_gamma, forecast.
Prints one line of JSON: version, wall and cpu (seconds of each run), answer (parameters by our names, or the total
forecast), numpy, memory_gb (peak). Exit code 4: the package has no such model.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import metadata

import numpy as np
import pandas as pd

NO_SUCH_MODEL = 4
YEAR_DAYS = 365.25

Answer = dict[str, float]


def ask_lifetimes(model: str, customers: pd.DataFrame) -> Callable[[], Answer] | None:
    """Its fitters take arrays; Pareto/NBD starts at random points."""
    import lifetimes

    np.random.seed(1)  # it draws from numpy's global generator

    x, t_x, age = (customers[name].to_numpy() for name in ("frequency", "recency", "T"))
    fitters = {
        "bg_nbd": lifetimes.BetaGeoFitter,
        "mbg_nbd": lifetimes.ModifiedBetaGeoFitter,
        "pareto_nbd": lifetimes.ParetoNBDFitter,
    }
    if model == "gamma_gamma":
        repeaters = customers[customers["frequency"] > 0]
        x, mean = repeaters["frequency"].to_numpy(), repeaters["monetary_value"].to_numpy()
        return lambda: _named(lifetimes.GammaGammaFitter().fit(x, mean).params_.to_dict())
    if model == "forecast":
        fitted = lifetimes.BetaGeoFitter().fit(x, t_x, age)
        return lambda: {
            "total": float(fitted.conditional_expected_number_of_purchases_up_to_time(YEAR_DAYS, x, t_x, age).sum())
        }
    return lambda: _named(fitters[model]().fit(x, t_x, age).params_.to_dict())


def ask_clvkit(model: str, customers: pd.DataFrame) -> Callable[[], Answer] | None:
    """Its models take a CustomerBase, made here from the summary."""
    import clvkit

    base = clvkit.CustomerBase(
        customers,
        time_unit="D",
        observation_period_end=pd.Timestamp("2020-01-01"),
        has_monetary=True,
        on_negative="net",
    )
    models = {"bg_nbd": clvkit.BGNBD, "mbg_nbd": clvkit.MBGNBD, "gamma_gamma": clvkit.GammaGamma}
    if model == "forecast":
        fitted = clvkit.BGNBD().fit(base)
        return lambda: {"total": float(fitted.predict(t=YEAR_DAYS).to_pandas().to_numpy().sum())}
    if model not in models:
        return None
    return lambda: _named(dict(models[model]().fit(base).params_))


def ask_pymc_marketing(model: str, customers: pd.DataFrame) -> Callable[[], Answer] | None:
    """The maximum a posteriori with its default priors, which is its only method intended to be fast."""
    from pymc_marketing import clv

    models = {
        "bg_nbd": clv.BetaGeoModel,
        "mbg_nbd": clv.ModifiedBetaGeoModel,
        "pareto_nbd": clv.ParetoNBDModel,
        "gamma_gamma": clv.GammaGammaModel,
    }
    data = customers[customers["frequency"] > 0] if model == "gamma_gamma" else customers

    def fit(kind: str) -> object:
        fitted = models[kind]()
        fitted.fit(data=data, method="map", progressbar=False)
        return fitted

    if model == "forecast":
        ready = fit("bg_nbd")
        return lambda: {"total": float(ready.expected_purchases(future_t=YEAR_DAYS).sum())}

    def parameters() -> Answer:
        found = fit(model).idata.posterior.data_vars
        return _named({name: float(values.to_numpy().ravel()[0]) for name, values in found.items() if values.size == 1})

    return parameters


PEERS = {"lifetimes": ask_lifetimes, "clvkit": ask_clvkit, "pymc_marketing": ask_pymc_marketing}


def _named(parameters: dict[str, float]) -> Answer:
    """The parameters with our names; some peers call the third parameter of Gamma-Gamma v."""
    return {("gamma" if name == "v" else name): float(value) for name, value in parameters.items()}


def main() -> None:
    """Run one model of one peer and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", choices=PEERS)
    parser.add_argument("model")
    parser.add_argument("customers")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--budget", type=float, default=30.0, help="seconds after which no further repeat is begun")
    options = parser.parse_args()
    with np.load(options.customers) as arrays:
        customers = pd.DataFrame(dict(arrays))
    customers.insert(0, "customer_id", np.arange(len(customers)))
    work = PEERS[options.package](options.model, customers)
    if work is None:
        sys.exit(NO_SUCH_MODEL)
    wall: list[float] = []
    cpu: list[float] = []
    answer: Answer = {}
    while len(wall) < options.repeats and sum(wall) < options.budget:
        start, used = time.perf_counter(), time.process_time()
        answer = work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    found = {"version": metadata.version(options.package), "wall": wall, "cpu": cpu, "answer": answer}
    sys.stdout.write(json.dumps(found | {"memory_gb": memory_gb, "numpy": np.__version__}) + "\n")


if __name__ == "__main__":
    main()
