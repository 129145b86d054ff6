"""What a status of an order means: the words that are known, what a mapping adds, and how they are compared."""

import csv
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from jinja2 import Environment, FileSystemLoader

from pipelines.base.errors import ConfigError
from pipelines.config.settings import load_settings, project_root
from pipelines.landing import declared_statuses, load_mapping, write_order_statuses
from pipelines.landing.fingerprint import fingerprint
from pipelines.landing.order_statuses import CLASSES, FILE, OrderStatuses, built_in, class_of, status_word
from pipelines.runs.code import core_code
from tests.unit.small_manifest import use_small_manifest

MAPPING = """\
source: {source}
{statuses}
files:
  - match: "*.csv"
    entities:
      orders: {{columns: {{order_id: id, ordered_at: at, status: status}}}}
"""
ODD = [
    "On-Hold",
    "on hold",
    "ON_HOLD",
    "Annulée",
    "annule\u0301e",
    "Größe/offen",
    "买家已付款，等待卖家发货",
    "İptal",
    "ΣΑΣ",
    "ＰＡＩＤ－０１",
    "ｏｎ＿ｈｏｌｄ／ｂ．ｚ；９｜８",
    "-",
    "",
]


def mapping(folder: Path, statuses: str, name: str = "mapping.yml", source: str = "shop") -> Path:
    path = folder / name
    path.write_text(MAPPING.format(source=source, statuses=statuses), encoding="utf-8")
    return path


def seed() -> list[dict[str, str]]:
    with (project_root() / "dbt_project" / "seeds" / "order_statuses.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_built_in_status_is_one_word_of_one_class_as_landing_writes_it() -> None:
    rows = seed()
    assert len(built_in()) == len(rows), "two rows are the same word"
    assert {row["status_class"] for row in rows} == set(CLASSES)
    assert [row["status"] for row in rows] == [row["status"].lower().strip() for row in rows]


@pytest.mark.parametrize(
    ("status_class", "statuses"),
    [
        ("sale", "completed processing shipped refunded partially_refunded delivered invoiced closed"),
        ("sale", "wc-completed Unshipped PartiallyShipped bezahlt versendet payé expédié livrée pagado entregado"),
        ("sale", "已付款 待发货 已发货 已完成 交易成功 退款成功"),
        (
            "pending",
            "pending on-hold wc-on-hold authorized unpaid awaiting-payment pendingPayment offen pendiente 待付款",
        ),
        ("cancelled", "cancelled canceled failed voided trash checkout-draft expired declined deleted unavailable"),
        ("cancelled", "storniert abgebrochen annulé cancelado anulada restocked 已取消 已关闭 交易关闭"),
        ("test", "test testbestellung 测试 test-order"),
        ("unknown", "cancelled-by-user chargeback quote"),
    ],
)
def test_common_statuses_are_known_without_a_mapping(status_class: str, statuses: str) -> None:
    found = {status: class_of(status, OrderStatuses()) for status in statuses.split()}
    assert found == dict.fromkeys(found, status_class)


@pytest.mark.parametrize(
    "texts",
    [
        ("on hold", "On-Hold", "ON_HOLD", "on\u00a0hold", "Ｏｎ－Ｈｏｌｄ", "ｏｎ＿ｈｏｌｄ"),
        ("annulé", "ANNULE", "annule\u0301"),
        ("step 10", "ＳＴＥＰ　１０"),
    ],
)
def test_accents_case_width_and_separators_make_no_other_status(texts: tuple[str, ...]) -> None:
    assert len({status_word(text) for text in texts}) == 1


def test_the_build_and_python_compare_the_same_words() -> None:
    macros = Environment(
        loader=FileSystemLoader(project_root() / "dbt_project" / "macros" / "business"), autoescape=False
    )
    sql = str(macros.get_template("order_status.sql").module.status_word("status"))  # type: ignore[attr-defined]
    texts = [row["status"] for row in seed()] + ODD
    with duckdb.connect() as connection:
        connection.execute("create table landed as select unnest(?) as text", [texts])
        found = connection.execute(
            f"select text, {sql} from (select text, lower(text) as status from landed)"
        ).fetchall()
    assert dict(found) == {text: status_word(text) for text in texts}


def test_the_word_of_the_mapping_goes_before_the_built_in_one(tmp_path: Path) -> None:
    declared = load_mapping(mapping(tmp_path, "order_statuses: {sale: [On Hold, 7], cancelled: gone}")).order_statuses
    statuses = ("on-hold", "7", "gone", "pending", "odd")
    assert [class_of(status, declared) for status in statuses] == ["sale", "sale", "cancelled", "pending", "unknown"]


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (
            "order_statuses:\n  sale: [on hold]\n  pending: [On-Hold]",
            "`on hold` under `sale` and `on-hold` under `pending`",
        ),
        ("order_statuses: {sold: [x]}", "sold"),
        ("order_statuses: {sale: ['-']}", "`-` under `sale` has no letter or digit"),
        ("order_statuses: {sale: {a: b}}", "order_statuses.sale"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused_with_its_line(tmp_path: Path, statuses: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_mapping(mapping(tmp_path, statuses))
    assert "mapping.yml:2" in refused.value.message and words in refused.value.message


def test_two_mappings_of_one_source_must_agree(tmp_path: Path) -> None:
    one = mapping(tmp_path, "order_statuses: {sale: [odd, common]}", "one.yml")
    other = mapping(tmp_path, "order_statuses: {sale: [common], test: [Odd]}", "other.yml")
    elsewhere = mapping(tmp_path, "order_statuses: {test: [odd]}", "elsewhere.yml", source="till")
    assert declared_statuses([one, one, elsewhere]) == [
        ("shop", "common", "sale"),
        ("shop", "odd", "sale"),
        ("till", "odd", "test"),
    ]
    with pytest.raises(ConfigError, match=r"other\.yml:2: .*`odd`.*`test`.*`sale`.* shop"):
        declared_statuses([one, other])


def test_a_class_that_changes_lands_nothing_again_and_asks_for_another_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_small_manifest(monkeypatch)
    path = mapping(tmp_path, "")
    (tmp_path / "in").mkdir()
    config = tmp_path / "loyalty.yml"
    config.write_text(
        f"currency: GBP\ntimezone: UTC\nsources: [{{mapping: {path}, files: {tmp_path}/in}}]", encoding="utf-8"
    )

    def fingerprints() -> tuple[str, str]:
        found = load_mapping(path)
        return fingerprint(found, found.files[0]), core_code(load_settings(config), "key").fingerprint

    before = fingerprints()
    mapping(tmp_path, "order_statuses: {sale: [odd]}")
    sale = fingerprints()
    mapping(tmp_path, "order_statuses: {test: [odd]}")
    test = fingerprints()
    assert len({before[0], sale[0], test[0]}) == 1
    assert len({before[1], sale[1], test[1]}) == 3


def test_the_build_reads_what_was_declared(tmp_path: Path) -> None:
    write_order_statuses(tmp_path, [("shop", "b", "sale"), ("shop", "a", "test")])
    assert pq.read_table(tmp_path / FILE).to_pylist() == [
        {"source": "shop", "status": "a", "status_class": "test"},
        {"source": "shop", "status": "b", "status_class": "sale"},
    ]
    write_order_statuses(tmp_path, [])
    assert pq.read_table(tmp_path / FILE).num_rows == 0
