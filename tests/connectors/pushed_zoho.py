"""A small home that pushes into the server of Zoho CRM."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.pushed_home import FIELDS, PushHome
from tests.vendors.zoho import CLIENT, Zoho, serving_zoho

LEVELS = ("loyal", "at_risk", "churned", "new")


def zoho_with_fields() -> Zoho:
    """A server whose contacts have the fields of a push."""
    server = Zoho()
    contacts = server.modules["Contacts"]
    contacts.fields |= {
        "Loyalty_Level": "picklist",
        "Loyalty_Class": "text",
        "Loyalty_Score": "double",
        "Next_Action": "text",
        "Loyalty_Audiences": "multiselectpicklist",
    }
    contacts.options["Loyalty_Level"] = LEVELS
    return server


@contextmanager
def pushing_into(server: Zoho, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushHome]:
    """Serve, and yield a home that pushes into the contacts."""
    for name, value in CLIENT.items():
        monkeypatch.setenv(f"ZOHO_{name.upper()}", value)
    with serving_zoho(server) as url:
        entry: dict[str, Any] = {"source": "zoho", "object": "Contacts", "fields": FIELDS}
        yield PushHome(folder, monkeypatch, "zoho", entry, {"zoho": {"api_url": url, "accounts_url": url}})


def filled(home: PushHome, server: Zoho, count: int) -> list[str]:
    """Contacts without values of a push, each of a customer who is loyal."""
    none = dict.fromkeys([*FIELDS.values(), "Loyalty_Audiences"])
    ids = server.modules["Contacts"].fill(count, **none)
    for identity in ids:
        home.add(identity, "loyal", "emotional", 80.25, "reward")
    return ids
