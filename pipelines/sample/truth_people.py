"""The true identity: which references and e-mail addresses of the sources belong to which person."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample import crm as crms
from pipelines.sample import survey_tool as tools
from pipelines.sample import text
from pipelines.sample.addresses import NOBODY, Addresses
from pipelines.sample.crm import Crm
from pipelines.sample.feed import SHOP
from pipelines.sample.orders import Orders
from pipelines.sample.people import NEVER, People, labels, refs
from pipelines.sample.process import Ints
from pipelines.sample.survey_tool import SurveyTool


def known_as(people: People, addresses: Addresses, orders: Orders, crm: Crm, tool: SurveyTool) -> pa.Table:
    """Grain: one row per reference of a source, and per e-mail address that a source states without a reference.

    Columns: source, ref (NULL for an address without a reference), email (in lower case; NULL for a reference), person.
    Nobody knows who wrote from a shared mailbox, so in each source it is a person of its own.
    """
    has_ref = people.has_record | ((np.arange(len(people.since)) < people.buyers) & (people.registered != NEVER))
    first, second = np.flatnonzero(has_ref), np.flatnonzero(people.has_second_ref)
    guests = np.unique(orders.person[orders.is_guest])
    contacts = np.arange(len(crm.person))
    mailed = crm.mailed()
    parts = [
        _references(SHOP, refs(first, np.zeros(len(first), bool)), first),
        _references(SHOP, refs(second, np.ones(len(second), bool)), second),
        _references(crms.SOURCE, crm.references(contacts), crm.person),
        _addresses(SHOP, addresses, addresses.emails(guests), guests),
        _addresses(crms.SOURCE, addresses, addresses.crm_emails(mailed), mailed),
        _addresses(tools.SOURCE, addresses, tool.emails(), tool.person),
    ]
    return pa.concat_tables(parts)


def _references(source: str, references: pa.Array, persons: Ints) -> pa.Table:
    return _table(source, references, text.nothing(len(persons)), labels(persons))


def _addresses(source: str, addresses: Addresses, emails: pa.Array, persons: Ints) -> pa.Table:
    mailbox = addresses.mailbox[persons]
    person = text.either(mailbox != NOBODY, text.reference(f"mailbox of {source} ", mailbox + 1, 0), labels(persons))
    table = _table(source, text.nothing(len(persons)), pc.utf8_lower(emails), person)
    return table.group_by(table.column_names, use_threads=False).aggregate([])


def _table(source: str, references: pa.Array, emails: pa.Array, persons: pa.Array) -> pa.Table:
    sources = text.constant(source, len(references))
    return pa.table({"source": sources, "ref": references, "email": emails, "person": persons})
