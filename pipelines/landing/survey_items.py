"""The question bank: what `item` and `items` of survey answers in a mapping stand for.

The items are in dbt_project/seeds/survey_items.csv. When a mapping is read, each reference to an item becomes the
columns that the item declares: construct, scale and direction. All other modules see only these columns, so a mapping
that refers to an item lands the same rows as one that repeats what the item declares.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.project import project_root
from pipelines.base.spelling import did_you_mean
from pipelines.landing.binding import sql_of
from pipelines.landing.entity_fit import Location, Problem
from pipelines.landing.entity_rows import Column, Columns, EntityRows
from pipelines.landing.model import Mapping
from pipelines.landing.wordings import IGNORE, QUESTION, declared, literal, question_columns

ENTITY = "survey_answers"
ITEM, ITEMS, WORDING = "item", "items", "wording"
_WHERE_LISTED = "the items are listed in docs/surveys.md"


@dataclass(frozen=True)
class SurveyItem:
    """One question of the bank.

    Attributes:
        name: Its name, to which mappings refer.
        declares: What it declares: canonical column to text.
        wordings: The question in English and Chinese.
    """

    name: str
    declares: dict[str, str]
    wordings: tuple[str, ...] = ()

    def columns(self) -> Columns:
        """What it declares as columns of a mapping, and its name as the question."""
        return {column: Column(sql=literal(column, self.declares)) for column in self.declares} | {
            QUESTION: Column(sql=quoting.text(self.name))
        }


@cache
def survey_items() -> dict[str, SurveyItem]:
    """The items of the bank, by name."""
    path = project_root() / "dbt_project" / "seeds" / "survey_items.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    declares = ("construct", "scale_min", "scale_max", "is_reversed")
    return {
        row["item"]: SurveyItem(
            row["item"], {column: row[column] for column in declares}, (row["wording_en"], row["wording_zh"])
        )
        for row in rows
    }


def problems_of_items(mapping: Mapping) -> list[Problem]:
    """Items that do not exist, and columns that contradict an item."""
    return [
        (("files", index, "entities", ENTITY, *at), message)
        for index, group in enumerate(mapping.files)
        for name, rows in group.entities.items()
        for at, message in (_problems(rows) if name == ENTITY else _misplaced(name, rows))
    ]


def with_items(mapping: Mapping) -> Mapping:
    """The mapping with the columns that its items declare, in the place of the references to items.

    Args:
        mapping: A mapping without `problems_of_items`.
    """
    files = tuple(
        group.model_copy(
            update={"entities": {**group.entities, ENTITY: _expanded(group.entities[ENTITY])}},
        )
        if ENTITY in group.entities
        else group
        for group in mapping.files
    )
    return mapping.model_copy(update={"files": files})


def _misplaced(name: str, rows: EntityRows) -> Iterator[Problem]:
    for key in (ITEMS, WORDING):
        if getattr(rows, key):
            yield (), f"{name} has `{key}`, which is a key of {ENTITY} only: remove it"


def _problems(rows: EntityRows) -> Iterator[Problem]:
    known = survey_items()
    places: list[tuple[Location, Columns]] = [(("columns",), rows.columns)]
    places += [(("unpivot", number), block) for number, block in enumerate(rows.unpivot)]
    named: list[tuple[Location, str]] = [((*at, ITEM), block[ITEM].sql) for at, block in places if ITEM in block]
    named += [
        ((ITEMS, text), question.item)
        for text, question in rows.items.items()
        if question.item is not None and question.item != IGNORE
    ]
    unknown = [(at, item) for at, item in named if item not in known]
    for at, item in unknown:
        yield at, f"`{item}` is not a survey item{did_you_mean(item, known, _WHERE_LISTED)}"
    if rows.items or rows.wording:
        yield from _problems_of_list(rows)
    elif not unknown:
        for number, block in enumerate(rows.blocks()):
            yield from _contradictions(rows, number, block)


def _problems_of_list(rows: EntityRows) -> Iterator[Problem]:
    """What does not fit `items` and `wording`, which are for rows that have one answer."""
    key = WORDING if rows.wording else ITEMS
    if rows.unpivot:
        yield (key,), f"`{key}` is for rows with one answer: in `unpivot`, write `item` in each block"
    if QUESTION not in rows.columns:
        yield (key,), f"`{key}` needs `{QUESTION}` in `columns`: it says which question a row answers"
    declares = next(iter(survey_items().values())).declares
    for column in rows.columns:
        if column in declares or column == ITEM:
            yield ("columns", column), f"`{key}` already declares {column} for each question: remove one of the two"
    accepted = ENTITIES[ENTITY].accepted["construct"]
    for text, question in rows.items.items():
        if question.item == IGNORE and not rows.wording:
            yield (ITEMS, text), f"`{IGNORE}` needs `{WORDING}`: leave these answers out with `where` and `skips`"
        if question.measures is not None and question.measures not in accepted:
            known = did_you_mean(question.measures, accepted, f"the constructs are {', '.join(accepted)}")
            yield (ITEMS, text, "construct"), f"`{question.measures}` is not a construct{known}"


def _contradictions(rows: EntityRows, number: int, block: Columns) -> Iterator[Problem]:
    """Columns of a block that say something else than its item."""
    if ITEM not in block:
        return
    item = survey_items()[block[ITEM].sql]
    for column, text in item.declares.items():
        if column in block and not _says(block[column].sql, text):
            own = bool(rows.unpivot) and column in rows.unpivot[number]
            at: Location = ("unpivot", number, column) if own else ("columns", column)
            yield (
                at,
                f"{column} is `{block[column].sql}`, but the item {item.name} has {text}: remove {column}, or remove"
                " the item and declare construct, scale_min, scale_max and is_reversed",
            )


def _says(sql: str, text: str) -> bool:
    """Whether an expression is a constant with the same value as a text."""
    constant = sql.strip().removeprefix("'").removesuffix("'").strip().lower()
    try:
        return Decimal(constant) == Decimal(text)
    except InvalidOperation:
        return constant == text and (sql.strip().startswith("'") or text in ("true", "false"))


def _expanded(rows: EntityRows) -> EntityRows:
    """The rows without references to items."""
    if rows.wording:
        bank = survey_items()
        wordings = {text: name for name, item in bank.items() for text in item.wordings}
        columns = question_columns(rows, {name: item.declares for name, item in bank.items()}, wordings)
        return rows.model_copy(update={"columns": {**rows.columns, **columns}})
    if rows.items:
        return rows.model_copy(update={"columns": {**rows.columns, **_by_question(rows)}, ITEMS: {}})
    if not any(ITEM in block for block in rows.blocks()):
        return rows
    if not rows.unpivot:
        return rows.model_copy(update={"columns": _declared(rows.columns, rows.columns)})
    blocks = zip(rows.unpivot, rows.blocks(), strict=True)
    return rows.model_copy(
        update={
            "columns": {column: spec for column, spec in rows.columns.items() if column != ITEM},
            "unpivot": tuple(_declared(own, block) for own, block in blocks),
        }
    )


def _declared(own: Columns, block: Columns) -> Columns:
    """The own columns of a block, with those that its item declares."""
    rest = {column: spec for column, spec in own.items() if column != ITEM}
    if ITEM not in block:
        return rest
    declared = survey_items()[block[ITEM].sql].columns()
    if QUESTION in block:
        del declared[QUESTION]
    return {**rest, **declared}


def _by_question(rows: EntityRows) -> Columns:
    """Per declared column, an expression that chooses the value of the question's item; NULL for other questions."""
    question = f"trim(cast({sql_of(rows.columns[QUESTION].sql)} as varchar))"
    bank = {name: item.declares for name, item in survey_items().items()}
    questions = {answered: declared(one, bank) for answered, one in rows.items.items()}
    return {
        column: Column(
            sql=f"case {question} "
            + " ".join(
                f"when {quoting.text(answered)} then {literal(column, declares)}"
                for answered, declares in questions.items()
            )
            + " end"
        )
        for column in next(iter(questions.values()))
    }
