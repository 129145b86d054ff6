"""A customer who was merged into another one, and that one into a third, is forgotten and exported as one person."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.landing import SourceFiles, land, load_mapping
from pipelines.privacy import erase, landing_eraser, plan_erasure
from pipelines.privacy.export import export_person
from tests.pipeline import person

DAYS = ("2024-03-01", "2024-03-02", "2024-03-03")
CHAIN = ("MERGED-ONE-11111", "MERGED-TWO-22222", "MERGED-THREE-33333", "MERGED-FOUR-44444", "MERGED-FIVE-55555")
BRANCH = "MERGED-BRANCH-66666"
ALL = (*CHAIN, BRANCH)


def customers(*links: tuple[str, str | None]) -> person.Rows:
    return {"customers": [{"customer_ref": ref, "person_ref": into} for ref, into in links]}


def orders(day: str, *refs: str) -> person.Rows:
    row: dict[str, Any] = {"ordered_at": f"{day} 10:00:00", "currency": "EUR", "gross": "5.00"}
    return {"orders": [{"order_id": f"O{n}-{day}", "customer_ref": ref, **row} for n, ref in enumerate(refs)]}


def arrive(settings: Settings) -> None:
    source = settings.sources[0]
    files = [SourceFiles(load_mapping(source.mapping), source.files)]
    land(settings.home, files, today=date(2024, 4, 1), erase=landing_eraser(settings))


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """One, two ... five, link by link on several days; the link in the middle was taken back on the last."""
    settings = person.settings(tmp_path)
    one, two, three, four, five = CHAIN
    inbox = tmp_path / "inbox"
    person.write(inbox, DAYS[0], customers((one, two), (three, four), (BRANCH, three)), orders(DAYS[0], *ALL))
    person.write(inbox, DAYS[1], customers((two, three), (four, five)), person.bobs_rows(DAYS[1]))
    person.write(inbox, DAYS[2], customers((two, None)), orders(DAYS[2], one, person.BOB))
    arrive(settings)
    return settings


@pytest.mark.parametrize("asked", [CHAIN[0], CHAIN[2], CHAIN[4], BRANCH])
def test_forgetting_any_of_a_chain_forgets_all_of_it_in_both_directions(shop: Settings, asked: str) -> None:
    with umask(PRIVATE) as users:
        erase(shop, plan_erasure(shop, asked), users)
    assert person.traces(shop.home, ALL) == {}
    assert person.traces(shop.home, (person.BOB,))
    # and none of them comes back, the links included
    links = list(zip(CHAIN, (*CHAIN[1:], None), strict=True))
    person.write(shop.sources[0].files, "2024-03-04", customers(*links), orders("2024-03-04", *ALL, person.BOB))
    arrive(shop)
    assert person.traces(shop.home, ALL) == {}


@pytest.mark.parametrize("asked", [CHAIN[1], CHAIN[4], BRANCH])
def test_exporting_any_of_a_chain_exports_all_of_it(shop: Settings, asked: str) -> None:
    load_key(shop.paths.key, shop.key_text)  # a run makes it; an export changes nothing
    text = StringIO()
    export_person(shop, asked, text)
    held = json.loads(text.getvalue())
    assert {one["ref"] for one in held["references"]} == set(ALL)
    assert len(held["customer_keys"]) == len(ALL)
    assert {row["customer_ref"] for row in held["held"]["landed.orders"]} == set(ALL)
    assert person.BOB not in text.getvalue()


def test_a_circle_of_records_is_one_person_and_ends(shop: Settings) -> None:
    person.write(shop.sources[0].files, "2024-03-04", customers((CHAIN[4], CHAIN[0])))
    arrive(shop)
    assert {ref for _, ref in plan_erasure(shop, CHAIN[1]).subject.refs} == set(ALL)
