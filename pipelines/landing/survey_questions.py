"""The questions of a file whose mapping recognises them by their wording.

Finds the records with an answer to a recognised question. Lists the other questions, so that the user knows which
answers do not count. Warns about recognised questions that were probably asked on another scale or in reverse order.
"""

from collections.abc import Iterator

import duckdb

from pipelines.base.text import printable_name
from pipelines.landing.binding import relation_of, sql_of
from pipelines.landing.entity_rows import EntityRows
from pipelines.landing.model import FileGroup
from pipelines.landing.wordings import CONSTRUCT, QUESTION, is_known, plain

ANSWERED = "landing_answered"
_ENTITY = "survey_answers"
_LISTED = 20  # questions in a message
_ENOUGH = 10  # answers that show a scale
_UPPER_PART = 0.75  # of a scale: some of so many answers are above it
_SATISFACTION_OR_EFFORT = ("csat", "ces")  # many forms show the best answer first, and some tools give it the number 1
# with so many responses, a correlation as low as this is seldom due to chance
_LEAST_RESPONSES, _HIGHEST_CORRELATION = 30, -0.4


def find_answered(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> None:
    """Create the table of records with an answer to a question that is known, if the mapping recognises questions.

    Args:
        connection: Has the view of the file's records.
        group: The group of the file.
    """
    if rows := _recognising(group):
        connection.execute(
            f"create or replace temp table {ANSWERED} as select distinct landing_record as record"  # noqa: S608 (names are quoted)
            f" from {relation_of(group, rows, f'coalesce({sql_of(rows.where)}, false)')} where {is_known(rows)}"
        )


def question_messages(connection: duckdb.DuckDBPyConnection, group: FileGroup, kept: str) -> Iterator[str]:
    """Messages about questions that are not taken, were asked on another scale than expected, or may be reversed.

    Args:
        connection: Has the view of the file's records.
        group: The group of the file.
        kept: The SQL condition of records that no skip takes.
    """
    if not (rows := _recognising(group)):
        return
    asked = f"cast({sql_of(rows.wording or '')} as varchar)"
    number = "null"
    if "answer_number" in rows.columns:
        number = f"try_cast({sql_of(rows.columns['answer_number'].sql)} as double)"
    declared = ", ".join(sql_of(rows.columns[name].sql) for name in (CONSTRUCT, "scale_max"))
    records = relation_of(group, rows, f"{kept} and coalesce({sql_of(rows.where)}, false)")
    found = connection.execute(
        f"select trim(cast({sql_of(rows.columns[QUESTION].sql)} as varchar)), {asked}, {declared}, count(*),"  # noqa: S608 (names are quoted)
        f" count({number}), max({number}) from {records} group by all order by min(landing_record), 1"
    ).fetchall()
    answers = (
        f"select landing_record as record, trim(cast({sql_of(rows.columns[QUESTION].sql)} as varchar)) as question,"  # noqa: S608 (names are quoted)
        f" {asked} as asked, {sql_of(rows.columns[CONSTRUCT].sql)} as construct,"
        f" case when {sql_of(rows.columns['is_reversed'].sql)} then -{number} else {number} end as number"
        f" from {records}"
    )
    listed = {text.strip() for text in rows.items} | {plain(text) for text in rows.items}
    left_out = [
        f"{_shown(question, asked)} ({answers:,})"
        for question, asked, construct, _, answers, *_ in found
        if construct is None and question not in listed and plain(str(asked or "")) not in listed
    ]
    if left_out:
        more = f" and {len(left_out) - _LISTED:,} more" if len(left_out) > _LISTED else ""
        yield (
            "the mapping does not say what these questions measure, so their answers are not taken:"
            f" {', '.join(left_out[:_LISTED])}{more}. Under `items` of survey_answers, write for each question an item"
            " of the question bank, or its construct and scale, or `ignore`"
        )
    for question, asked, construct, highest, _, numbers, largest in found:
        is_listed = question in listed or plain(str(asked or "")) in listed
        if construct is not None and not is_listed and numbers >= _ENOUGH and largest <= highest * _UPPER_PART:
            yield (
                f"the question {_shown(question, asked)} counts as {construct} with answers up to"
                f" {highest}, but its largest answer is {largest:g}. If it was asked on another scale, declare its"
                " construct and scale under `items` of survey_answers"
            )
    if {"nps", *_SATISFACTION_OR_EFFORT} & {construct for _, _, construct, *_ in found} > {"nps"}:
        for question, wording, responses, correlation in _reversed_questions(connection, answers):
            if question not in listed and plain(wording or "") not in listed:
                yield (
                    "responses with a higher answer to the NPS question have lower answers to"
                    f" {_shown(question, wording)} (correlation {correlation:.1f}, {responses:,} responses), so its"
                    " best answer may have the lowest number. If so, declare its construct, its scale and"
                    " `is_reversed: true` under `items` of survey_answers"
                )


def _reversed_questions(
    connection: duckdb.DuckDBPyConnection, answers: str
) -> list[tuple[str, str | None, int, float]]:
    """Questions about satisfaction or effort whose answers are negatively correlated with those to the NPS question.

    Args:
        connection: Has the view of the file's records.
        answers: A query of answers: `record`, `question`, `asked`, `construct`, `number`.
    """
    return connection.execute(
        f"with answers as (select * from ({answers}) where abs(number) < 1000), recommended as (select record,"  # noqa: S608 (names are quoted)
        " avg(number) as nps from answers where construct = 'nps' group by record) select question, asked, count(*),"
        f" corr(number, nps) from answers join recommended using (record) where construct in {_SATISFACTION_OR_EFFORT}"
        f" group by question, asked having count(*) >= {_LEAST_RESPONSES} and corr(number, nps) <="
        f" {_HIGHEST_CORRELATION} order by 1, 2"
    ).fetchall()


def _shown(question: str | None, asked: str | None) -> str:
    """The id of a question, and its wording unless the id has it."""
    names = [text for text in (question, asked) if text]
    is_in_id = plain(asked or "") in plain(question or "")
    return " ".join(f"`{printable_name(text)}`" for text in (names[:1] if is_in_id else names))


def _recognising(group: FileGroup) -> EntityRows | None:
    rows = group.entities.get(_ENTITY)
    return rows if rows is not None and rows.wording else None
