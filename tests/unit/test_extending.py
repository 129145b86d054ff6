"""A mapping extends a built-in one and changes parts of it."""

from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.landing import load_mapping
from pipelines.landing import mapping as mapping_module
from pipelines.landing.fingerprint import fingerprint

SHOP = """\
source: shop
timezone: Europe/Berlin
files:
  - name: orders
    match: "orders*.csv"
    timestamps: [iso]
    entities:
      orders:
        columns:
          order_id: id
          ordered_at: created
          total: total
    skips:
      - {name: draft, why: not paid, where: "kind = 'draft'"}
  - match: "readme*"
    ignore: text for people
"""


@pytest.fixture
def built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "shop.yml").write_text(SHOP)
    monkeypatch.setattr(mapping_module, "BUILT_IN", folder)
    return folder


def _write(folder: Path, text: str) -> Path:
    path = folder.parent / "own.yml"
    path.write_text(text)
    return path


def test_dicts_are_merged_lists_are_replaced_and_null_removes(built_in: Path) -> None:
    own = load_mapping(
        _write(
            built_in,
            """\
extends: shop
source: berlin
files:
  orders:
    timestamps: ["%d.%m.%Y"]
    skips: null
    entities:
      orders:
        columns: {total: null, gross: amount, status: state}
""",
        )
    )
    orders, readme = own.files
    columns = {name: column.sql for name, column in orders.entities["orders"].columns.items()}
    assert columns == {"order_id": "id", "ordered_at": "created", "gross": "amount", "status": "state"}
    assert (own.source, own.timezone, orders.match) == ("berlin", "Europe/Berlin", ("orders*.csv",))
    assert (orders.timestamps, orders.skips, readme.ignore) == (("%d.%m.%Y",), (), "text for people")


def test_a_whole_entry_is_added_before_the_built_in_ones(built_in: Path) -> None:
    path = _write(
        built_in,
        """\
extends: shop
files:
  drafts: {match: "orders-draft*.csv", ignore: not paid}
""",
    )
    assert [group.match for group in load_mapping(path).files] == [
        ("orders-draft*.csv",),
        ("orders*.csv",),
        ("readme*",),
    ]


def test_an_entry_can_be_removed_and_a_list_replaces_all_entries(built_in: Path) -> None:
    assert len(load_mapping(_write(built_in, "extends: shop\nfiles: {orders: null}\n")).files) == 1
    listed = 'extends: shop\nfiles:\n  - {match: "*", ignore: nothing yet}\n'
    assert [group.match for group in load_mapping(_write(built_in, listed)).files] == [("*",)]


def test_what_is_the_same_after_extends_has_the_same_fingerprint(built_in: Path) -> None:
    base = load_mapping("shop")
    same = load_mapping(
        _write(built_in, "extends: shop\nfiles: {orders: {entities: {orders: {columns: {total: total}}}}}\n")
    )
    assert fingerprint(same, same.files[0]) == fingerprint(base, base.files[0])


def test_a_change_of_the_built_in_mapping_changes_the_fingerprint(built_in: Path) -> None:
    path = _write(built_in, "extends: shop\n")
    before = load_mapping(path)
    (built_in / "shop.yml").write_text(SHOP.replace("total: total", "total: sum"))
    after = load_mapping(path)
    assert fingerprint(after, after.files[0]) != fingerprint(before, before.files[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source: a\nextends: shpo\n", "own.yml:2: extends: there is no built-in mapping `shpo`; did you mean `shop`?"),
        ("extends: other.yml\n", "own.yml:1: extends: must be the name of a built-in mapping"),
        ("extends: shop\nfiles:\n  ordres:\n    timezone: UTC\n", "own.yml:3: files.ordres: the mapping `shop` has no"),
        ("extends: shop\ncurrency: null\n", "own.yml:2: currency: `currency: null` removes nothing"),
        (
            "extends: shop\nfiles:\n  orders:\n    entities:\n      orders:\n        columns: {totl: null}\n",
            "own.yml:6: files.orders.entities.orders.columns.totl: `totl: null` removes nothing, because the mapping"
            " `shop` has no such key here; did you mean `total`?",
        ),
        ("extends: shop\nfiles:\n  orders:\n    entities:\n      orders: {column: {a: b}}\n", "own.yml:5: files.0"),
        ("extends: shop\nfiles:\n  orders:\n    timezone: Berlin\n", "own.yml:4: files.0.timezone: `Berlin` is not"),
        ("extends: shop\nfiles:\n  orders:\n    match: null\n", "own.yml:3: files.0.match: is missing"),
    ],
)
def test_an_error_names_file_and_line(built_in: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_mapping(_write(built_in, text))
    assert message in str(error.value)


def test_mappings_that_extend_each_other_are_refused(built_in: Path) -> None:
    (built_in / "a.yml").write_text("extends: b\n")
    (built_in / "b.yml").write_text("source: b\nextends: a\n")
    with pytest.raises(ConfigError, match=r"b\.yml:2: extends: mappings extend each other in a circle: a -> b -> a"):
        load_mapping(_write(built_in, "extends: a\n"))


def test_the_place_of_an_inherited_part_names_both_files(built_in: Path) -> None:
    own = load_mapping(_write(built_in, "source: a\nextends: shop\n"))
    where = own.where(("files", 0, "entities", "orders", "columns", "total"))
    assert where.endswith("own.yml:2 (inherited: shop.yml:12)")


def test_an_entry_like_another_one_has_its_own_files_and_comes_first(built_in: Path) -> None:
    path = _write(
        built_in, 'extends: shop\nfiles:\n  old: {like: orders, match: "old*.csv", encoding: gbk, skips: null}\n'
    )
    own, shop = load_mapping(path), load_mapping("shop")
    old, orders, _ = own.files
    assert (old.name, old.match, old.encoding, old.skips) == ("old", ("old*.csv",), "gbk", ())
    assert old.entities == orders.entities == shop.files[0].entities
    assert orders == shop.files[0]
    assert "(inherited: shop.yml" in own.where(("files", 0, "entities", "orders", "columns", "total"))


def test_an_entry_like_an_unknown_one_is_refused(built_in: Path) -> None:
    path = _write(built_in, 'extends: shop\nfiles:\n  old: {like: order, match: "old*.csv"}\n')
    with pytest.raises(ConfigError, match=r"own.yml:3: files.old.like: .*has no entry `order`.*did you mean `orders`"):
        load_mapping(path)
