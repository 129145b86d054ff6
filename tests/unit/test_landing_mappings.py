"""A mapping file is refused with its line and a remedy, and what is accepted can be used."""

from pathlib import Path

import pytest

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.landing import load_mapping
from pipelines.landing.batches import batch_of
from pipelines.landing.fingerprint import fingerprint
from pipelines.landing.mapping import BUILT_IN

GOOD = """\
source: shop
timezone: Europe/London
files:
  - match: "*.csv"
    timestamps: ["%Y-%m-%d", iso]
    entities:
      orders:
        where: status <> 'x'
        columns:
          order_id: id
          ordered_at: Created at
          total: replace(total, ',', '.')
    skips:
      - {name: tests, why: nobody buys, where: status = 'x'}
"""


def _load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yml"
    path.write_text(text, encoding="utf-8")
    load_mapping(path)


def test_a_good_mapping_loads(tmp_path: Path) -> None:
    _load(tmp_path, GOOD)


@pytest.mark.parametrize("column", ["no", "No", "yes", "on", "off", "y", "n"])
def test_a_column_may_be_called_what_older_yaml_takes_for_a_truth_value(tmp_path: Path, column: str) -> None:
    path = tmp_path / "mapping.yml"
    path.write_text(GOOD.replace("order_id: id", f"order_id: {column}"), encoding="utf-8")
    assert load_mapping(path).files[0].entities["orders"].columns["order_id"].sql == column


def test_true_and_false_are_still_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yml"
    path.write_text(GOOD.replace("total: replace(total, ',', '.')", "is_test: true"), encoding="utf-8")
    assert load_mapping(path).files[0].entities["orders"].columns["is_test"].sql == "true"


@pytest.mark.parametrize("name", sorted(path.stem for path in BUILT_IN.glob("*.yml")))
def test_every_built_in_mapping_loads_and_is_named_after_its_source(name: str) -> None:
    source = load_mapping(name).source
    assert name == source or name.startswith(f"{source}_")  # zoho and zoho_api: two ways to one source


@pytest.mark.parametrize("example", ["online_retail", "olist", "cdnow", "starbucks"])
def test_every_example_loads(example: str) -> None:
    assert load_mapping(Path(__file__).parents[2] / "examples" / example / "mapping.yml").source == example


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("source: shop", "source: Shop", 1, "`Shop`"),
        ("source: shop", "source: none", 1, "`none`"),
        ("timezone: Europe/London", "timezone: London", 2, "not a time zone"),
        ("timezone: Europe/London", "zone: Europe/London", 2, "zone: unknown key; did you mean `timezone`?"),
        ("timezone: Europe/London", "source: again", 2, "appears twice"),
        ("orders:", "order:", 7, "`order` is not an entity; did you mean `orders`?"),
        ("order_id: id", "id: id", 10, "`id`"),
        ("order_id: id", "customer_ref: id", 7, "orders needs order_id"),
        ("where: status <> 'x'", "where: status + ", 8, "not a SQL expression"),
        ("where: status <> 'x'", "where: status", 8, "must be BOOLEAN"),
        ("where: status <> 'x'", "where: exists (select 1)", 8, "subquery is not allowed"),
        ("replace(total, ',', '.')", "replase(total, ',', '.')", 12, "replase"),
        ("replace(total, ',', '.')", "total * 2", 12, "total * 2"),
        ("replace(total, ',', '.')", "random()", 12, "random() is not allowed"),
        ("replace(total, ',', '.')", "current_date", 12, "current_date is not allowed"),
        ("replace(total, ',', '.')", "sum(total) over ()", 12, "window is not allowed"),
        ("replace(total, ',', '.')", "sum(total::int)", 12, "the aggregate sum() is not allowed"),
        ("replace(total, ',', '.')", "1 + First(total)::int", 12, "the aggregate first() is not allowed"),
        ("replace(total, ',', '.')", "count(*)", 12, "is not allowed"),
        ("replace(total, ',', '.')", "json_group_array(total)", 12, "the aggregate json_group_array() is not allowed"),
        ("where: status <> 'x'", "where: max(status) = 'x'", 8, "the aggregate max() is not allowed"),
        ("replace(total, ',', '.')", "replace(total, 'a',", 12, "not a SQL expression"),
        ("replace(total, ',', '.')", "{'a': total}", 12, "total"),
        ('"*.csv"', '"*.csv"\n    file_on: "(("', 5, "regular expression"),
        ('"*.csv"', '"*.csv"\n    header_rows: 0', 4, "`names`"),
        ('"*.csv"', '"*.csv"\n    format: json\n    delimiter: ";"', 4, "for csv and tsv"),
        ('"*.csv"', '"*.csv"\n    ignore: words', 4, "an entry with `ignore` can have no other keys"),
        ("{name: tests, why: nobody buys, ", "{name: tests, ", 14, "why: is missing"),
        ("    entities:", "   entities:", 6, "YAML"),
    ],
)
def test_a_bad_mapping_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert f"mapping.yml:{line}:" in refused.value.message
    assert message in refused.value.message
    assert refused.value.hint and refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("entity", "columns", "basis", "message"),
    [
        ("returns", "{order_id: id}", "net", "`net` is not allowed; allowed are goods, gross"),
        ("orders", "{order_id: id}", "gross", "a key of returns only"),
        ("returns", "{order_id: id, amount_basis: kind}", "gross", "twice"),
    ],
)
def test_what_a_refund_includes_is_declared_for_returns_and_once(
    tmp_path: Path, entity: str, columns: str, basis: str, message: str
) -> None:
    rows = f"{{columns: {columns}, amount_basis: {basis}}}"
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, f"source: shop\nfiles:\n  - match: a\n    entities:\n      {entity}: {rows}\n")
    assert "mapping.yml:" in refused.value.message and message in refused.value.message


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, GOOD.replace("status <> 'x'", "status").replace("replace(total, ',', '.')", "nope(total)"))
    assert "mapping.yml:8:" in refused.value.message and "mapping.yml:12:" in refused.value.message


def test_reading_a_field_and_inside_it_is_refused_with_a_way_out(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"*.csv"', '"*.json"\n    format: json')
        .replace("order_id: id", "order_id: a.b")
        .replace("ordered_at: Created at", "ordered_at: a")
    )
    with pytest.raises(ConfigError, match="cannot both be read"):
        _load(tmp_path, text)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ConfigError) as refused:
        load_mapping("nothing_like_it")
    assert "sample" in refused.value.hint


def test_a_fingerprint_follows_the_meaning_and_not_the_words_around_it(tmp_path: Path) -> None:
    prints = []
    for index, text in enumerate([GOOD, "# words\n" + GOOD, GOOD.replace("*.csv", "*.txt"), GOOD.replace("<>", "!=")]):
        path = tmp_path / f"{index}.yml"
        path.write_text(text, encoding="utf-8")
        mapping = load_mapping(path)
        prints.append(fingerprint(mapping, mapping.files[0]))
    assert prints[0] == prints[1] == prints[2] != prints[3]


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_every_entity_can_be_mapped(tmp_path: Path, entity: str) -> None:
    columns = "".join(f"          {name}: {name}_\n" for name in ENTITIES[entity].columns)
    _load(
        tmp_path, f"source: shop\nfiles:\n  - match: '*'\n    entities:\n      {entity}:\n        columns:\n{columns}"
    )


def test_no_batch_is_named_like_a_number() -> None:
    # Spark reads the names of partition folders as numbers where it can.
    names = [batch_of("shop", f"{n:064x}", None, "") for n in range(500)]
    assert all(name.startswith("b") and len(name) == 17 for name in names) and len(set(names)) == 500
