"""What is foreseen of a landing is what the landing then does, and looking changes nothing."""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.landing import (
    LandingReport,
    Outcome,
    RefusedFiles,
    SourceFiles,
    delivery_ages,
    land,
    landed_batches,
    load_mapping,
    preview_landing,
)

TODAY = date(2024, 5, 3)
COLUMNS = {"order_id": "id", "ordered_at": "day", "total": "total"}
GROUP: dict[str, Any] = {"match": "orders*.csv", "entities": {"orders": {"columns": COLUMNS}}}


class Shop:
    """An inbox with two files that have landed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox, self.originals, self.home = folder / "in", folder / "originals", folder / "home"
        for path in (self.inbox, self.originals):
            path.mkdir()
        self.map(GROUP)
        self.write("orders-1.csv", 1)
        self.write("orders-2.csv", 2)
        self.land()

    def map(self, *groups: dict[str, Any]) -> None:
        (self.folder / "mapping.yml").write_text(yaml.safe_dump({"source": "shop", "files": list(groups)}))

    def write(self, name: str, total: int) -> None:
        (self.inbox / name).write_text(f"id,day,total\n1,2024-05-01,{total}\n")

    def sources(self) -> list[SourceFiles]:
        return [SourceFiles(load_mapping(self.folder / "mapping.yml"), self.inbox)]

    def land(self) -> LandingReport:
        try:
            return land(self.home, self.sources(), today=TODAY, originals=self.originals)
        except RefusedFiles as refused:
            return refused.report


def nothing(shop: Shop) -> None:
    """As it was."""


def new_and_twice(shop: Shop) -> None:
    for name in ("orders-3.csv", "orders-4.csv"):
        shop.write(name, 3)


def corrected(shop: Shop) -> None:
    shop.write("orders-1.csv", 10)


def corrected_and_taken_back(shop: Shop) -> None:
    corrected(shop)
    shop.land()
    shop.write("orders-1.csv", 1)


def under_another_name(shop: Shop) -> None:
    shop.write("orders-9.csv", 1)


def mapped_otherwise(shop: Shop) -> None:
    shop.map({**GROUP, "nulls": ["2"]})


def mapped_otherwise_and_moved(shop: Shop) -> None:
    mapped_otherwise(shop)
    (shop.inbox / "orders-1.csv").rename(shop.originals / "x.csv")
    (shop.inbox / "orders-2.csv").unlink()


def declared_otherwise(shop: Shop) -> None:
    corrected(shop)
    shop.land()
    shop.map({**GROUP, "delivery": "full"})


def refused(shop: Shop) -> None:
    new_and_twice(shop)
    (shop.inbox / "strange.txt").write_text("hello\n")
    (shop.inbox / "orders-5.csv").write_text("id,total\n1,2\n")


def ignored_after_landing(shop: Shop) -> None:
    shop.map({"match": "orders-1.csv", "ignore": "not wanted"}, GROUP)


def without_a_ledger(shop: Shop) -> None:
    shutil.rmtree(shop.home / "landing" / "ledger")


STATES = [
    nothing,
    new_and_twice,
    corrected,
    corrected_and_taken_back,
    under_another_name,
    mapped_otherwise,
    mapped_otherwise_and_moved,
    declared_otherwise,
    refused,
    ignored_after_landing,
    without_a_ledger,
]


@pytest.mark.parametrize("change", STATES, ids=lambda change: change.__name__)
def test_what_is_foreseen_is_what_is_done(tmp_path: Path, change: Callable[[Shop], None]) -> None:
    shop = Shop(tmp_path)
    change(shop)
    before = contents(shop.home)
    preview = preview_landing(shop.home, shop.sources(), today=TODAY, originals=shop.originals)
    assert contents(shop.home) == before
    report = shop.land()
    assert +Counter(preview.new) == Counter(file.source for file in report.of(Outcome.LANDED))
    assert sum(preview.again.values()) == len(report.of(Outcome.AGAIN)) + report.redeclared
    refused = preview.refused.report.of(Outcome.REFUSED) if preview.refused else ()
    assert [(file.file_name, file.note) for file in refused] == [
        (file.file_name, file.note) for file in report.of(Outcome.REFUSED)
    ]
    assert preview.batches == landed_batches(shop.home)
    assert preview.ages == delivery_ages(shop.home)


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
