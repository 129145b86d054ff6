"""Finds which canonical columns the columns of a file are, by their names and by what they contain."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.drafting.drafted import Wishes
from pipelines.drafting.names import entity_names, is_question, question_of
from pipelines.drafting.numbers import Numbers, in_cents, numbers_of, without_cents, without_unit
from pipelines.drafting.table import Field, Rows, Table
from pipelines.drafting.times import Times, times_of
from pipelines.landing.binding import json_path
from pipelines.landing.cells import trimmed
from pipelines.landing.entity_rows import GENERATED_KEYS
from pipelines.landing.normal import TIMES

MONEY = (ColumnType.AMOUNT, ColumnType.PRICE)
NUMBERS = (ColumnType.AMOUNT, ColumnType.PRICE, ColumnType.RATE, ColumnType.INTEGER)
_LEAST = 0.5  # of the values that must fit the type of the canonical column
_REFERENCES = ("customer_ref", "order_id", "product_id", "person_ref")


@dataclass
class Values:
    """What the columns of a relation contain. Each question is asked once.

    Attributes:
        table: The file.
        rows: The relation.
        today: The current day.
        wishes: What the user says about values that can be read both ways.
    """

    table: Table
    rows: Rows
    today: date
    wishes: Wishes
    _numbers: dict[str, Numbers] = field(default_factory=dict)
    _times: dict[tuple[str, ColumnType], Times] = field(default_factory=dict)

    def numbers(self, one: Field) -> Numbers:
        """How a column writes numbers, by the sample."""
        if one.column not in self._numbers:
            found = numbers_of(self.table.query, self.rows.sample, one.column, self.wishes.decimals)
            in_name = without_unit(one.name)[1] if not (found.unit or found.doubt) else ""
            found = replace(found, unit=in_name or found.unit)
            self._numbers[one.column] = found
            if without_cents(one.name) and not self.counted(f"{self.amount(one)} % 1 <> 0"):
                self._numbers[one.column] = in_cents(found)
        return self._numbers[one.column]

    def amount(self, one: Field) -> str:
        """SQL: the number of a column; NULL if the text is not a number."""
        sql = self.numbers(one).sql.replace("{}", one.column) or one.column
        return f"try_cast({sql} as decimal(18, 4))"

    def are_names(self, one: Field) -> bool:
        """Whether most values of a column are words with a blank between them, as the names of people are."""
        found = self.counted(f"regexp_full_match({one.column}, '[^\\d@]*\\pL[^\\d@]* [^\\d@]*\\pL[^\\d@]*')")
        return found > _LEAST * self.counted(f"{one.column} is not null")

    def is_negative(self, one: Field) -> bool:
        """Whether a column has numbers below zero, and none above."""
        number = self.amount(one)
        return bool(self.counted(f"{number} < 0")) and not self.counted(f"{number} > 0")

    def are_equal(self, one: Field, other: Field) -> bool:
        """Whether two columns have the same values."""
        return not self.counted(f"{one.column} is distinct from {other.column}")

    def times(self, one: Field, kind: ColumnType) -> Times:
        """How a column writes times, by all records."""
        key = (one.column, kind)
        if key not in self._times:
            sample = f"(select {one.column} as value from {self.rows.sample})"  # noqa: S608 (names of ours)
            found = times_of(self.table.query, sample, kind, self.today, self.wishes.dates)
            if found.formats and self.table.sampled < self.table.records:
                cell = f"(select json_extract_string(document, {json_path(one.path)}) as value from {self.rows.whole})"  # noqa: S608 (names are quoted)
                whole = f"(select {trimmed('value')} as value from {cell})"  # noqa: S608 (names are quoted)
                found = times_of(self.table.query, whole, kind, self.today, self.wishes.dates)
            self._times[key] = found
        return self._times[key]

    def counted(self, condition: str) -> int:
        """The number of sampled rows that fulfil a condition."""
        ((count,),) = self.table.query(f"select count(*) filter ({condition}) from {self.rows.sample}")  # noqa: S608 (names of ours)
        return int(str(count))

    def is_empty(self, one: Field) -> bool:
        """Whether a column has no value in the sample."""
        return not self.counted(f"{one.column} is not null")

    def fits(self, one: Field, column: str, kind: ColumnType) -> bool:
        """Whether a column may be a canonical column, by its values. A column without values may be any."""
        if kind in TIMES:
            found = self.times(one, kind)
            return bool(found.formats) or not found.values
        if kind in NUMBERS:
            is_percent = kind in MONEY and "%" in one.name
            return not is_percent and self.numbers(one).share >= _LEAST
        if column in (*_REFERENCES, "email"):
            with_at = self.counted(f"contains({one.column}, '@')")
            filled = self.counted(f"{one.column} is not null")
            return not filled or (with_at > _LEAST * filled) == (column == "email")
        return True


@dataclass(frozen=True)
class Match:
    """An entity that a file may have.

    Attributes:
        entity: Its name.
        columns: Per canonical column the source column.
        others: Other source columns that could be the canonical column, by their names and values.
        missing: What staging needs and no source column is; each a column, or several of which one is needed.
        weight: How much speaks for the entity.
    """

    entity: str
    columns: dict[str, Field]
    others: dict[str, tuple[Field, ...]]
    missing: tuple[str, ...]
    weight: float


def match(values: Values, entity: str, file_name: str, chosen: dict[str, str]) -> Match:
    """The columns of an entity in a file.

    Args:
        values: The file.
        entity: The entity.
        file_name: The name of the file in compared form.
        chosen: Source columns by canonical column, as the user gives them.
    """
    names, declared = entity_names()[entity], ENTITIES[entity]
    fields = {one.name.lower(): one for one in values.rows.fields}
    columns = {column: fields[source.lower()] for column, source in chosen.items() if source.lower() in fields}
    given = {one.column for one in columns.values()}
    ranked = _ranked(values, entity, set(columns), given)
    taken = set(given)
    for column, one in ranked:
        if column in columns or one.column in taken or not values.fits(one, column, declared.columns[column]):
            continue
        if column in declared.key and values.is_empty(one):
            continue  # no row could be distinguished
        columns[column] = one
        taken.add(one.column)
    others: dict[str, tuple[Field, ...]] = {}
    for column, one in ranked:
        if column in columns and one.column not in taken and values.fits(one, column, declared.columns[column]):
            if column in declared.key and values.is_empty(one):
                continue
            others[column] = (*others.get(column, ()), one)
    reference = columns.get("customer_ref") if {"email", "phone"} & set(columns) else None
    if reference and "customer_ref" not in chosen and values.are_names(reference):
        del columns["customer_ref"]  # two people can have one name
        others.pop("customer_ref", None)
    own = len(names.own & set(columns))
    made = {GENERATED_KEYS.get(entity)}
    if entity == "survey_answers":  # a file with a column per question has no column with questions
        made.add("question_id")
        own += sum(question_of(one.name) is not None or is_question(one.name) for one in values.rows.fields)
    if entity == "customers" and "email" in columns:
        made.add("customer_ref")  # a list of e-mail addresses: people.py makes the key of them
    needs = [(key,) for key in declared.key if key not in made] + list(declared.needs)
    missing = tuple(" or ".join(need) for need in needs if not set(need) & set(columns))
    is_named = any(word in file_name for word in names.files if len(word) > 2 or not word.isascii())
    weight = len(columns) + own + (4.0 if is_named else 0.0) if own or (is_named and columns) else 0.0
    return Match(entity, columns, others, missing, weight)


def _ranked(values: Values, entity: str, without: set[str], given: set[str]) -> list[tuple[str, Field]]:
    """Pairs of canonical and source columns whose names fit, the best first."""
    names = entity_names()[entity]
    pairs = [
        (rank, position, order, column, one)
        for position, column in enumerate(names.columns)
        if column not in without
        for order, one in enumerate(values.rows.fields)
        if one.column not in given and (rank := names.rank(column, one.name)) is not None
    ]
    return [(column, one) for *_, column, one in sorted(pairs, key=lambda pair: pair[:3])]


def best(values: Values, file_name: str, entity: str | None, chosen: dict[str, str]) -> list[Match]:
    """The entities that a file may have, the best first: complete ones before those that lack something."""
    tried: Iterable[str] = [entity] if entity else entity_names()
    found = [one for name in tried if (one := match(values, name, file_name, chosen)).weight or entity]
    found.sort(key=lambda one: (bool(one.missing), -one.weight))
    first = [one for one in found[:2] if not one.missing]
    if not entity and {one.entity for one in first} == {"orders", "order_lines"}:
        found[:2] = sorted(found[:2], key=lambda one: one.entity != _of_orders(values, found[:2]))
    return found


def _of_orders(values: Values, found: list[Match]) -> str:
    """`orders` if no order has two rows, else `order_lines`."""
    column = found[0].columns["order_id"].column
    ((rows, orders),) = values.table.query(
        f"select count({column}), count(distinct {column}) from {values.rows.sample}"  # noqa: S608 (names of ours)
    )
    by_name = {one.entity: one for one in found}
    return "orders" if rows == orders and "quantity" not in by_name["order_lines"].columns else "order_lines"
