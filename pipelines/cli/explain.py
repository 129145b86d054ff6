"""`loyalty explain`: from the rows of files to a customer's level, class and reasons.

It shows files and lines of a person's data, so only users who may read the restricted tables can call it.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipelines.base.errors import UnknownPersonError
from pipelines.cli.console import JsonOption, out, print_json, print_rows, reports_errors
from pipelines.cli.exclusive import exclusive
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.person import ByOption, SourceOption
from pipelines.config.settings import load_settings

if TYPE_CHECKING:
    from pipelines.privacy.explained import Place
    from pipelines.publication.explanation import ExplainedRow, Explanation, Record

    Places = Mapping[Record, Sequence[Place]]


class Language(StrEnum):
    """The language of labels and headings."""

    EN = "en"
    ZH = "zh"


_NAMES = {
    Language.EN: {
        "customer": "customer",
        "on": "on",
        "day": "day",
        "what": "what",
        "detail": "detail",
        "value": "value",
        "of": "of",
        "file": "file and line",
        "dimension": "dimension",
        "score": "score",
        "mean": "mean",
        "weight": "weight",
        "effect": "effect",
        "evidence": "evidence",
        "result": "result",
        "rule": "rule",
        "figure": "figure",
        "limit": "limit",
        "now": "now",
        "from": "from",
        "left": "left",
        "number": "no.",
    },
    Language.ZH: {
        "customer": "客户",
        "on": "截至",
        "day": "日期",
        "what": "内容",
        "detail": "说明",
        "value": "数值",
        "of": "总数",
        "file": "文件和行",
        "dimension": "维度",
        "score": "得分",
        "mean": "均值",
        "weight": "权重",
        "effect": "影响",
        "evidence": "证据数",
        "result": "结果",
        "rule": "规则",
        "figure": "指标",
        "limit": "界限",
        "now": "现在",
        "from": "起点",
        "left": "还差",
        "number": "序号",
    },
}


@reports_errors
def explain(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="REF|EMAIL|PHONE|KEY", help="A customer's reference, e-mail or phone number, or a customer_key."
        ),
    ],
    by: ByOption = None,
    source: SourceOption = None,
    version: Annotated[
        str | None, typer.Option("--version", help="The id of a published version. Default: the current one.")
    ] = None,
    language: Annotated[Language, typer.Option("--lang", help="The language of labels.")] = Language.EN,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a customer: facts with file and line, evidence, scores, deciding rules, and how far other levels are."""
    from pipelines.privacy.explained import as_key, keys_of, places_of
    from pipelines.publication import resolve_current
    from pipelines.publication.explanation import read_explanation
    from pipelines.publication.versions import find_version

    settings = load_settings(config, home)
    paths = settings.paths
    with exclusive(settings, "explain", read_only=True):
        folder = find_version(paths.published, version).path if version else resolve_current(paths.published)
        key = as_key(asked) if by is None else None
        explanation = read_explanation(folder, [key] if key else [], language)
        if not explanation.rows:
            keys = keys_of(settings, asked, by=by, source=source)
            explanation = read_explanation(folder, keys, language)
        if not explanation.rows:
            raise UnknownPersonError(
                f"the version {folder.name} has no such customer",
                hint="a person whose data came later is in a newer version (`loyalty versions`)",
            )
        places = places_of(paths.warehouse, [row.record for row in explanation.rows if row.record])
    if as_json:
        print_json(_values(explanation, places, folder.name))
        return
    for customer_key, rows in groupby(explanation.rows, key=lambda row: row.customer_key):
        _show(customer_key, list(rows), explanation.steps, places, _NAMES[language])


def _show(
    customer_key: str, rows: "list[ExplainedRow]", steps: Mapping[str, str], places: "Places", names: Mapping[str, str]
) -> None:
    out().print(Text(f"{names['customer']} {customer_key} {names['on']} {rows[0].as_of_on}", "bold"))
    for step, of_step in groupby(rows, key=lambda row: row.step):
        heads, line = _TABLES.get(step, _DECISION)
        out().print()
        out().print(Text(steps[step], "bold"))
        print_rows([names[head] for head in heads], [line(row, places) for row in of_step])


def _fact(row: "ExplainedRow", places: "Places") -> list[str]:
    return [
        _text(row.occurred_on),
        row.label,
        row.detail_label or "",
        _number(row.value),
        _text(row.n_facts),
        _where(row, places),
    ]


def _evidence(row: "ExplainedRow", _: "Places") -> list[str]:
    numbers = map(_number, (row.value, row.threshold, row.weight, row.effect))
    return [row.detail_label or "", row.label, *numbers, _text(row.n_facts), _text(row.occurred_on)]


def _score(row: "ExplainedRow", _: "Places") -> list[str]:
    return [row.label, _number(row.value), _number(row.weight), row.detail or ""]


def _decision(row: "ExplainedRow", _: "Places") -> list[str]:
    return [row.label, row.detail_label or "", row.column_label or "", _number(row.value), _number(row.threshold)]


def _distance(row: "ExplainedRow", _: "Places") -> list[str]:
    return [row.label, row.detail_label or "", *map(_number, (row.value, row.threshold, row.remaining))]


def _reason(row: "ExplainedRow", _: "Places") -> list[str]:
    return [(row.column_name or "")[-1:], row.label]


_DECISION = (("result", "rule", "figure", "value", "limit"), _decision)
_TABLES = {
    "fact": (("day", "what", "detail", "value", "of", "file"), _fact),
    "evidence": (("dimension", "what", "score", "mean", "weight", "effect", "evidence", "day"), _evidence),
    "score": (("what", "score", "weight", "detail"), _score),
    "distance": (("result", "figure", "now", "from", "left"), _distance),
    "reason": (("number", "what"), _reason),
}


def _where(row: "ExplainedRow", places: "Places") -> str:
    if row.record is None:
        return ""
    found = ", ".join(
        f"{place.file}:{f'{place.part}:' if place.part else ''}{place.line}" for place in places.get(row.record, ())
    )
    return f"{row.record.source} {found}".rstrip()


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _number(value: Decimal | None) -> str:
    """Without zeros at the end."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _values(explanation: "Explanation", places: "Places", version: str) -> dict[str, object]:
    """The same for JSON."""
    return {
        "version": version,
        "customers": [
            {"customer_key": key, **_customer(list(rows), places)}
            for key, rows in groupby(explanation.rows, key=lambda row: row.customer_key)
        ],
    }


def _customer(rows: "list[ExplainedRow]", places: "Places") -> dict[str, object]:
    steps: Iterable[tuple[str, Iterable[ExplainedRow]]] = groupby(rows, key=lambda row: row.step)
    return {"as_of": rows[0].as_of_on, **{step: [_row(row, places) for row in of_step] for step, of_step in steps}}


def _row(row: "ExplainedRow", places: "Places") -> dict[str, object]:
    values: dict[str, object] = {
        "code": row.code,
        "label": row.label,
        "detail": row.detail,
        "detail_label": row.detail_label,
        **{
            name: _number(getattr(row, name)) or None
            for name in ("value", "threshold", "remaining", "weight", "effect")
        },
        "occurred_on": row.occurred_on,
        "n_facts": row.n_facts,
        "mart": row.mart,
        "column": row.column_name,
    }
    if row.record is None:
        return values
    files = [{"file": place.file, "part": place.part, "line": place.line} for place in places.get(row.record, ())]
    return {**values, "source": row.record.source, "files": files}
