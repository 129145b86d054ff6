"""Ada, who will be forgotten, in every entity of a source of JSON lines, and Bob, who has nothing to do with her."""

import json
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.base.entities import ENTITIES
from pipelines.config.settings import Settings, load_settings

# The second reference has the form of a customer_key, as those of some shops do.
REF, PERSON_REF, SECOND_REF = "ADA-REF-55501", "ADA-PERSON-777", "ada90210" * 4
EMAIL, PHONE, NAME = "ada.lovelace.x@nowhere.example", "+44 (0)20 5550-1234", "Adelheid Lovelacewicz"
BOB = "BOB-REF-10001"

# Everything that must be nowhere afterwards, in lower case.
STRINGS = (REF, PERSON_REF, SECOND_REF, EMAIL, PHONE, NAME, "4402055501234")

Rows = dict[str, list[dict[str, Any]]]


def mapping(source: str = "crm") -> str:
    """A mapping of JSON lines whose fields are the canonical columns."""
    groups = [
        {
            "match": f"{entity}_*.jsonl",
            "format": "jsonl",
            "file_on": r"_(\d{4}-\d{2}-\d{2})",
            "entities": {entity: {"columns": {column: f'"{column}"' for column in ENTITIES[entity].columns}}},
        }
        for entity in ENTITIES
    ]
    # keyless sales, as some tills write them
    till = {"order_id": '"order"', "customer_ref": "who", "product_id": "sku", "quantity": "qty", "unit_price": "price"}
    till |= {"email": "mail", "ordered_at": '"at"'}
    groups.append({"match": "till_*.csv", "entities": {"order_lines": {"columns": till}}})
    return yaml.safe_dump({"source": source, "currency": "EUR", "files": groups}, sort_keys=False)


def rows(day: str, *, ref: str | None = REF, email: str | None = EMAIL, phone: str | None = PHONE) -> Rows:
    """Rows about Ada: one or more of every entity that can be about somebody."""
    at, text = f"{day} 10:00:00", f"{NAME} ({EMAIL}, {PHONE}) called. {REF}"
    who = {"customer_ref": ref}
    return {
        "customers": [
            {**who, "person_ref": PERSON_REF, "name": NAME, "email": email, "phone": phone, "country": "GB"}
            | {"signed_up_at": at, "note": "not mapped: " + text},
            {"customer_ref": SECOND_REF, "person_ref": PERSON_REF, "name": NAME, "signed_up_at": at},
            {**who, "name": NAME, "email": email, "signed_up_at": "not a time"},  # quarantined
        ],
        "orders": [
            {**who, "order_id": "A1", "email": email, "phone": phone, "ordered_at": at, "currency": "EUR"}
            | {"gross": "100.00", "total": "100.00", "channel": "web", "delivery": text},
            {"order_id": "A2", "email": email, "ordered_at": at, "currency": "EUR", "gross": "7.00", "total": "7.00"},
            {**who, "order_id": "A3", "ordered_at": at, "currency": "EUR", "gross": f"{NAME}", "total": "1.00"},
        ],
        "order_lines": [
            {"order_id": "A1", "line_id": "1", "product_id": "P1", "quantity": "1", "unit_price": "100.00"}
            | {"currency": "EUR", "engraving": NAME},
            {
                "order_id": "A2",
                "line_id": "1",
                "product_id": "P1",
                "quantity": "1",
                "unit_price": "7",
                "currency": "EUR",
            },
        ],
        "payments": [
            {"payment_id": "Y1", "order_id": "A1", "paid_at": at, "amount": "100.00", "currency": "EUR", "payer": NAME}
        ],
        "returns": [
            {**who, "return_id": "R1", "order_id": "A1", "returned_at": at, "amount": "10.00", "currency": "EUR"}
            | {"kind": "return", "reason": text}
        ],
        "interactions": [
            {**who, "interaction_id": "I1", "occurred_at": at, "kind": "call", "subject": NAME, "body": text},
        ],
        "cases": [
            {**who, "case_id": "K1", "opened_at": at, "kind": "complaint", "body": text, "resolution": text},
            {"case_id": "K2", "order_id": "A1", "opened_at": at, "kind": "question", "body": "my parcel"},
        ],
        "campaign_touches": [
            {**who, "touch_id": "T1", "campaign_id": "C", "action": "sent", "touched_at": at},
        ],
        "loyalty_events": [{**who, "event_id": "L1", "occurred_at": at, "kind": "earn", "points": "5"}],
        "referrals": [
            {"referral_id": "F1", "referrer_ref": ref, "referred_ref": BOB, "referred_at": at},
            {"referral_id": "F2", "referrer_ref": BOB, "referred_ref": SECOND_REF, "referred_at": at},
        ],
        "survey_invitations": [{**who, "invitation_id": "V1", "email": email, "survey_id": "s", "sent_at": at}],
        "survey_answers": [
            {**who, "response_id": "S1", "question_id": "q", "survey_id": "s", "survey_kind": "relationship"}
            | {"email": email, "answered_at": at, "construct": "nps", "answer_number": "9", "answer_text": text}
            | {"scale_min": "0", "scale_max": "10"},
        ],
    }


def deletions(day: str) -> Rows:
    """Deletions of her records and of one of Bob's."""
    records = (("customers", REF), ("customers", SECOND_REF), ("orders", "A1"), ("customers", BOB))
    return {
        "deletions": [
            {"entity": entity, "record_id": record, "deleted_at": f"{day} 12:00:00"} for entity, record in records
        ]
    }


def bobs_rows(day: str) -> Rows:
    """Rows about Bob; in one free text he speaks of Ada."""
    at, who = f"{day} 11:00:00", {"customer_ref": BOB}
    return {
        "customers": [{**who, "name": "Bob Andersson", "email": "ada@nowhere.example", "phone": "+44 20 9999 0000"}],
        "orders": [{**who, "order_id": "B1", "ordered_at": at, "currency": "EUR", "gross": "5.00", "total": "5.00"}],
        "order_lines": [
            {
                "order_id": "B1",
                "line_id": "1",
                "product_id": "P1",
                "quantity": "1",
                "unit_price": "5",
                "currency": "EUR",
            }
        ],
        "interactions": [
            {
                **who,
                "interaction_id": "I2",
                "occurred_at": at,
                "kind": "email",
                "subject": "hello",
                "body": "all is well",
            },
            {
                **who,
                "interaction_id": "I3",
                "occurred_at": at,
                "kind": "email",
                "subject": "her",
                "body": f"ask\n{EMAIL}",
            },
        ],
    }


def write(inbox: Path, day: str, *sets: Rows, unreadable: str = "") -> None:
    """Write rows as files of a day, an entity each."""
    inbox.mkdir(parents=True, exist_ok=True)
    for entity in {name for one in sets for name in one}:
        lines = [json.dumps(row, ensure_ascii=False) for one in sets for row in one.get(entity, [])]
        if entity == "interactions" and unreadable:
            lines.append(unreadable)
        (inbox / f"{entity}_{day}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings(folder: Path, *, inbox: Path | None = None, home: Path | None = None) -> Settings:
    """The settings of an installation in a folder, with the one source; its inbox lies outside home."""
    inbox = inbox or folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (folder / "crm.yml").write_text(mapping(), encoding="utf-8")
    config = folder / "loyalty.yml"
    sources = [{"mapping": str(folder / "crm.yml"), "files": str(inbox)}]
    content = {"home": str(home or folder / "home"), "currency": "EUR", "timezone": "UTC", "sources": sources}
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_settings(config)


def traces(home: Path, strings: tuple[str, ...] = STRINGS) -> dict[str, list[str]]:
    """Where any of some strings stands below a home: every column of every Parquet and table, every other byte."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += _decoded(f"from read_parquet('{path}', hive_partitioning = false)")
        if path.name == "loyalty.duckdb":
            content += _decoded_database(path)
        if hits := [text for text in strings if text.lower().encode() in content.lower()]:
            found[str(path.relative_to(home))] = hits
    return found


def _decoded(query: str, connection: duckdb.DuckDBPyConnection | None = None) -> bytes:
    with connection or duckdb.connect() as engine:
        return repr(engine.execute(query).fetchall()).encode()


def _decoded_database(path: Path) -> bytes:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return b"".join(repr(connection.execute(f'from "{name}"').fetchall()).encode() for name in tables)
