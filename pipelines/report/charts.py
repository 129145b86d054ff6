"""Vega-Lite specifications of the report's charts: pure functions from rows to JSON. Nothing is drawn here.

Colours are CSS variables of the page, so that a chart follows the theme and the print style without being drawn again.
Texts are formatted in Python, so that they equal those of the table.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pipelines.report.blocks import Chart
from pipelines.report.formats import Formats, kind_of
from pipelines.report.source import Result, Value

Spec = dict[str, Any]  # JSON
Rows = list[dict[str, Any]]

_STEP = 30  # the height of a horizontal bar in pixels
_HEIGHT = 260
_SERIES = 8  # colours of CSS: --c1 to --c8
# Codes with a colour of their own: a level has the same colour in each chart.
_LEVELS = ("loyal", "potential", "new", "won_back", "at_risk", "churned", "prospect", "not_known_yet")
_KINDS = ("emotional", "attitudinal", "cognitive", "behavioural", "not_loyal", "unknown")
_OWN = {
    **{code: f"var(--level-{code.replace('_', '-')})" for code in _LEVELS},
    **{code: f"var(--class-{code.replace('_', '-')})" for code in _KINDS},
    **{code: f"var(--c{place})" for place, code in enumerate(("email", "phone", "sms", "visit"), start=1)},
}
_APART: Spec = {"labelOverlap": "greedy", "labelSeparation": 8}  # a label that would touch another one is left out
_CLASSES = 6  # classes of colour of a heat map: --h1 to --h6, with the text colours --t1 to --t6


def chart_spec(chart: Chart, result: Result, labelled: Result, headings: dict[str, str], formats: Formats) -> Spec:
    """The specification of a chart.

    Args:
        chart: What to show.
        result: The rows, with codes.
        labelled: The same rows, with labels instead of codes.
        headings: The heading of each column.
        formats: The formats of the language.
    """
    values = _values(chart, result, labelled, headings, formats)
    build = {
        "bars": _bars,
        "columns": _columns,
        "lines": _lines,
        "shares": _shares,
        "heat": _heat,
        "scatter": _scatter,
    }[chart.kind]
    spec = build(chart, result, values, headings)
    return {"data": {"values": values}, **spec}


def _values(chart: Chart, result: Result, labelled: Result, headings: dict[str, str], formats: Formats) -> Rows:
    """The rows of a chart: a number or a text per role, and the text of the tooltip."""
    roles = {"x": chart.x, "y": chart.y, "c": chart.colour, "v": chart.value, "l": chart.low, "h": chart.high}
    roles |= {"p": chart.line}
    rows: Rows = []
    ranks = list(dict.fromkeys(result.column(chart.colour))) if chart.colour else []
    for row, shown in zip(result.rows, labelled.rows, strict=True):
        cells = dict(zip(result.columns, row, strict=True))
        labels = dict(zip(result.columns, shown, strict=True))
        texts = {name: formats.show(name, value) for name, value in zip(result.columns, shown, strict=True)}
        brief = {name: formats.short(name, value) for name, value in zip(result.columns, shown, strict=True)}
        entry: dict[str, Any] = {}
        for role, column in roles.items():
            if column:
                entry[role] = _plain(cells[column], labels[column], brief[column])
        if chart.kind == "heat":
            entry["s"] = brief[chart.value]
        elif chart.kind == "bars":
            entry["s"] = brief[chart.x]
            entry["e"] = None if entry["x"] is None else max(entry["x"], 0)
        if chart.colour:
            entry["o"] = _rank(cells[chart.colour], ranks)
        entry["t"] = "\n".join(f"{headings[name]}: {texts[name]}" for name in result.columns)
        rows.append(entry)
    return rows


def _plain(value: Value, label: Value, text: str) -> Any:
    """A number as a number, everything else as the text that people read: also a category that is not known."""
    if isinstance(value, bool) or (value is None and label is not None):
        return text
    if isinstance(value, Decimal | float):
        return round(float(value), 6)
    return value if isinstance(value, int) or value is None else text


def _axis(column: str, headings: dict[str, str]) -> Spec:
    """A numeric axis with the column's heading and unit."""
    form = {"share": ".2~%", "amount": ",.0f", "count": ",d"}.get(kind_of(column), ",.2~f")
    return {"title": headings[column], "format": form, "tickCount": 5, **_APART}


def _distinct(values: Rows, role: str) -> list[Any]:
    """The values of a role in the order of the rows."""
    return list(dict.fromkeys(value[role] for value in values))


def _is_known(values: Rows, role: str) -> bool:
    """Whether a row has a value in this role: an interval or a forecast may be unknown everywhere."""
    return any(value.get(role) is not None for value in values)


def _colour(chart: Chart, result: Result, values: Rows) -> Spec:
    """The colour of each series, with a legend below the chart."""
    order = {value["c"]: value["o"] for value in values}
    names = sorted(order, key=lambda name: order[name])
    labels = dict(zip((value["c"] for value in values), result.column(chart.colour), strict=True))
    codes = [labels[name] for name in names]
    own = [_OWN.get(str(code)) for code in codes]
    colours = own if all(own) else [f"var(--c{position % _SERIES + 1})" for position in range(len(names))]
    return {
        "field": "c",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names, "range": list(colours)},
        "legend": {"title": None} if len(names) > 1 else None,
    }


def _tooltip() -> Spec:
    return {"field": "t", "type": "nominal"}


def _bars(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    categories = _distinct(values, "y")
    y: Spec = {"field": "y", "type": "ordinal", "sort": categories, "axis": {"title": None}}
    x: Spec = {"field": "x", "type": "quantitative", "axis": _axis(chart.x, headings)}
    bar: Spec = {"mark": {"type": "bar", "height": {"band": 0.68}}, "encoding": {"x": x, "y": y, "tooltip": _tooltip()}}
    layers: list[Any] = [bar]
    if chart.colour:
        x["stack"] = "zero"
        bar["encoding"]["color"] = _colour(chart, result, values)
        bar["encoding"]["order"] = {"field": "o", "type": "quantitative"}
    elif all(str(code) in _OWN for code in result.column(chart.y)):
        own = dict(zip((value["y"] for value in values), result.column(chart.y), strict=True))
        scale = {"domain": list(own), "range": [_OWN[str(code)] for code in own.values()]}
        bar["encoding"]["color"] = {"field": "y", "type": "nominal", "scale": scale, "legend": None}
    if _is_known(values, "l"):
        layers.append(_interval(x, y))
    elif not chart.colour:
        layers.append(_ends(x, y))
    return {"height": max(len(categories), 2) * _STEP, "layer": layers}


def _interval(x: Spec, y: Spec) -> Spec:
    """The intervals of bars as thin rules."""
    ends = {"x": {**x, "field": "l"}, "x2": {"field": "h"}, "y": y, "tooltip": _tooltip()}
    return {"mark": {"type": "rule", "strokeWidth": 2, "stroke": "var(--ink)"}, "encoding": ends}


def _ends(x: Spec, y: Spec) -> Spec:
    """The values of bars as texts at the right of each bar: beside the axis if the value is below 0."""
    mark = {"type": "text", "fontSize": 11, "align": "left", "dx": 4}
    return {"mark": mark, "encoding": {"x": {**x, "field": "e"}, "y": y, "text": {"field": "s"}, "tooltip": _tooltip()}}


def _columns(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    encoding: Spec = {
        "x": _periods(chart.x, values, headings),
        "y": {"field": "y", "type": "quantitative", "axis": _axis(chart.y, headings)},
        "tooltip": _tooltip(),
    }
    if chart.colour:
        encoding["color"] = _colour(chart, result, values)
        encoding["order"] = {"field": "o", "type": "quantitative"}
    # few columns are not wider than those of a chart with four
    band = 0.78 * min(len(_distinct(values, "x")), 4) / 4
    return {"height": _HEIGHT, "mark": {"type": "bar", "width": {"band": band}}, "encoding": encoding}


def _periods(column: str, values: Rows, headings: dict[str, str]) -> Spec:
    """An axis of periods or ordered numbers, in the order of the rows."""
    axis: Spec = {"title": headings[column], "labelAngle": 0, **_APART}
    return {"field": "x", "type": "ordinal", "sort": _distinct(values, "x"), "axis": axis}


def _lines(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    x = _periods(chart.x, values, headings)
    y: Spec = {"field": "y", "type": "quantitative", "axis": _axis(chart.y, headings), "scale": {"zero": False}}
    if kind_of(chart.y) in ("share", "count", "amount"):
        y["scale"] = {"zero": True}
    layers: list[Any] = []
    if _is_known(values, "l"):
        band: Spec = {"x": x, "y": {**y, "field": "l"}, "y2": {"field": "h"}}
        layers.append({"mark": {"type": "area", "opacity": 0.18, "color": "var(--c1)"}, "encoding": band})
    main: Spec = {"x": x, "y": y, "tooltip": _tooltip()}
    several = bool(chart.colour) and len(_distinct(values, "c")) > 1
    if several:
        main["color"] = _colour(chart, result, values)
    elif _is_known(values, "p"):
        names: list[Any] = [headings[chart.y], headings[chart.line]]
        scale: Spec = {"domain": names, "range": ["var(--c1)", "var(--c2)"]}
        legend: Spec = {"title": None, "symbolType": "stroke"}
        main["color"] = {"datum": names[0], "type": "nominal", "scale": scale, "legend": legend}
        dashed: Spec = {
            "x": x,
            "y": {**y, "field": "p"},
            "tooltip": _tooltip(),
            "color": {"datum": names[1], "type": "nominal", "scale": scale},
        }
        layers.append({"mark": {"type": "line", "strokeDash": [6, 4], "point": False}, "encoding": dashed})
    layers.append({"mark": {"type": "line", "point": {"size": 42, "filled": True}}, "encoding": main})
    return {"height": _HEIGHT, "layer": layers}


def _shares(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    spec = _bars(chart, result, values, headings)
    layer = spec["layer"][0]
    layer["encoding"]["x"]["scale"] = {"domain": [0, 1]}
    return spec


def _length(label: object) -> int:
    """About how many pixels a label takes; Chinese characters are twice as wide as others."""
    return sum(12 if character > "\u2e80" else 7 for character in str(label)) + 8


def _heat(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    rows = sorted(_distinct(values, "y"), key=_order(chart, result, values, "y"))
    columns = sorted(_distinct(values, "x"), key=_order(chart, result, values, "x"))
    width = max(46, *(_length(label) for label in columns))
    axis: Spec = {"title": headings[chart.x], "orient": "top", "labelAngle": 0, "labelLimit": max(width, 90)}
    x: Spec = {"field": "x", "type": "ordinal", "sort": columns, "axis": axis}
    y: Spec = {"field": "y", "type": "ordinal", "sort": rows, "axis": {"title": None}}
    numbers = [value["v"] for value in values if isinstance(value["v"], int | float)]
    top = max(numbers, default=1) or 1
    cuts: list[Any] = [round(top * step / _CLASSES, 6) for step in range(1, _CLASSES)]

    def shades(name: str) -> Any:
        colours: list[Any] = [f"var(--{name}{step})" for step in range(1, _CLASSES + 1)]
        scale: Spec = {"type": "threshold", "domain": cuts, "range": colours}
        return {"field": "v", "type": "quantitative", "scale": scale, "legend": None}

    cell: Spec = {"x": x, "y": y, "color": shades("h"), "tooltip": _tooltip()}
    text: Spec = {"x": x, "y": y, "text": {"field": "s"}, "color": shades("t"), "tooltip": _tooltip()}
    return {
        "height": max(len(rows), 2) * _STEP,
        "layer": [
            {"mark": {"type": "rect", "stroke": "var(--card)", "strokeWidth": 2}, "encoding": cell},
            {"mark": {"type": "text", "fontSize": 11, "clip": True}, "encoding": text},
        ],
        "resolve": {"scale": {"color": "independent"}},
        "usermeta": {"minWidth": 130 + len(columns) * width},
    }


_RANKS = (*_LEVELS[:-1], *_KINDS, _LEVELS[-1])


def _rank(code: Value, codes: list[Value]) -> int:
    """The place of a code among those of a chart: levels from loyal to churned, others as the rows have them."""
    return _RANKS.index(str(code)) if str(code) in _RANKS else len(_RANKS) + codes.index(code)


def _order(chart: Chart, result: Result, values: Rows, role: str) -> Callable[[Any], tuple[int, float]]:
    """Sorts labels as their codes are ranked (levels from loyal to churned), others as the rows have them."""
    codes = result.column(chart.x if role == "x" else chart.y)
    texts = [value[role] for value in values]
    first: dict[Any, tuple[int, float]] = {}
    for position, (code, text) in enumerate(zip(codes, texts, strict=True)):
        rank = _RANKS.index(str(code)) if str(code) in _RANKS else len(_RANKS)
        number = float(code) if isinstance(code, int) else float(position)
        first.setdefault(text, (rank, number))
    return lambda text: first[text]


def _scatter(chart: Chart, result: Result, values: Rows, headings: dict[str, str]) -> Spec:
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "axis": _axis(chart.x, headings),
        "scale": {"zero": False, "padding": 24},
    }
    y: Spec = {"field": "y", "type": "quantitative", "axis": _axis(chart.y, headings)}
    colour = _colour(chart, result, values)
    label: Spec = {"x": x, "y": y, "text": {"field": "n"}, "tooltip": _tooltip()}
    mean = sum(value["y"] for value in values) / len(values)
    for value in values:  # the others would overlap; their names are in the tooltip and the table
        value["n"] = value["v"] if value["y"] >= mean else ""
    return {
        "height": 320,
        "layer": [
            {
                "mark": {"type": "point", "size": 110, "filled": True},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": _tooltip()},
            },
            {"mark": {"type": "text", "dy": -12, "fontSize": 11}, "encoding": label},
        ],
    }
