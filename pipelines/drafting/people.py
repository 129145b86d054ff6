"""Drafts what campaign touches and loyalty events need besides their own columns: who it was, and what happened.

Their exports often know a person by the e-mail address only, and often only the name of the file says what happened.
A list of customers may have nothing but the address too.
"""

from collections.abc import Iterator
from dataclasses import replace

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, Remark, decisive
from pipelines.drafting.matching import Values
from pipelines.drafting.names import compared, entity_names
from pipelines.drafting.table import Field

_ENTITIES = ("campaign_touches", "loyalty_events")
_TOUCHES = "campaign_touches"
_ACTIONS = (
    ("redeemed", ("redeem", "eingelost", "utilise", "canjead", "核销")),
    ("clicked", ("click", "geklickt", "clique", "clic", "点击")),
    ("opened", ("open", "geoffnet", "ouvert", "abiert", "打开")),
    (
        "sent",
        ("sent", "send", "receiv", "deliver", "recipient", "gesendet", "versand", "envoy", "enviad", "发送", "触达"),
    ),
)
_CONTRARY = ("unopened", "notopened", "notclicked", "unsent", "未打开", "未点击")


def with_people(values: Values, entity: DraftedEntity, file_name: str) -> list[DraftedEntity]:
    """An entity with the customer and the action of its rows; and customers, if only their e-mail is known.

    Args:
        values: The file.
        entity: The drafted entity.
        file_name: The name of the file in compared form.
    """
    if entity.name == "customers" and "customer_ref" not in entity.columns:
        return [_known_by_address(entity)]
    if entity.name not in _ENTITIES:
        return [entity]
    columns = dict(entity.columns)
    remarks = list(entity.remarks)
    customers: list[DraftedEntity] = []
    if "customer_ref" not in columns:
        if email := _email(values):
            name = quoting.name(email.name) if len(email.path) == 1 else email.sql
            columns["customer_ref"] = DraftedColumn(f"md5(lower({name}))")
            known = {"customer_ref": DraftedColumn(f"md5(lower({name}))"), "email": DraftedColumn(email.sql)}
            customers = [DraftedEntity("customers", known)]
        else:
            text = "customer_ref: no column says who the customer is, so these rows belong to no customer"
            remarks.append(Remark(text, True))
    if entity.name == _TOUCHES:
        columns |= dict(_action(columns, file_name))
        if "campaign_id" not in columns:
            remarks.append(
                Remark("campaign_id: no column says which campaign it was (docs/mapping.md: from_name)", True)
            )
    ordered = {name: columns[name] for name in ENTITIES[entity.name].columns if name in columns}
    return [replace(entity, columns=ordered, remarks=tuple(remarks)), *customers]


def _known_by_address(entity: DraftedEntity) -> DraftedEntity:
    """Customers who have no number, with the hash of their e-mail address as one."""
    email = entity.columns["email"].sql
    name = email if email.startswith('"') or email.isidentifier() or "." in email else quoting.name(email)
    text = "customer_ref: no column has a number of the customer, so customers are known by their e-mail address"
    key = DraftedColumn(f"md5(lower({name}))", remarks=(Remark(text, is_assumed=True),))
    return replace(entity, columns={"customer_ref": key, **entity.columns})


def _email(values: Values) -> Field | None:
    """The column with the e-mail addresses of people: by its name, else by its values."""
    names = entity_names()["customers"]
    fits = [one for one in values.rows.fields if values.fits(one, "email", ENTITIES["customers"].columns["email"])]
    named = [one for one in fits if names.rank("email", one.name) is not None]
    return next((one for one in (*named, *fits) if values.counted(f"contains({one.column}, '@')")), None)


def _action(columns: dict[str, DraftedColumn], file_name: str) -> Iterator[tuple[str, DraftedColumn]]:
    """What happened, by the name of the column of times or of the file, if no column says it."""
    if "action" in columns:
        return
    time = columns["touched_at"].sql.strip('"') if "touched_at" in columns else ""
    for text, where in ((compared(time), f"the column `{time}`"), (file_name, "the name of the file")):
        found = [action for action, words in _ACTIONS if any(word in text for word in words)]
        if len(found) == 1 and not any(word in text for word in _CONTRARY):
            remark = Remark(f"action: {where} says that the messages were {found[0]}", is_assumed=True)
            yield "action", DraftedColumn(quoting.text(found[0]), remarks=(remark,))
            return
    text = "action: no column says whether the messages were sent, opened or clicked. The draft uses 'sent'"
    yield "action", DraftedColumn("'sent'", remarks=(decisive(text),))
