"""The model of what a mapping says about the rows of one entity: its keys, their types and defaults."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.base.entities import ENTITIES
from pipelines.landing.mapping_values import ColumnSource, Listed, QuestionSource, Sql, ValueMap, Zone

# For these entities the last key column can be generated. The others need a key from the source.
GENERATED_KEYS = {
    name: ENTITIES[name].key[-1]
    for name in (
        "order_lines",
        "payments",
        "returns",
        "interactions",
        "cases",
        "campaign_touches",
        "loyalty_events",
        "referrals",
        "survey_invitations",
    )
}


class Strict(BaseModel):
    """A part of a mapping: it cannot be changed, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """The source of one canonical column.

    Attributes:
        sql: The name of a source column, or a DuckDB expression over source columns, which are all text.
        timestamps: The time formats of this column, if they differ from those of the file group.
        timezone: The time zone of this column, if it differs from that of the file group.
        values: What the source's own values mean: each value with the one that lands (value_maps.py).
    """

    sql: Sql
    values: ValueMap | None = None
    timestamps: Listed | None = None
    timezone: Zone = None


Columns = dict[str, Annotated[Column, ColumnSource]]


class Question(Strict):
    """What a question of a survey measures: an item of the question bank, or its own construct and scale.

    Attributes:
        item: The name of an item of the bank, or `ignore` for a column that is not taken and not reported.
        measures: What the question measures; in the mapping, the key is `construct`.
        scale_min: The lowest answer.
        scale_max: The highest answer.
        is_reversed: Whether a low answer is a good answer.
    """

    item: str | None = None
    measures: str | None = Field(default=None, alias="construct")
    scale_min: Decimal | None = None
    scale_max: Decimal | None = None
    is_reversed: bool = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        given = [one is not None for one in (self.measures, self.scale_min, self.scale_max)]
        if any(given) or self.is_reversed if self.item is not None else not all(given):
            raise ValueError("must be the name of an item, or have construct, scale_min and scale_max")
        if self.scale_min is not None and self.scale_max is not None and self.scale_min >= self.scale_max:
            raise ValueError(f"scale_min is {self.scale_min}, which is not below scale_max, {self.scale_max}")
        return self


class EntityRows(Strict):
    """How the records of a file become rows of one entity.

    Attributes:
        where: The condition for records; the default is all records.
        each: An expression that gives a JSON list: one row per element. The element's fields are `item.…`, and
            `item_no` is its number, from 1.
        columns: Canonical column to source column or expression.
        amount_basis: For returns: what their amounts include, `goods` or `gross` (with tax and shipping). It fills the
            column of that name.
        unpivot: Blocks of additional columns (wide to long): each block makes one row from each record, unless every
            source column that the block reads is empty.
        items: For survey answers in files with one answer per row: the text of `question_id` to an item of the question
            bank, or to its construct and scale. In `columns` and `unpivot` the key `item` names an item. with_items
            replaces both by columns.
        wording: For survey answers: the expression that gives the text of the question. Questions of the bank are
            recognised by it. Answers to other questions that `items` does not list are not taken, and the run lists
            these questions (wordings.py).
    """

    where: Sql = "true"
    each: Sql | None = None
    columns: Columns
    amount_basis: Literal["goods", "gross"] | None = None
    unpivot: tuple[Columns, ...] = ()
    items: dict[Sql, Annotated[Question, QuestionSource]] = Field(default_factory=dict)
    wording: Sql | None = None

    def blocks(self) -> tuple[Columns, ...]:
        """The columns of each kind of row that a record makes."""
        return tuple({**self.columns, **block} for block in self.unpivot) or (self.columns,)
