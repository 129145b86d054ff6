"""The products, with category, brand, list price and cost. There is one snapshot file per month, with rising costs."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.feed import Every, Feed
from pipelines.sample.process import Ints, draws

CATEGORIES = ["Kitchen", "Garden", "Books", "Toys", "Beauty", "Sports", "Home", "Pets"]
BRANDS = [
    "Alba",
    "Brightwood",
    "Corvo",
    "Dunlin",
    "Estrella",
    "Fjord",
    "Gamma & Sons",
    "Hülsmann",
    "Île Verte",
    "Juniper",
]
NOUNS = [
    "basic",
    "classic",
    "plus",
    "large",
    "travel",
    "gift set",
    'the "original"',
    "refill, twin pack",
    "mini",
    "pro",
]
PER_CATEGORY = 30


@dataclass(frozen=True)
class Catalogue:
    """Products, sorted by category and list price; product i is of category i // PER_CATEGORY.

    Attributes:
        list_cents: List price.
        cost_cents: Unit cost at the start.
        brand: Index into BRANDS.
    """

    list_cents: Ints
    cost_cents: Ints
    brand: Ints

    def nearest(self, category: Ints, cents: Ints) -> Ints:
        """The cheapest product of the category with a list price of at least `cents`, else the most expensive one."""
        ladder = self.list_cents[:PER_CATEGORY]
        step = np.minimum(np.searchsorted(ladder, cents), PER_CATEGORY - 1)
        return category * PER_CATEGORY + step


def build(seed: int) -> Catalogue:
    """Each category has the same list prices, from 3 to 400."""
    rng = draws(seed, "catalogue")
    n = len(CATEGORIES) * PER_CATEGORY
    ladder = np.rint(np.geomspace(300, 40_000, PER_CATEGORY)).astype(np.int64)
    listed = np.tile(ladder, len(CATEGORIES))
    cost = np.rint(listed * rng.uniform(0.45, 0.65, n)).astype(np.int64)
    return Catalogue(listed, cost, rng.integers(0, len(BRANDS), n))


def product_id(products: Ints) -> pa.Array:
    """`SKU-00012`."""
    return text.reference("SKU-", products + 1, 5)


def product_name(catalogue: Catalogue, products: Ints) -> pa.Array:
    """The brand, the category and a noun."""
    return text.joined(
        text.picked(BRANDS, catalogue.brand[products]),
        text.picked(CATEGORIES, products // PER_CATEGORY),
        text.picked(NOUNS, products % len(NOUNS)),
        by=" ",
    )


def feed(catalogue: Catalogue, first: int, last: int) -> Feed:
    """A full snapshot on the first day and on the first of every month. Costs rise by half a percent per month."""
    days = np.arange(first, last + 1, dtype=np.int64)
    firsts = days[
        (days == first)
        | (days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]") == days.astype("datetime64[D]"))
    ]
    n = len(catalogue.list_cents)
    nth = np.repeat(np.arange(len(firsts)), n)
    product = np.tile(np.arange(n, dtype=np.int64), len(firsts))

    def render(rows: Ints) -> pa.Table:
        which = product[rows]
        return pa.table(
            {
                "sku": product_id(which),
                "name": product_name(catalogue, which),
                "category": text.picked(CATEGORIES, which // PER_CATEGORY),
                "brand": text.picked(BRANDS, catalogue.brand[which]),
                "unit_cost": text.decimal(catalogue.cost_cents[which] / 100 * 1.005 ** nth[rows], 4),
                "changed": text.nothing(len(which)),
            }
        )

    return Feed("products", "csv", Every.AS_IT_COMES, "products", ("sku",), firsts[nth], render, keys=n)
