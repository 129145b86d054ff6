"""A manifest of three models, for tests of what a change of code does: compiling the real project takes seconds."""

from typing import Any

import pytest

from pipelines.runs import code

EXCHANGED = ("channels", "order_statuses", "pseudonyms", "purchase_scores", "settings")


def _model(name: str, tag: str, parents: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "alias": name,
        "schema": tag,
        "resource_type": "model",
        "package_name": "loyalty",
        "tags": [tag],
        "depends_on": {"nodes": parents},
        "compiled_code": f"select {name}",
        "columns": {},
        "config": {"materialized": "incremental"},
    }


def small_manifest() -> dict[str, Any]:
    """One model for each stage; core's reads statuses, channels and pseudonyms, that of marts the scores."""
    sources = {f"source.exchange.{name}": {"source_name": "exchange", "name": name} for name in EXCHANGED}
    sources["source.landing.orders"] = {"source_name": "landing", "name": "orders"}
    return {
        "nodes": {
            "model.staged": _model("staged", "ingest", ["source.landing.orders"]),
            "model.order": _model(
                "order",
                "core",
                [
                    "model.staged",
                    "source.exchange.channels",
                    "source.exchange.order_statuses",
                    "source.exchange.pseudonyms",
                ],
            ),
            "model.mart": _model(
                "mart", "marts", ["model.order", "source.exchange.purchase_scores", "source.exchange.settings"]
            ),
        },
        "sources": sources,
        "macros": {},
    }


def use_small_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code be that of the small manifest."""
    monkeypatch.setattr(code, "load_manifest", lambda settings, keep=True: small_manifest())
