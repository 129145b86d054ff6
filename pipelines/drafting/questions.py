"""Drafts what survey answers measure, as far as names say it. A scale is never concluded from the numbers alone."""

from collections.abc import Iterator
from dataclasses import replace

from pipelines.base import quoting
from pipelines.base.text import counted
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, Remark, decisive
from pipelines.drafting.layout import Layout
from pipelines.drafting.matching import Values
from pipelines.drafting.names import Question, question_of
from pipelines.drafting.table import Field

_WIDE = ("csv", "tsv", "xlsx", "xls")


def with_questions(values: Values, entity: DraftedEntity, layout: Layout) -> DraftedEntity:
    """An entity of survey answers with construct and scale of its questions.

    A file with a question and an answer per record stays as it is. Otherwise each column with answers becomes a block,
    or, if no name says what its column measures, the run recognises the questions by their wording.
    """
    if "question_id" in entity.columns:
        text = (
            "what each question measures is not known: declare the construct and scale of each question under `items`"
        )
        remark = Remark(f"{text} (docs/surveys.md)", True)
        return replace(entity, remarks=(*entity.remarks, remark))
    found = list(_questions(values, entity))
    answer = entity.columns.get("answer_number")
    if not found and answer is not None:
        constant = {"question_id": DraftedColumn(quoting.text(answer.sql.strip('"')))}
        remark = Remark("what the question measures is not known: declare construct, scale_min and scale_max", True)
        return replace(entity, columns={**entity.columns, **constant}, remarks=(*entity.remarks, remark))
    columns = {name: one for name, one in entity.columns.items() if name not in ("answer_number",)}
    if not found and layout.options.get("format", "csv") in _WIDE:
        texts = {name: one for name, one in columns.items() if name != "answer_text"}
        texts |= {"question_id": DraftedColumn("item.name"), "answer_number": DraftedColumn("item.value")}
        remark = Remark(
            "no column's name says what it measures. The run takes the answers to the questions that it recognises by"
            " their wording, and lists the others: declare the construct and scale of those under `items`"
            " (docs/surveys.md)",
            True,
        )
        return replace(entity, columns=texts, each="columns", wording="item.name", remarks=(*entity.remarks, remark))
    if len(found) == 1:
        return replace(entity, columns={**columns, **found[0]})
    shared = {name: one for name, one in columns.items() if name != "answer_text"}
    return replace(entity, columns=shared, unpivot=tuple(found))


def _questions(values: Values, entity: DraftedEntity) -> Iterator[dict[str, DraftedColumn]]:
    taken = {column.sql for name, column in entity.columns.items() if name != "answer_number"}
    for one in values.rows.fields:
        if one.sql in taken or values.numbers(one).share < 1 or not values.counted(f"{one.column} is not null"):
            continue
        if (question := question_of(one.name)) is not None:
            yield _block(values, one, question)


def _block(values: Values, one: Field, question: Question) -> dict[str, DraftedColumn]:
    number = f"try_cast({one.column} as double)"
    fits = [scale for scale in question.scales if not values.counted(f"{number} not between {scale[0]} and {scale[1]}")]
    low, high = fits[0] if fits else question.scales[0]
    remarks = []
    if not fits:
        outside = values.counted(f"{number} not between {low} and {high}")
        remarks.append(
            Remark(f"{counted(outside, 'answer')} to `{one.name}` outside of the scale {low} to {high}", True)
        )
    elif len(question.scales) > 1:
        remarks.append(
            decisive(f"`{one.name}`: its name says {question.construct}; was it asked from {low} to {high}?")
        )
    return {
        "question_id": DraftedColumn(quoting.text(one.name)),
        "construct": DraftedColumn(quoting.text(question.construct)),
        "answer_number": DraftedColumn(one.sql, remarks=tuple(remarks)),
        "scale_min": DraftedColumn(str(low)),
        "scale_max": DraftedColumn(str(high)),
    }
