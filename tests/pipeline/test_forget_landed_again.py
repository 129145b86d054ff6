"""A file that is landed again after an erasure: it brings nobody back, whatever the mapping has changed."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.config.settings import Settings, load_settings
from pipelines.landing import LandingReport, Outcome, SourceFiles, land, load_mapping
from pipelines.landing.replacement import Replacement, write_replacement
from pipelines.privacy import landing_eraser
from tests.pipeline import person
from tests.pipeline.test_forget_landed import forget, landed

ADA, NAME, MAIL = "adah-17", "Ada Lovelacewicz", "ada@nowhere.example"
BOB = "bob-23"
TRACES = (ADA, NAME, MAIL, "adah17")

CLIENTS = f"who,name,mail,kind\n{ADA},{NAME},{MAIL},x\n{BOB},Bob Andersson,bob@nowhere.example,x\nold-1,Old One,,y\n"
SALES = "\n".join(
    [
        "id,who,mail,day,amount,channel",
        f"1,{ADA},{MAIL},2024-05-01,5.00,web",
        f"2,{BOB},,2024-05-02,7.00,web",
        "3,old-1,,2024-05-02,9.00,\n",
    ]
)
CALLS = f"id,who,day,words,topic\n1,{ADA},2024-05-01,hello,order\n2,{BOB},2024-05-02,all is well,order\n"
TALK = CALLS + f"3,{BOB},2024-05-03,I asked {NAME} about it,her\n"

ORDERS = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "gross": "amount"}


def mapping(
    clients: dict[str, Any] | None = None, sales: dict[str, Any] | None = None, calls: dict[str, Any] | None = None
) -> str:
    """The mapping, with what is changed of each group's one entity."""
    groups = [
        ("clients.csv", "customers", {"customer_ref": "who", "name": "name", "email": "mail"}, clients),
        ("sales.csv", "orders", ORDERS, sales),
        (
            "calls.csv",
            "interactions",
            {"interaction_id": "id", "customer_ref": "who", "occurred_at": "day", "body": "words"},
            calls,
        ),
    ]
    files = []
    for match, entity, columns, change in groups:
        change = change or {}
        rows = {"where": "true", "columns": {**columns, **change.get("columns", {})}}
        rows |= {key: value for key, value in change.items() if key == "where"}
        more = {key: value for key, value in change.items() if key not in ("where", "columns")}
        files.append({"match": match, "entities": {entity: rows}, **more})
    return yaml.safe_dump({"source": "shop", "currency": "EUR", "files": files}, sort_keys=False)


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A shop from which Ada was erased; its originals lie outside home, and still have her."""
    inbox, config = tmp_path / "in", tmp_path / "loyalty.yml"
    inbox.mkdir()
    for name, content in {"clients": CLIENTS, "sales": SALES, "calls": CALLS}.items():
        (inbox / f"{name}.csv").write_text(content)
    (tmp_path / "mapping.yml").write_text(mapping(clients={"where": "kind = 'x'"}))
    source = {"mapping": str(tmp_path / "mapping.yml"), "files": str(inbox)}
    config.write_text(
        yaml.safe_dump({"home": str(tmp_path / "home"), "currency": "EUR", "timezone": "UTC", "sources": [source]})
    )
    settings = load_settings(config)
    arrive(settings)
    forget(settings, ADA)
    assert traces(settings) == {}
    return settings


def arrive(settings: Settings, text: str | None = None) -> LandingReport:
    """Land what is in the inbox, by another mapping if one is given."""
    source = settings.sources[0]
    if text is not None:
        Path(source.mapping).write_text(text)
    entry = SourceFiles(load_mapping(source.mapping), source.files)
    return land(settings.home, [entry], today=date(2024, 6, 1), erase=landing_eraser(settings))


def traces(settings: Settings) -> dict[str, list[str]]:
    return person.traces(settings.home, TRACES)


def again(report: LandingReport) -> list[str]:
    return sorted(file.file_name for file in report.of(Outcome.AGAIN))


def test_files_land_again_without_those_who_were_erased(shop: Settings) -> None:
    # a where that takes more, a column more, texts that mean nothing
    text = mapping(clients={}, sales={"columns": {"email": "mail", "channel": "channel"}}, calls={"nulls": ["hello"]})
    report = arrive(shop, text)
    assert (again(report), report.warnings) == (["calls.csv", "clients.csv", "sales.csv"], ())
    assert traces(shop) == {}
    assert landed(shop, "customers", "customer_ref") == [(BOB,), ("old-1",)]
    sales = landed(shop, "orders", "order_id, customer_ref, email, channel, gross")
    assert sales == [
        ("1", None, None, "web", "5.00"),
        ("2", BOB, None, "web", "7.00"),
        ("3", "old-1", None, None, "9.00"),
    ]
    counts = landed(shop, "ledger", "entity, landed_rows, erased_rows", "entity <> 'orders'")
    assert counts == [("customers", 2, 1), ("interactions", 1, 1)]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"clients": {"columns": {"customer_ref": "replace(who, '-', '')", "email": "null"}}}, "clients.csv"),
        ({"clients": {"columns": {"customer_ref": "mail", "email": "null", "name": "kind"}}}, "clients.csv"),
        ({"sales": {"columns": {"customer_ref": "replace(who, '-', '')"}}}, "sales.csv"),
        ({"sales": {"columns": {"customer_ref": "mail"}}}, "sales.csv"),
        ({"sales": {"columns": {"customer_ref": "replace(who, '-', '')"}, "where": "true or true"}}, "sales.csv"),
        ({"calls": {"columns": {"customer_ref": "replace(who, '-', '')"}}}, "calls.csv"),
        ({"calls": {"columns": {"customer_ref": "topic", "kind": "who"}}}, "calls.csv"),
    ],
)
def test_a_file_whose_references_change_stays_as_it_was_and_the_run_goes_on(
    shop: Settings, changed: dict[str, Any], kept: str
) -> None:
    before = {name: landed(shop, name) for name in ("customers", "orders", "interactions")}
    report = arrive(shop, mapping(**{"clients": {"where": "kind = 'x'"}, **changed}))
    assert again(report) == []
    (warning,) = report.warnings
    assert f"{kept} was landed with an older version" in warning and "loyalty forget" in warning
    assert report.outdated == 1
    assert traces(shop) == {}
    assert {name: landed(shop, name) for name in before} == before


def test_the_file_lands_again_once_they_are_forgotten_by_the_new_reference(shop: Settings) -> None:
    text = mapping(
        clients={"columns": {"customer_ref": "replace(who, '-', '')", "email": "null"}, "where": "kind = 'x'"}
    )
    assert len(arrive(shop, text).warnings) == 1
    forget(shop, "adah17")
    report = arrive(shop)
    assert (again(report), report.warnings) == (["clients.csv"], ())
    assert traces(shop) == {}
    assert landed(shop, "customers", "customer_ref") == [("bob23",)]


def test_words_about_them_do_not_come_back(tmp_path: Path, shop: Settings) -> None:
    """Bob's text named her, which no tombstone recognises: his record stays empty, and so the file as it is."""
    (tmp_path / "in" / "calls.csv").write_text(TALK)
    settings = shop.model_copy(update={"home": tmp_path / "second"})
    arrive(settings, mapping())
    forget(settings, ADA)
    assert traces(settings) == {}
    report = arrive(settings, mapping(calls={"columns": {"kind": "topic"}}))
    assert (again(report), len(report.warnings)) == ([], 1)
    assert traces(settings) == {}
    assert landed(settings, "interactions", "interaction_id, body") == [("2", "all is well"), ("3", None)]


def test_a_content_that_must_stay_as_it_was_can_be_delivered_again(tmp_path: Path, shop: Settings) -> None:
    sales = tmp_path / "in" / "sales.csv"
    sales.write_text(SALES.replace("7.00", "8.00"))
    arrive(shop)
    sales.write_text(SALES)
    report = arrive(shop, mapping(clients={"where": "kind = 'x'"}, sales={"columns": {"customer_ref": "mail"}}))
    assert any("sales.csv was landed with an older version" in warning for warning in report.warnings)
    deliveries = landed(shop, "deliveries", "sequence, batch", "file_name = 'sales.csv'")
    assert [sequence for sequence, _ in deliveries] == [1, 2, 3]
    assert deliveries[0][1] == deliveries[2][1]
    assert traces(shop) == {}


@pytest.mark.parametrize(("skipped", "lands"), [(1, True), (2, False)])
def test_a_file_lands_again_only_if_its_records_can_be_told_apart_as_before(
    shop: Settings, skipped: int, lands: bool
) -> None:
    """Names instead of a header: the same records. A line less, and every record has another number."""
    names = {"skip_rows": skipped, "header_rows": 0, "names": SALES.splitlines()[0].split(",")}
    report = arrive(shop, mapping(clients={"where": "kind = 'x'"}, sales=names))
    assert (again(report), len(report.warnings)) == ((["sales.csv"], 0) if lands else ([], 1))
    assert traces(shop) == {}


def test_an_erasure_meets_a_batch_that_a_killed_run_was_replacing(tmp_path: Path, shop: Settings) -> None:
    """Both batches are there, the earlier and the new one; planned with both, she is erased from what stays."""
    settings = shop.model_copy(update={"home": tmp_path / "second"})
    arrive(settings, mapping())
    shutil.copytree(settings.home / "landing", tmp_path / "kept")
    (old,) = {batch for (batch,) in landed(settings, "ledger", "batch", "file_name = 'sales.csv'")}
    arrive(settings, mapping(sales={"columns": {"channel": "channel"}}))
    (new,) = {batch for (batch,) in landed(settings, "ledger", "batch", "file_name = 'sales.csv'")}
    for kept in (tmp_path / "kept").glob(f"*/source=shop/batch={old}"):
        shutil.copytree(kept, settings.home / "landing" / kept.relative_to(tmp_path / "kept"))
    delivered = ("sales.csv", 1, date(2024, 6, 1))
    write_replacement(settings.home / "landing", Replacement("shop", old, new, (delivered,)))
    assert len(landed(settings, "orders", where=f"customer_ref = '{ADA}'")) == 2
    forget(settings, ADA)
    assert traces(settings) == {}
    assert landed(settings, "ledger", "batch", "file_name = 'sales.csv'") == [(new,)]
    assert len(landed(settings, "orders")) == 3
