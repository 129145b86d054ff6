"""The sample's people in five systems, three of which are servers: Zoho CRM, Fxiaoke and a PostgreSQL of the tills.

The shop and the survey are files, as in tests/four_systems.py. The orders of the sample are divided between the shop
and the tills. The servers' clock stands at the evening of the sample's last day.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.conftest import SampleHome
from tests.four_systems import person_of_reference, sample_tables, write_shop, write_survey
from tests.targets.postgres_server import execute
from tests.vendors.fxiaoke import Fxiaoke
from tests.vendors.zoho import Zoho
from tests.vendors.zoho_modules import time_of

EVENING = datetime(2025, 6, 30, 21, tzinfo=UTC)
# Orders without a return, of which every second one was paid at a till.
_AT_TILLS = """
    hash(orders.order_id) % 2 = 0 and orders.order_id not in (
        select order_id from intermediate.int_return where source = 'sample' and order_id is not null
    )
"""

CONFIG = """\
home: home
as_of: {as_of}
timezone: Europe/Berlin
currency: EUR
industry: e-commerce
sources:
  - {{mapping: shopify, files: shopify}}
  - {{mapping: wjx, files: wjx}}
  - mapping: crm.yml
    files: pulled/zoho
    pull:
      zoho: {{accounts_url: {zoho}, api_url: {zoho}}}
  - mapping: points.yml
    files: pulled/fxiaoke
    pull:
      fxiaoke: {{url: {fxiaoke}}}
  - mapping: tills.yml
    files: pulled/tills
    pull:
      sql: {{tables: {{sales: {{table: tills.sales, cursor: changed_at}}}}}}
model:
  # Seven contacts of the CRM share the mailbox of a club.
  identity: {{phone_region: DE, max_refs_of_email: 5}}
"""

# Custom fields of the CRM have the number of the customer in the shop, and the consent.
CRM = """\
extends: zoho_api
files:
  contacts_lines:
    entities:
      customers:
        columns: {person_ref: Shop_Customer_No, person_source: "'shopify'", consent_email: Newsletter}
"""

POINTS = "extends: fxiaoke_api\n"

TILLS = """\
source: tills
timezone: UTC
currency: EUR
files:
  - name: sales
    match: "sales*.parquet"
    format: parquet
    entities:
      orders:
        columns:
          order_id: sale_no
          customer_ref: card_no
          email: email
          phone: phone
          ordered_at: sold_at
          status: state
          gross: goods
          tax: tax
          shipping: shipping
          updated_at: changed_at
"""

_CREATE_SALES = """
    create table tills.sales (
        sale_no text primary key, card_no bigint, email text, phone text, sold_at timestamptz, state text,
        goods numeric(18, 2), tax numeric(18, 2), shipping numeric(18, 2), changed_at timestamptz
    )
"""

_SALES = f"""
    select
        orders.order_id as sale_no,
        coalesce(shop_people.customer_id, 0) as card_no,
        shop_people.email,
        shop_people.phone,
        orders.ordered_at as sold_at,
        if(orders.is_counted, 'paid', 'void') as state,
        coalesce(orders.net_amount, 0) as goods,
        coalesce(orders.tax_amount, 0) as tax,
        coalesce(orders.shipping_amount, 0) as shipping,
        orders.ordered_at as changed_at
    from intermediate.int_order as orders
    left join person_of_key on orders.customer_key = person_of_key.customer_key
    left join shop_people on person_of_key.person = shop_people.person
    where orders.source = 'sample' and {_AT_TILLS}
    order by sale_no
"""

_CONTACTS = """
    select
        contacts.id,
        split_part(contacts.name, ' ', 1) as "First_Name",
        substr(contacts.name, length(split_part(contacts.name, ' ', 1)) + 2) as "Last_Name",
        contacts.account_ref as account,
        contacts.email as "Email",
        contacts.phone as "Phone",
        contacts.country as "Mailing_Country",
        contacts.signed_up_at as created,
        contacts.effective_at as changed,
        cast(shop_people.customer_id as varchar) as "Shop_Customer_No"
    from crm_contacts as contacts
    inner join crm_ids on contacts.customer_ref = crm_ids.customer_ref and contacts.id = crm_ids.id
    left join people on people.source = 'sample' and contacts.external_ids = people.ref
    left join shop_people on people.person = shop_people.person
    order by contacts.id
"""

_CASES = """
    select
        '49707620000006' || regexp_extract(cases.case_id, '[0-9]+') as id,
        cases.case_id as "Case_Number",
        cases.status as "Status",
        if(cases.kind = 'complaint', 'Complaint', 'Question') as "Type",
        'Email' as "Case_Origin",
        crm_ids.id as contact,
        cases.email as "Email",
        cases.body as "Subject",
        cases.opened_at as created,
        cases.effective_at as changed
    from staging.stg_cases as cases
    left join crm_ids on cases.customer_ref = crm_ids.customer_ref
    where cases.source = 'crm'
    order by cases.case_id
"""

_CALLS = """
    select
        '49707620000007' || regexp_extract(calls.interaction_id, '[0-9]+') as id,
        calls.subject as "Subject",
        if(calls.direction = 'in', 'Inbound', 'Outbound') as "Call_Type",
        crm_ids.id as contact,
        calls.occurred_at as created,
        calls.occurred_at as changed
    from staging.stg_interactions as calls
    inner join crm_ids on calls.customer_ref = crm_ids.customer_ref
    where calls.source = 'crm' and calls.kind = 'call'
    order by calls.interaction_id
"""

_MEMBERS = """
    select
        member,
        any_value(name) as name,
        any_value(phone) as phone,
        any_value(email) as email,
        min(occurred) - interval 8 hours as created
    from member_events
    group by member
    order by member
"""

_POINTS = """
    select
        event_id,
        member,
        if(kind = 'earn', '消费赠送', '兑换') as kind,
        cast(cast(abs(points) as bigint) as varchar) as points,
        occurred - interval 8 hours as occurred,
        expires - interval 8 hours as expires
    from member_events
    order by event_id
"""


@dataclass
class PulledSystems:
    """The five systems.

    Attributes:
        folder: The folder of the config.
        zoho: The CRM.
        fxiaoke: The programme.
        postgres: The URI of the tills' database.
        person_of: The true person of each reference: source and reference. The tills use the numbers of the shop.
        email_of: The address of each person in the shop.
        now: The servers' time, UTC.
    """

    folder: Path
    zoho: Zoho
    fxiaoke: Fxiaoke
    postgres: str
    person_of: dict[tuple[str, str], str]
    email_of: dict[str, str]
    now: datetime = EVENING

    @property
    def config(self) -> Path:
        """The config that reads all five."""
        return self.folder / "loyalty.yml"

    def set_clock(self, now: datetime) -> None:
        """Set the clock of both vendors."""
        self.now = now
        ahead = now - datetime.now(UTC)
        self.zoho.clock = ahead
        self.fxiaoke.clock = lambda: milliseconds(datetime.now(UTC) + ahead)

    def write_config(self, zoho_url: str, fxiaoke_url: str, as_of: str = "latest", more: str = "") -> None:
        """Write the config and its mappings."""
        text = CONFIG.format(as_of=as_of, zoho=zoho_url, fxiaoke=fxiaoke_url) + more
        for name, content in {"loyalty.yml": text, "crm.yml": CRM, "points.yml": POINTS, "tills.yml": TILLS}.items():
            (self.folder / name).write_text(content, encoding="utf-8")

    def sell(self, person: str, sale_no: str, at: datetime, goods: str = "40.00") -> None:
        """A sale at a till to a person of the shop."""
        card = next(ref for (source, ref), one in self.person_of.items() if source == "shopify" and one == person)
        moment = f"{at:%Y-%m-%d %H:%M:%S}+00"
        execute(
            self.postgres,
            "insert into tills.sales (sale_no, card_no, email, sold_at, state, goods, tax, shipping, changed_at)"
            f" values ('{sale_no}', {card}, '{self.email_of[person]}', '{moment}', 'paid', {goods}, 0, 0, '{moment}')",
        )


def milliseconds(moment: datetime) -> int:
    """A time as Fxiaoke has it."""
    return round(moment.timestamp() * 1000)


def fill_systems(sample: SampleHome, folder: Path, postgres: str) -> PulledSystems:
    """Fill the servers, and write the files of the shop and of the survey.

    Args:
        sample: A home of the sample after a run.
        folder: The folder of the config.
        postgres: The URI of an empty database.
    """
    with sample_tables(sample) as connection:
        write_shop(connection, folder / "shopify", f"not ({_AT_TILLS})")
        write_survey(connection, folder / "wjx")
        emails = dict(connection.execute("select person, email from shop_people").fetchall())
        systems = PulledSystems(folder, Zoho(), Fxiaoke(), postgres, person_of_reference(connection), emails)
        systems.set_clock(EVENING)
        _fill_zoho(systems.zoho, connection)
        _fill_fxiaoke(systems.fxiaoke, connection)
        _fill_tills(postgres, connection)
    return systems


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    return connection.sql(query).to_arrow_table().to_pylist()


def _utc(moment: object) -> datetime:
    assert isinstance(moment, datetime)
    return moment.replace(tzinfo=UTC)


def _fill_zoho(zoho: Zoho, connection: duckdb.DuckDBPyConnection) -> None:
    zoho.modules["Contacts"].fields |= {"Shop_Customer_No": "text", "Newsletter": "boolean"}
    for name, query in {"Contacts": _CONTACTS, "Cases": _CASES, "Calls": _CALLS}.items():
        module = zoho.modules[name]
        for row in _rows(connection, query):
            created, changed = _utc(row.pop("created")), _utc(row.pop("changed"))
            contact, account = row.pop("contact", None), row.pop("account", None)
            if name == "Contacts":
                row["Newsletter"] = True
            if account:
                row["Account_Name"] = {"id": account, "name": f"Company {account}"}
            if contact and name == "Cases":
                row["Related_To"] = {"id": contact, "name": "Contact"}
            if contact and name == "Calls":
                row |= {"Who_Id": {"id": contact, "name": "Contact"}, "Call_Start_Time": created.isoformat()}
                row["Outgoing_Call_Status"] = "Completed"
            identity = str(row.pop("id"))
            module.put(identity, row, min(created, changed))
            record = module.put(identity, {}, min(changed, EVENING))
            assert time_of(record["Created_Time"]) <= EVENING


def _fill_fxiaoke(fxiaoke: Fxiaoke, connection: duckdb.DuckDBPyConnection) -> None:
    for row in _rows(connection, _MEMBERS):
        created = milliseconds(_utc(row["created"]))
        fxiaoke.create(
            "MemberObj",
            _id=row["member"],
            name=row["name"],
            mobile=row["phone"],
            email=row["email"],
            create_time=created,
            last_modified_time=created,
        )
    for row in _rows(connection, _POINTS):
        occurred = milliseconds(_utc(row["occurred"]))
        fxiaoke.create(
            "MemberIntegralDetailObj",
            _id=row["event_id"],
            member_id=row["member"],
            integral_type=row["kind"],
            integral_value=row["points"],
            change_time=occurred,
            expire_time=milliseconds(_utc(row["expires"])) if row["expires"] else None,
            create_time=occurred,
            last_modified_time=occurred,
        )


def _fill_tills(uri: str, connection: duckdb.DuckDBPyConnection) -> None:
    from adbc_driver_postgresql import dbapi

    execute(
        uri,
        "create schema tills",
        _CREATE_SALES,
    )
    rows = connection.sql(_SALES).to_arrow_table()
    with dbapi.connect(uri) as database, database.cursor() as cursor:
        cursor.adbc_ingest("staged", rows, mode="create", temporary=True)
        cursor.execute(
            "insert into tills.sales select sale_no, card_no, email, phone, sold_at at time zone 'UTC', state, goods,"
            " tax, shipping, changed_at at time zone 'UTC' from staged"
        )
        database.commit()


def later(days: int) -> datetime:
    """The evening of some days after the sample's last day."""
    return EVENING + timedelta(days=days)
