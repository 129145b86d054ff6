"""A mapping of which staging would reject every row is refused before anything is read, on the line at fault."""

import re
from pathlib import Path

import pytest
import yaml

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.landing import load_mapping


def load(folder: Path, entity: str, columns: dict[str, str], **more: object) -> None:
    rows = {"columns": columns, **more}
    content = {"source": "shop", "files": [{"match": "*", "entities": {entity: rows}}]}
    path = folder / "mapping.yml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    load_mapping(path)


def refusal(folder: Path, entity: str, columns: dict[str, str], **more: object) -> str:
    with pytest.raises(ConfigError) as refused:
        load(folder, entity, columns, **more)
    assert refused.value.exit_code == 2
    return refused.value.message


KEYS = {name: {key: f"{key}_" for key in entity.key} for name, entity in ENTITIES.items()}


def test_what_a_row_needs_follows_from_the_rules() -> None:
    assert ENTITIES["orders"].needs == (("ordered_at",),)
    assert ENTITIES["returns"].needs == (("returned_at", "order_id"),)
    assert ENTITIES["referrals"].needs == (("referred_at",), ("referrer_ref",), ("referred_ref",))
    assert ENTITIES["survey_answers"].pairs == (("scale_min", "scale_max"),)


@pytest.mark.parametrize("entity", sorted(name for name, entity in ENTITIES.items() if entity.needs))
def test_a_mapping_without_what_a_row_needs_is_refused_on_the_entitys_line(tmp_path: Path, entity: str) -> None:
    needs = ENTITIES[entity].needs
    message = refusal(tmp_path, entity, KEYS[entity])
    assert message.splitlines() == [
        f"{tmp_path}/mapping.yml:5: {entity} needs {' or '.join(one)}: staging rejects every row without it"
        for one in needs
    ]
    for choice in {*zip(*needs, strict=True)} if len(needs) > 1 else {(column,) for column in needs[0]}:
        load(tmp_path, entity, {**KEYS[entity], **{column: f"{column}_" for column in choice}})


@pytest.mark.parametrize("entity", sorted(name for name, entity in ENTITIES.items() if not entity.needs))
def test_an_entity_without_needs_takes_its_key_alone(tmp_path: Path, entity: str) -> None:
    load(tmp_path, entity, KEYS[entity])


def test_a_return_that_names_its_order_needs_no_date(tmp_path: Path) -> None:
    load(tmp_path, "returns", {"order_id": "id", "amount": "refunded"})


@pytest.mark.parametrize("nothing", ["null", "''", "'  '", "nullif('a', 'a')", "cast(null as timestamp)"])
def test_a_column_that_is_empty_in_every_row_is_not_there(tmp_path: Path, nothing: str) -> None:
    message = refusal(tmp_path, "orders", {"order_id": "id", "ordered_at": nothing})
    assert "orders needs ordered_at" in message


ANSWER = {"response_id": "id", "question_id": "'nps'", "answered_at": "at"}


@pytest.mark.parametrize(
    ("entity", "columns", "line", "words"),
    [
        ("survey_answers", {**ANSWER, "scale_min": "0"}, 5, "needs scale_max"),
        ("survey_answers", {**ANSWER, "scale_max": "top"}, 5, "needs scale_min"),
        ("survey_answers", {**ANSWER, "scale_min": "'a'", "scale_max": "'b'"}, 10, "it must be a number"),
        ("survey_answers", {**ANSWER, "survey_kind": "'Relation'"}, 10, "did you mean `relationship`?"),
        ("survey_answers", {**ANSWER, "construct": "'nsp'"}, 10, "did you mean `nps`?"),
        ("survey_answers", {**ANSWER, "is_reversed": "'maybe'"}, 10, "it must be true or false"),
        ("orders", {"order_id": "id", "ordered_at": "'yesterday'"}, 8, "it must be a time in one of the declared"),
        ("orders", {"order_id": "id", "ordered_at": "at", "currency": "'euro'"}, 9, "three capital letters"),
        ("returns", {"order_id": "id", "kind": "'voucher'"}, 8, "not one of the accepted values; return, refund"),
        ("fx_rates", {"day": "d", "currency": "c", "rate": "'1,1'"}, 9, "it must be a number with a decimal point"),
    ],
)
def test_a_value_that_every_row_has_and_staging_rejects_is_refused_on_its_line(
    tmp_path: Path, entity: str, columns: dict[str, str], line: int, words: str
) -> None:
    message = refusal(tmp_path, entity, columns)
    assert message.startswith(f"{tmp_path}/mapping.yml:{line}: ") and words in message
    assert len(message.splitlines()) == (2 if "scale_min" in columns and "scale_max" in columns else 1)


@pytest.mark.parametrize(
    ("entity", "columns"),
    [
        ("survey_answers", {**ANSWER, "survey_kind": "' RELATIONSHIP '", "is_reversed": "no"}),
        ("survey_answers", {**ANSWER, "scale_min": "0", "scale_max": "10", "construct": "'csat'"}),
        ("orders", {"order_id": "id", "ordered_at": "'2024-05-01 10:00'", "currency": "'EUR'"}),
        ("orders", {"order_id": "id", "ordered_at": "date '2024-05-01'", "total": "1.50"}),
        ("returns", {"order_id": "id", "kind": "case when x = 1 then 'voucher' else 'return' end"}),
    ],
)
def test_a_value_that_every_row_has_and_staging_accepts_is_fine(
    tmp_path: Path, entity: str, columns: dict[str, str]
) -> None:
    load(tmp_path, entity, columns)


def test_what_an_unpivot_repeats_is_said_once_and_what_is_a_blocks_own_on_its_line(tmp_path: Path) -> None:
    shared = {"response_id": "id", "answered_at": "at", "survey_kind": "'relation'"}
    blocks = [{"question_id": "'a'", "answer_number": "a"}, {"question_id": "'b'", "construct": "'none'"}]
    lines = refusal(tmp_path, "survey_answers", shared, unpivot=blocks).splitlines()
    assert [re.findall(r"yml:(\d+): (\w+) is", line)[0] for line in lines] == [
        ("9", "survey_kind"),
        ("14", "construct"),
    ]
