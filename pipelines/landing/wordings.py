"""Recognises survey questions by their wording, and makes the columns that say what a question measures.

A question is looked up in this order: in `items` of the mapping (by its id or its wording), among the wordings of the
question bank, and among the usual wordings of the three scores that most surveys ask. All of it is SQL, so that it does
not matter how many answers a file has.
"""

import re
from collections.abc import Iterator, Mapping

from pipelines.base import quoting
from pipelines.landing.binding import sql_of
from pipelines.landing.entity_rows import Column, Columns, EntityRows, Question
from pipelines.landing.usual_wordings import OTHERS, PARTS, SCALES, STATED, TIMES, USUAL, WHOLES

Declared = Mapping[str, str]
"""What a question declares: canonical column to text."""

QUESTION, CONSTRUCT = "question_id", "construct"
IGNORE = "ignore"
_NUMBER = r"^[^\p{L}\p{N}]*[Qq]?\d{1,3}\s*[、.．:：)）]\s*"
_MARKS = r"[^\p{L}\p{N}]+"


def plain(text: str) -> str:
    """A wording in the form in which wordings are compared: without its number and its marks, in lower case."""
    unnumbered = re.sub(r"^[\W_]*[Qq]?\d{1,3}\s*[、.．:：)）]\s*", "", text)
    return " ".join("".join(one if one.isalnum() else " " for one in unnumbered).split()).lower()


def is_known(rows: EntityRows) -> str:
    """SQL that checks whether a row answers a question that is known; true without `wording`."""
    return f"({sql_of(rows.columns[CONSTRUCT].sql)}) is not null" if rows.wording else "true"


def question_columns(rows: EntityRows, items: Mapping[str, Declared], wordings: Mapping[str, str]) -> Columns:
    """Per declared column, an expression that chooses the value of the question; NULL for a question that is not known.

    Args:
        rows: The rows with `wording`.
        items: The items of the bank by name, with what they declare.
        wordings: The item of each wording of the bank.
    """
    assert rows.wording is not None
    question = rows.columns[QUESTION].sql if QUESTION in rows.columns else rows.wording
    number, marks = quoting.text(_NUMBER), quoting.text(_MARKS)
    wording = f"coalesce(cast({sql_of(rows.wording)} as varchar), '')"
    compared = f"lower(trim(regexp_replace(regexp_replace({wording}, {number}, ''), {marks}, ' ', 'g')))"
    asked = f"[struct_pack(id := trim(cast({sql_of(question)} as varchar)), wording := {compared})]"
    cases = [*_listed(rows, items), *_banked(items, wordings)]
    return {
        column: Column(
            sql=f"list_transform({asked}, lambda one : case "
            + " ".join(
                f"when {test} then {literal(column, declares) if declares else 'null'}" for test, declares in cases
            )
            + " end)[1]"
        )
        for column in next(iter(items.values()))
    }


def declared(question: Question, items: Mapping[str, Declared]) -> Declared:
    """What a question of `items` declares: what its item declares, or its own construct and scale."""
    if question.item is not None:
        return items[question.item]
    return _declares(str(question.measures), question.scale_min, question.scale_max, question.is_reversed)


def _declares(construct: str, low: object, high: object, is_reversed: object = False) -> Declared:
    return {
        "construct": construct,
        "scale_min": str(low),
        "scale_max": str(high),
        "is_reversed": "true" if is_reversed else "false",
    }


def literal(column: str, declares: Declared) -> str:
    """The SQL of what a question declares for a column."""
    return quoting.text(declares[column]) if column == CONSTRUCT else declares[column]


def _listed(rows: EntityRows, items: Mapping[str, Declared]) -> Iterator[tuple[str, Declared]]:
    """The questions that the mapping lists: by their id exactly, or by their wording."""
    for text, question in rows.items.items():
        declares = {} if question.item == IGNORE else declared(question, items)
        by_wording = f" or one.wording = {quoting.text(plain(text))}" if plain(text) else ""
        yield f"one.id = {quoting.text(text.strip())}{by_wording}", declares


def _banked(items: Mapping[str, Declared], wordings: Mapping[str, str]) -> Iterator[tuple[str, Declared]]:
    """The questions of the bank, by its own wordings and by the usual ones."""
    for name, declares in items.items():
        texts = {plain(text) for text, item in wordings.items() if item == name} | {plain(name)}
        yield f"one.wording in ({', '.join(map(quoting.text, sorted(texts)))})", declares
    asked = (
        f"not regexp_matches(one.wording, {quoting.text(OTHERS)})"
        f" and (not regexp_matches(one.wording, {quoting.text(PARTS)})"
        f" or regexp_matches(one.wording, {quoting.text(WHOLES)}))"
    )
    for name, pattern in USUAL:
        stated = _states(int(items[name]["scale_min"]), int(items[name]["scale_max"]))
        matches = f"regexp_matches(one.wording, {quoting.text(pattern)})"
        yield f"{matches} and {asked} and coalesce({stated}, true)", items[name]
    for construct, pattern in STATED:
        matches = f"regexp_matches(one.wording, {quoting.text(pattern)})"
        for low, high in SCALES:
            declares = _declares(construct, low, high)
            yield f"{matches} and {asked} and coalesce({_states(low, high)}, false)", declares


def _states(low: int, high: int) -> str:
    """SQL that checks whether a wording states a scale; NULL if it has no number, apart from that of a time."""
    scale = f"regexp_replace(one.wording, {quoting.text(TIMES)}, ' ', 'g')"
    numbers = f"list_transform(regexp_extract_all({scale}, '\\b\\d{{1,9}}\\b'), lambda number : cast(number as bigint))"
    return f"list_min({numbers}) = {low} and list_max({numbers}) = {high}"
