"""Small homes with several sources of customers, for tests of who is erased and exported with whom."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipelines.base.durable import PRIVATE, umask
from pipelines.config.settings import Settings, load_settings
from pipelines.landing import LandingReport, SourceFiles, land, load_mapping
from pipelines.privacy import Certificate, erase, landing_eraser, plan_erasure
from tests.pipeline import person

DAY, LATER = "2024-03-01", "2024-03-02"


def settings(folder: Path, *sources: str, **identity: Any) -> Settings:
    """The settings of a home with some sources of JSON lines. The inbox of each is the folder of its name."""
    listed = []
    for source in sources:
        (folder / source).mkdir(parents=True, exist_ok=True)
        (folder / f"{source}.yml").write_text(person.mapping(source), encoding="utf-8")
        listed.append({"mapping": str(folder / f"{source}.yml"), "files": str(folder / source)})
    content: dict[str, Any] = {"home": str(folder / "home"), "currency": "EUR", "timezone": "UTC", "sources": listed}
    (folder / "loyalty.yml").write_text(yaml.safe_dump({**content, "model": {"identity": identity}}), encoding="utf-8")
    return load_settings(folder / "loyalty.yml")


def deliver(shop: Settings, source: str, day: str, *customers: dict[str, str | None], **others: Any) -> None:
    """Write files of a day into the inbox of a source."""
    assert shop.config_path is not None
    rows: person.Rows = {**({"customers": [*customers]} if customers else {}), **others}
    person.write(shop.config_path.parent / source, day, rows)


def order(number: str, **who: str) -> dict[str, str]:
    """An order of somebody."""
    return {"order_id": number, "ordered_at": f"{DAY} 10:00:00", "currency": "EUR", "gross": "5.00", **who}


def arrive(shop: Settings) -> LandingReport:
    """Land what is in the inboxes, without people who were erased."""
    files = [SourceFiles(load_mapping(source.mapping), source.files) for source in shop.sources]
    return land(shop.home, files, today=date(2024, 4, 1), erase=landing_eraser(shop))


def forget(shop: Settings, asked: str, **options: Any) -> Certificate:
    """Erase a person."""
    with umask(PRIVATE) as users:
        return erase(shop, plan_erasure(shop, asked, **options), users)


def members(shop: Settings, asked: str, **options: Any) -> dict[str, str]:
    """The link by which each reference of a person is found, as `forget` shows it."""
    plan = plan_erasure(shop, asked, **options)
    return {f"{one.source}:{one.ref}": f"{one.link} {one.contact or ''}".strip() for one in plan.members}
