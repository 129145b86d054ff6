"""The levels of a shop's customers, computed in plain Python from the written rule: an oracle for the warehouse.

It shares nothing with the pipeline: no SQL, no scipy, no project code. It is slow and meant for small shops. The
numbers of the rule are written out here as their defaults; only what differs between industries is an argument. Own
gaps are fractions, so that a silence exactly on the edge of a band is in the right one.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from statistics import median

# Lower edges of the bands of silence, in own gaps, and of the paces of customers with three and more purchase days.
BANDS = tuple(Fraction(quarters, 4) for quarters in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 80))
PACES = (Fraction(0), Fraction(3, 2), Fraction(3), Fraction(8))
ROWS = ("once", "twice slow", "twice fast", "often 0", "often 1.5", "often 3", "often 8")
RANKS = {"churned": 0, "at_risk": 1, "won_back": 2, "new": 2, "potential": 2, "loyal": 3}
IDLE_DAYS = 30
PRIOR = 25


@dataclass(frozen=True)
class Attitude:
    """What a customer's answers say at a day: the decayed mean (0 to 100) and the sum of the decayed weights."""

    mean: float
    weight: float


@dataclass(frozen=True)
class Shop:
    """What is known of a shop.

    Attributes:
        purchases: The purchase days of each customer.
        answers: The days on which each customer answered a survey.
        attitude: The attitude of customers at level days, where any is known.
        preset_g0: The industry's expected gap in days.
        lapsed_days: The industry's days of silence after which a customer may be called churned without a curve.
        level_months: How many earlier month ends a curve counts.
    """

    purchases: Mapping[str, Sequence[date]]
    answers: Mapping[str, Sequence[date]] = field(default_factory=dict)
    attitude: Mapping[tuple[str, date], Attitude] = field(default_factory=dict)
    preset_g0: Fraction | int = 90
    lapsed_days: int = 365
    level_months: int = 60


@dataclass(frozen=True)
class Level:
    """The level of a customer at a day, with what it follows from; None where the rule knows nothing."""

    level: str
    reason: str
    basis: str | None = None
    p: float | None = None
    q: float | None = None
    return_probability: float | None = None
    g0: float | None = None
    horizon: int | None = None
    silence_days: int | None = None
    own_gap: float | None = None
    is_break: bool | None = None


def month_ends(last: date, n: int) -> list[date]:
    """The last `n` ends of months on or before a day, the earliest first."""
    found: list[date] = []
    day = last if (last + timedelta(days=1)).day == 1 else last.replace(day=1) - timedelta(days=1)
    for _ in range(n):
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return found[::-1]


@dataclass(frozen=True)
class Calendar:
    """The days up to a day, without the long runs in which nobody bought.

    Attributes:
        idle: The removed runs up to the day: first and last day of each.
    """

    idle: tuple[tuple[date, date], ...]

    def counts(self, day: date) -> bool:
        """Whether a day is not in a removed run."""
        return not any(first <= day <= last for first, last in self.idle)

    def number(self, day: date) -> int:
        """How many days that count there are up to a day, from an arbitrary start."""
        removed = sum((min(last, day) - first).days + 1 for first, last in self.idle if first <= day)
        return day.toordinal() - removed


def calendar_until(purchase_days: Iterable[date], last: date) -> Calendar:
    """The calendar as it is known on its last day."""
    days = sorted({day for day in purchase_days if day <= last})
    runs = [(one + timedelta(days=1), other - timedelta(days=1)) for one, other in pairwise(days)]
    if days:
        runs.append((days[-1] + timedelta(days=1), last))
    return Calendar(tuple((one, other) for one, other in runs if (other - one).days + 1 >= IDLE_DAYS))


@dataclass(frozen=True)
class Facts:
    """What a customer had done by a day, in days that count."""

    n: int  # purchase days
    age: int  # T: since the first purchase
    silence: int  # R: since the last
    span: int  # t_x: from the first to the last

    def own_gap(self, g0: Fraction) -> Fraction:
        return (g0 + self.span) / self.n  # 1 + x = n


def facts(numbers: Sequence[int], today: int) -> Facts | None:
    """The facts of a customer at a day; None before the first purchase.

    Args:
        numbers: The day numbers of all the purchases, ascending.
        today: The day's number.
    """
    n = bisect_right(numbers, today)
    if n == 0:
        return None
    return Facts(n, today - numbers[0], today - numbers[n - 1], numbers[n - 1] - numbers[0])


def row_of(n: int, pace: Fraction) -> int:
    """The row of the curve, by purchase days and the purchases that are expected within the horizon."""
    if n == 1:
        return 0
    if n == 2:
        return 1 if pace < 2 else 2
    return 2 + bisect_right(PACES, pace)


def band_of(silence: Fraction) -> int:
    """The band of a silence in own gaps."""
    return bisect_right(BANDS, silence) - 1


def clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def horizon_of(days: Fraction) -> int:
    """A number of days, rounded half up, within 28 and 365."""
    return min(365, max(28, math.floor(days + Fraction(1, 2))))


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def non_increasing(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The isotonic regression by pool adjacent violators; a place without weight takes the value before it.

    Leading places without weight take the first value with weight. Without any weight everything is 0.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, places
    leading = 0
    for value, weight in zip(values, weights, strict=True):
        if weight <= 0:
            if blocks:
                mean, total, places = blocks[-1]
                blocks[-1] = (mean, total, places + 1)
            else:
                leading += 1
            continue
        blocks.append((value, weight, 1 + leading))
        leading = 0
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (one, w_one, n_one), (other, w_other, n_other) = blocks[-2:]
            blocks[-2:] = [((one * w_one + other * w_other) / (w_one + w_other), w_one + w_other, n_one + n_other)]
    return [mean for mean, _, places in blocks for _ in range(places)] or [0.0] * len(values)


def shift_that_gives(target: float, weights: Sequence[float], shares: Sequence[float]) -> float:
    """The constant c with sum of w logistic(logit(share) + c) = target, by bisection between -60 and 60."""
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        given = sum(w * logistic(logit(share) + middle) for w, share in zip(weights, shares, strict=True))
        low, high = (middle, high) if given < target else (low, middle)
    return (low + high) / 2


@dataclass
class Cells:
    """How many were seen (w) in each row and band, and how many of them came back (k)."""

    w: list[list[int]] = field(default_factory=lambda: [[0] * len(BANDS) for _ in ROWS])
    k: list[list[int]] = field(default_factory=lambda: [[0] * len(BANDS) for _ in ROWS])

    def add(self, row: int, band: int, came_back: bool) -> None:
        self.w[row][band] += 1
        self.k[row][band] += came_back


@dataclass(frozen=True)
class Curve:
    """The return curve of a month end.

    Attributes:
        g0: In days.
        horizon: In days.
        p: Per row and band the share that comes back; None in fallback.
        q: The same against the start of the row.
        p_active: The share of those with a silence below one own gap; of all if there are none; None in fallback.
        proven: Per row and band, whether churn may be claimed there.
        season: The shift of the logit for the season.
    """

    g0: Fraction
    horizon: int
    p: list[list[float]] | None
    q: list[list[float]]
    p_active: float | None
    proven: list[list[bool]]
    season: float

    def at_risk(self, row: int, band: int) -> bool:
        assert self.p is not None and self.p_active is not None
        return self.q[row][band] < 0.6 and self.p[row][band] < self.p_active


def proof(k: Sequence[int], w: Sequence[int], p: Sequence[float], horizon: int) -> list[bool]:
    """Per band of a row, whether churn is proven there or in a band before it."""
    proven, found = False, []
    for band in range(len(w)):
        came_back, seen = sum(k[band:]), sum(w[band:])
        if seen > 0 and p[band] <= 0.15:
            effective = seen / max(1.0, horizon / 30.4)
            u = (effective * came_back / seen + 0.5) / (effective + 1)
            proven |= u + 1.28 * math.sqrt(u * (1 - u) / (effective + 1)) <= 0.20
        found.append(proven)
    return found


def fit(cells: Cells) -> tuple[list[list[float]], list[list[float]]]:
    """The fitted shares p and their ratio q to the start of the row, per row and band.

    A row's share is clipped as the pooled curve is, because no constant gives 0 or 1. In a row without customers q is
    relative to the first band.
    """
    n_bands = len(BANDS)
    w_all = [sum(row[band] for row in cells.w) for band in range(n_bands)]
    k_all = [sum(row[band] for row in cells.k) for band in range(n_bands)]
    seen, came_back = sum(w_all), sum(k_all)
    raw = [k / w if w else 0.0 for k, w in zip(k_all, w_all, strict=True)]
    edge = 0.5 / (seen + 1)
    pooled = [clamp(share, edge, 1 - edge) for share in non_increasing(raw, w_all)]
    p, q = [], []
    for w, k in zip(cells.w, cells.k, strict=True):
        n_row = sum(w)
        target = clamp((sum(k) + PRIOR * came_back / seen) / (n_row + PRIOR), edge, 1 - edge)
        shift = shift_that_gives(target * n_row, w, pooled) if n_row else 0.0
        prior = [logistic(logit(share) + shift) for share in pooled]
        weights = [each + PRIOR for each in w]
        shares = [(ki + PRIOR * pi) / wi for ki, pi, wi in zip(k, prior, weights, strict=True)]
        fitted = non_increasing(shares, weights)
        start = next((band for band in range(n_bands) if sum(w[: band + 1]) >= 50), n_bands - 1) + 1
        counted = sum(w[:start])
        usual = (
            sum(wi * pi for wi, pi in zip(w[:start], fitted[:start], strict=True)) / counted if counted else fitted[0]
        )
        p.append(fitted)
        q.append([share / usual for share in fitted])
    return p, q


class Oracle:
    """Computes the levels of one shop as of a day D.

    Args:
        shop: What is known of it on D; what happens later is not looked at.
        day: D.
    """

    def __init__(self, shop: Shop, day: date) -> None:
        self.shop, self.day = shop, day
        self.bought = {
            key: sorted({on for on in days if on <= day})
            for key, days in shop.purchases.items()
            if any(on <= day for on in days)
        }
        first = min((days[0] for days in self.bought.values()), default=date.max)
        self.month_ends = [end for end in month_ends(day, 1_200) if end >= first]
        self.curves = {end: self.curve(end) for end in self.month_ends}

    @cached_property
    def shop_days(self) -> list[date]:
        """The days on which anybody bought."""
        return sorted({on for days in self.bought.values() for on in days})

    def numbers(self, calendar: Calendar, until: date) -> dict[str, list[int]]:
        """The day numbers of each customer's purchases up to a day."""
        known = {key: days[: bisect_right(days, until)] for key, days in self.bought.items()}
        return {key: [calendar.number(on) for on in days] for key, days in known.items() if days}

    def g0(self, numbers: Mapping[str, Sequence[int]], today: int) -> Fraction:
        """The expected gap of a buyer at a day: the preset's, or the shop's own if enough is known of it.

        The median is in ten-thousandths of a day, rounded down.
        """
        preset = Fraction(self.shop.preset_g0)
        gaps = [Fraction(days[-1] - days[0], len(days) - 1) for days in numbers.values() if len(days) > 1]
        if len(gaps) < 50:
            return preset
        middle = Fraction(math.floor(median([math.floor(gap * 10_000) for gap in gaps])), 10_000)
        history = today - min(days[0] for days in numbers.values())
        differs = max(middle, preset) > Fraction(3, 2) * min(middle, preset)
        return middle if history >= 4 * max(preset, middle) and differs else preset

    def curve(self, end: date) -> Curve:
        """The return curve of a month end, from what happened until then."""
        calendar = calendar_until(self.shop_days, end)
        numbers = self.numbers(calendar, end)
        today = calendar.number(end)
        g0 = self.g0(numbers, today)

        def horizon(gaps: int) -> int:
            return horizon_of(gaps * g0)

        def with_outcome(days: int) -> list[date]:
            window = [on for on in self.month_ends if on < end][-self.shop.level_months :]
            earlier = [on for on in window if calendar.counts(on)]
            return [on for on in earlier if calendar.number(on) + days <= today]

        days = horizon(2) if len(with_outcome(horizon(2))) >= 6 else horizon(1)
        counted, same_month = Cells(), Cells()
        outcomes = with_outcome(days)
        seasons = [on for on in outcomes if on.month == end.month and on < end]
        for on in outcomes:
            then = calendar.number(on)
            for bought in numbers.values():
                found = facts(bought, then)
                if found is None:
                    continue
                gap = found.own_gap(g0)
                came_back = found.n < len(bought) and bought[found.n] <= then + days
                for cells in (counted, same_month) if on in seasons else (counted,):
                    cells.add(row_of(found.n, days / gap), band_of(found.silence / gap), came_back)
        seen = sum(map(sum, counted.w))
        if len(outcomes) < 3 or seen < 200:
            return Curve(g0, days, None, [], None, [], 0.0)
        p, q = fit(counted)
        active = [(sum(w[:4]), sum(k[:4])) for w, k in zip(counted.w, counted.k, strict=True)]
        n_active, k_active = (sum(column) for column in zip(*active, strict=True))
        return Curve(
            g0=g0,
            horizon=days,
            p=p,
            q=q,
            p_active=k_active / n_active if n_active else sum(map(sum, counted.k)) / seen,
            proven=[proof(k, w, fitted, days) for k, w, fitted in zip(counted.k, counted.w, p, strict=True)],
            season=self.season(p, same_month, len(seasons)),
        )

    def season(self, p: Sequence[Sequence[float]], cells: Cells, years: int) -> float:
        """The shift of the logit that the same month's earlier outcomes ask for."""
        w = [each for row in cells.w for each in row]
        if years == 0 or not sum(w):
            return 0.0
        edge = 0.5 / (sum(w) + 1)
        target = clamp(sum(map(sum, cells.k)) / sum(w), edge, 1 - edge)
        return years / (years + 1) * shift_that_gives(target * sum(w), w, [share for row in p for share in row])

    def curve_for(self, on: date) -> Curve:
        """The curve of the last month end on or before a day; before the first one nothing is known."""
        known = [end for end in self.month_ends if end <= on]
        if known:
            return self.curves[known[-1]]
        preset = Fraction(self.shop.preset_g0)
        return Curve(preset, horizon_of(preset), None, [], None, [], 0.0)

    def is_break(self, bought: Sequence[int], known: Facts, curve: Curve) -> bool:
        """Whether the gap before the last purchase looked like leaving."""
        if known.n < 2:
            return False
        gap = bought[known.n - 1] - bought[known.n - 2]
        silence = gap - 1  # at the end of the day before the purchase
        own = Facts(known.n - 1, 0, 0, known.span - gap).own_gap(curve.g0)
        if curve.p is None:
            is_churned = silence >= own and self.churned_in_fallback(silence, curve)
            return is_churned or gap - 2 * own > curve.horizon  # at risk only beyond two own gaps
        row, band = row_of(known.n - 1, curve.horizon / own), band_of(silence / own)
        is_churned = silence / own >= 1 and curve.proven[row][band]
        bands = [edge for index, edge in enumerate(BANDS) if curve.at_risk(row, index)]
        return is_churned or (bool(bands) and gap - min(bands) * own >= curve.horizon)

    def churned_in_fallback(self, silence: int, curve: Curve) -> bool:
        return silence > max(self.shop.lapsed_days, 2 * curve.horizon)

    def by_table(self, key: str, on: date, bought: Sequence[int], today: int) -> Level:
        """The result of the decision table at a day, before the rule about silence."""
        curve = self.curve_for(on)
        known = facts(bought, today)
        assert known is not None
        gap = known.own_gap(curve.g0)
        ratio = known.silence / gap
        p = q = probability = None
        if curve.p is None:
            is_churned = ratio >= 1 and self.churned_in_fallback(known.silence, curve)
            is_at_risk = ratio > 2
        else:
            row, band = row_of(known.n, curve.horizon / gap), band_of(ratio)
            p, q = curve.p[row][band], curve.q[row][band]
            probability = logistic(logit(p) + curve.season)
            is_churned = ratio >= 1 and curve.proven[row][band]
            is_at_risk = curve.at_risk(row, band)
        is_break = self.is_break(bought, known, curve)
        attitude = self.shop.attitude.get((key, on))
        dislikes = attitude is not None and attitude.weight >= 0.5 and attitude.mean < 40
        rules: list[tuple[str, Callable[[], bool]]] = [
            ("new", lambda: known.age <= curve.g0 and known.n < 3),
            ("churned", lambda: is_churned),
            ("at_risk", lambda: is_at_risk),
            ("won_back", lambda: known.silence <= curve.horizon and is_break),
            ("loyal", lambda: known.n >= 3 and known.span >= curve.g0 and not is_break and not dislikes),
            ("potential", lambda: True),
        ]
        return Level(
            level=next(level for level, holds in rules if holds()),
            reason="rule",
            basis="preset" if curve.p is None else "curve",
            p=p,
            q=q,
            return_probability=probability,
            g0=float(curve.g0),
            horizon=curve.horizon,
            silence_days=known.silence,
            own_gap=float(gap),
            is_break=is_break,
        )

    def levels(self) -> dict[tuple[str, date], Level]:
        """The level of every buyer at every month end since their first purchase, and at D."""
        found: dict[tuple[str, date], Level] = {}
        days = self.month_ends + ([] if self.day in self.month_ends else [self.day])
        for previous, on in zip([date.min, *days], days, strict=False):
            calendar = calendar_until(self.shop_days, on)
            today = calendar.number(on)
            for key, bought in self.numbers(calendar, on).items():
                result = self.by_table(key, on, bought, today)
                was = found.get((key, previous))
                if was is not None and not self.acted(key, previous, on):
                    result = in_silence(was, result)
                found[key, on] = result
        return found

    def acted(self, key: str, after: date, until: date) -> bool:
        """Whether a customer bought or answered after a day, until another."""

        def any_of(days: Sequence[date]) -> bool:
            return bisect_left(days, after + timedelta(days=1)) < bisect_right(days, until)

        return any_of(self.bought[key]) or any_of(sorted(self.shop.answers.get(key, ())))


def in_silence(was: Level, result: Level) -> Level:
    """The level of a customer who neither bought nor answered since the previous month end.

    Args:
        was: At the previous month end.
        result: The result of the table.
    """
    if was.level == "churned" and result.p is not None and result.p > 0.20:
        return replace(result, level="at_risk", reason="recalibrated")
    if RANKS[was.level] < RANKS[result.level]:
        reason = "recalibrated" if was.reason == "recalibrated" else "silence"
        return replace(result, level=was.level, reason=reason)
    return result


def levels(shop: Shop, day: date) -> dict[tuple[str, date], Level]:
    """The level of every customer at every month end on or before a day since the first purchase, and at the day.

    A customer without a purchase by then is not in it: they are a prospect.
    """
    return Oracle(shop, day).levels()
