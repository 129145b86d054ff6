"""The sample's people, written again as exports of four systems: Shopify, Zoho CRM, Fxiaoke and 问卷星.

A run has read the sample's own files and rejected their bad rows. What it accepted is written here in the layouts of
the vendors. So the built-in mappings have to find the same purchases, points and answers, and the same people.

The systems behave as the real ones do. The shop and the CRM have merged the records that say that they are one person.
The shop lets nobody sign up with an e-mail address or a phone number that another customer has.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import xlsxwriter

from pipelines.base import quoting
from tests.conftest import SampleHome
from tests.exports.exported import EXPORTS
from tests.pipeline.sample_keys import person_keys
from tests.sample_people import Score
from tests.sample_truth import wrong_purchases

CONFIG = """\
home: home
as_of: 2025-06-30
timezone: Europe/Berlin
currency: EUR
industry: e-commerce
sources:
  - {mapping: shopify, files: shopify}
  - {mapping: crm.yml, files: zoho}
  - {mapping: fxiaoke, files: fxiaoke}
  - {mapping: wjx, files: wjx}
model:
  # Seven contacts of the CRM share the mailbox of a club.
  identity: {phone_region: DE, max_refs_of_email: 5}
"""

CRM = """\
extends: zoho
files:
  contacts:
    entities:
      customers:
        columns: {person_ref: Shop Customer No, person_source: "'shopify'"}
"""

_PEOPLE = """
    -- The newest record that has an address wins, of all references of a person.
    create temp table shop_people as
    with records as (
        select * from staging.stg_customers where source = 'sample'
        union all by name
        select source, customer_ref, email, phone, effective_at from staging.stg_orders where source = 'sample'
    ),

    contacts as (
        select
            people.person,
            coalesce(arg_max(lower(trim(records.email)), records.effective_at), any_value(people.email)) as email,
            arg_max(regexp_replace(records.phone, '[^0-9]', '', 'g'), records.effective_at) as phone,
            arg_max(records.name, records.effective_at) as name,
            arg_max(records.country, records.effective_at) as country,
            arg_max(records.consent_email, records.effective_at) as consent_email,
            row_number() over (order by people.person) as number
        from people
        left join records on people.ref = records.customer_ref
        where people.source = 'sample'
        group by people.person
    )

    select
        * replace (
            coalesce(case when count(*) over (partition by email) = 1 then email end, lower(person) || '@shop.example')
                as email,
            if(length(phone) > 8 and count(*) over (partition by phone) = 1, '+' || phone, null) as phone
        ),
        7052231180000 + number as customer_id
    from contacts;
"""

_SHOP_CUSTOMERS = """
    select
        '''' || customer_id as "Customer ID",
        split_part(name, ' ', 1) as "First Name",
        substr(name, length(split_part(name, ' ', 1)) + 2) as "Last Name",
        email as "Email",
        if(consent_email, 'yes', 'no') as "Accepts Email Marketing",
        country as "Default Address Country Code",
        '''' || phone as "Phone",
        'no' as "Accepts SMS Marketing",
        'no' as "Tax Exempt"
    from shop_people
    order by customer_id
"""

# All amounts are in euros, as they counted. An order that did not count in the marts is voided. A refund of the shop
# includes its part of tax and shipping.
_SHOP_ORDERS = """
    with refunds as (
        select order_id, sum(return_amount) as amount from intermediate.int_return where source = 'sample' group by all
    ),

    orders as (
        select
            orders.*,
            coalesce(orders.net_amount, 0) as net,
            coalesce(orders.tax_amount, 0) as tax,
            coalesce(orders.shipping_amount, 0) as shipping,
            net + tax + shipping as total,
            cast(refunds.amount * total / nullif(net, 0) as decimal(18, 2)) as refunded,
            shop_people.email,
            shop_people.phone
        from intermediate.int_order as orders
        left join refunds on orders.order_id = refunds.order_id
        left join person_of_key on orders.customer_key = person_of_key.customer_key
        left join shop_people on person_of_key.person = shop_people.person
        where orders.source = 'sample'
    ),

    lines as (
        select
            orders.*,
            coalesce(lines.quantity, 1) as line_quantity,
            coalesce(lines.product_name, 'Article') as product_name,
            coalesce(lines.unit_price_amount, orders.gross_amount) as price,
            lines.product_id,
            coalesce(lines.discount_amount, 0) as line_discount,
            row_number() over (partition by orders.order_id order by lines.line_id) = 1 as is_first
        from orders
        left join intermediate.int_order_line as lines
            on orders.source = lines.source and orders.order_id = lines.order_id and lines.quantity > 0
    )

    select
        '#' || order_id as "Name",
        email as "Email",
        case
            when not is_first then null
            when not is_counted then 'voided'
            when refunded > 0 then 'partially_refunded'
            else 'paid'
        end as "Financial Status",
        if(is_first, strftime(paid_at, '%Y-%m-%d %H:%M:%S +0000'), null) as "Paid at",
        if(is_first, 'EUR', null) as "Currency",
        if(is_first, net, null) as "Subtotal",
        if(is_first, shipping, null) as "Shipping",
        if(is_first, tax, null) as "Taxes",
        if(is_first, total, null) as "Total",
        if(is_first, coupon_code, null) as "Discount Code",
        if(is_first, discount_amount, null) as "Discount Amount",
        strftime(ordered_at, '%Y-%m-%d %H:%M:%S +0000') as "Created at",
        line_quantity as "Lineitem quantity",
        product_name as "Lineitem name",
        price as "Lineitem price",
        product_id as "Lineitem sku",
        line_discount as "Lineitem discount",
        if(is_first, coalesce(refunded, 0), null) as "Refunded Amount",
        if(is_first, source_channel, null) as "Source",
        if(is_first, phone, null) as "Phone"
    from lines
    order by order_id, is_first desc
"""

# A record that names another one as its person was merged into that one.
_CRM_PEOPLE = """
    create temp table crm_contacts as
    select
        '4970762000000' || lpad(regexp_extract(customer_ref, '[0-9]+'), 6, '0') as id,
        *
    from staging.stg_customers
    where source = 'crm'
    qualify row_number() over (partition by customer_ref order by effective_at desc, content_hash) = 1;

    create temp table crm_ids as
    select
        merged.customer_ref,
        coalesce(into_two.id, into_one.id, merged.id) as id
    from crm_contacts as merged
    left join crm_contacts as into_one on merged.person_ref = into_one.customer_ref
    left join crm_contacts as into_two on into_one.person_ref = into_two.customer_ref;
"""

# One contact in the CRM has the number of the customer in the shop as a custom field.
_CRM_CONTACTS = """
    select
        'zcrm_' || contacts.id as "Record Id",
        split_part(contacts.name, ' ', 1) as "First Name",
        substr(contacts.name, length(split_part(contacts.name, ' ', 1)) + 2) as "Last Name",
        'zcrm_' || contacts.account_ref as "Account Name.id",
        contacts.email as "Email",
        contacts.phone as "Phone",
        contacts.country as "Mailing Country",
        strftime(contacts.signed_up_at, '%Y-%m-%d %H:%M:%S') as "Created Time",
        strftime(contacts.effective_at, '%Y-%m-%d %H:%M:%S') as "Modified Time",
        shop_people.customer_id as "Shop Customer No"
    from crm_contacts as contacts
    inner join crm_ids on contacts.customer_ref = crm_ids.customer_ref and contacts.id = crm_ids.id
    left join people on people.source = 'sample' and contacts.external_ids = people.ref
    left join shop_people on people.person = shop_people.person
    order by contacts.id
"""

_CRM_CASES = """
    select
        'zcrm_49707620000006' || regexp_extract(cases.case_id, '[0-9]+') as "Record Id",
        cases.case_id as "Case Number",
        cases.status as "Status",
        if(cases.kind = 'complaint', 'Complaint', 'Question') as "Type",
        'Email' as "Case Origin",
        'zcrm_' || crm_ids.id as "Related To.id",
        cases.email as "Email",
        cases.body as "Subject",
        strftime(cases.opened_at, '%Y-%m-%d %H:%M:%S') as "Created Time",
        strftime(cases.effective_at, '%Y-%m-%d %H:%M:%S') as "Modified Time"
    from staging.stg_cases as cases
    left join crm_ids on cases.customer_ref = crm_ids.customer_ref
    where cases.source = 'crm'
    order by cases.case_id
"""

_CRM_CALLS = """
    select
        'zcrm_49707620000007' || regexp_extract(calls.interaction_id, '[0-9]+') as "Record Id",
        calls.agent as "Call Owner",
        calls.subject as "Subject",
        if(calls.direction = 'in', 'Inbound', 'Outbound') as "Call Type",
        'zcrm_' || crm_ids.id as "Contact Name.id",
        strftime(calls.occurred_at, '%Y-%m-%d %H:%M:%S') as "Call Start Time",
        'Completed' as "Outgoing Call Status"
    from staging.stg_interactions as calls
    inner join crm_ids on calls.customer_ref = crm_ids.customer_ref
    where calls.source = 'crm' and calls.kind = 'call'
    order by calls.interaction_id
"""


# Members are known by the shop's phone and e-mail. Times are those of China.
_MEMBERS = """
    create temp table member_events as
    select
        'M-' || lpad(cast(shop_people.number as varchar), 6, '0') as member,
        shop_people.*,
        events.event_id,
        events.kind,
        events.points,
        events.occurred_at + interval 8 hours as occurred,
        events.expires_at + interval 8 hours as expires
    from staging.stg_loyalty_events as events
    inner join people on events.source = people.source and events.customer_ref = people.ref
    inner join shop_people on people.person = shop_people.person
    where events.source = 'sample' and events.kind in ('earn', 'redeem');
"""

_POINTS_MEMBERS = """
    select
        member as "会员编号",
        any_value(name) as "会员姓名",
        any_value(phone) as "手机",
        any_value(email) as "邮箱",
        strftime(min(occurred), '%Y-%m-%d %H:%M') as "入会时间"
    from member_events
    group by member
    order by member
"""

_POINTS = """
    select
        event_id as "明细编号",
        member as "会员编号",
        if(kind = 'earn', '消费赠送', '兑换') as "变动类型",
        cast(abs(points) as bigint) as "变动积分",
        strftime(occurred, '%Y-%m-%d %H:%M:%S') as "变动时间",
        strftime(expires, '%Y-%m-%d %H:%M:%S') as "到期时间"
    from member_events
    order by event_id
"""

# The questions have the wording of the question bank. Times are those of China.
_RESPONSES = """
    select
        row_number() over (order by min(answered_at), response_id) as "序号",
        strftime(min(answered_at) + interval 8 hours, '%Y/%m/%d %H:%M:%S') as "提交答卷时间",
        '45秒' as "所用时间",
        '链接' as "来源",
        '直接访问' as "来源详情",
        '203.0.113.7(上海-上海)' as "来自IP",
        any_value(email) as "1、您的邮箱",
        cast(max(answer_number) filter (construct = 'nps') as integer) as "2、0到10分，您会把我们推荐给您认识的人吗？",
        cast(max(answer_number) filter (construct = 'csat') as integer) as "3、总体来说，您对我们有多满意？"
    from staging.stg_survey_answers
    where source = 'survey_tool'
    group by response_id
    order by 1
"""

_PERSON_OF = """
    select 'shopify' as source, cast(customer_id as varchar) as ref, person from shop_people
    union all
    select 'zoho', crm_ids.id, min(people.person)
    from crm_ids
    inner join people on people.source = 'crm' and crm_ids.customer_ref = people.ref
    group by crm_ids.id
    union all
    select distinct 'fxiaoke', member, person from member_events
"""


@dataclass(frozen=True)
class FourSystems:
    """The exports of the four systems.

    Attributes:
        config: A config that reads them all.
        home: The home of that config.
        person_of: The true person of each reference: source and reference.
    """

    config: Path
    home: Path
    person_of: dict[tuple[str, str], str]


def customer_keys(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The customer of each reference: source and reference."""
    rows = warehouse.execute("select source, customer_ref, customer_key from intermediate.int_customer_identity")
    return {(source, ref): key for source, ref, key in rows.fetchall()}


def wrong_people(warehouse: duckdb.DuckDBPyConnection, person_of: Mapping[tuple[str, str], str]) -> list[str]:
    """What is wrong with the people that were found across the systems: nothing, if the list is empty.

    Args:
        warehouse: The warehouse of a finished run.
        person_of: The true person of each reference.
    """
    keys = customer_keys(warehouse)
    score = Score.of((keys[reference], person) for reference, person in person_of.items())
    systems_of: dict[str, set[str]] = defaultdict(set)
    for (source, _), key in keys.items():
        systems_of[key].add(source)
    several = sum(len(found) >= 3 for found in systems_of.values())
    checks = {
        f"precision {score.precision}": score.precision == 1,
        f"recall {score.recall}": score.recall >= 0.95,  # some gave the CRM another address and no phone
        f"{several} people in three systems": several > 10,
    }
    return [words for words, is_right in checks.items() if not is_right]


def wrong_purchases_of_the_shop(
    warehouse: duckdb.DuckDBPyConnection, sample: SampleHome, person_of: Mapping[tuple[str, str], str]
) -> list[tuple[object, ...]]:
    """The people whose days or amounts of purchases differ from the truth of the sample."""
    keys = customer_keys(warehouse)
    of_person = {person: keys[source, ref] for (source, ref), person in person_of.items() if source == "shopify"}
    # the shop's refund with its part of tax and shipping is rounded once more
    return wrong_purchases(warehouse, sample.sample, of_person, cents_per_order=2)


@contextmanager
def sample_tables(sample: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the sample, with the people of the shop, of the CRM and of the programme as temporary tables.

    Args:
        sample: A home of the sample after a run.
    """
    with duckdb.connect(str(sample.warehouse), read_only=True) as connection:
        people = sample.sample / "truth" / "people.parquet"
        connection.execute(f"create temp table people as from read_parquet({quoting.text(str(people))})")
        keys = {row.customer_key: row.person for row in person_keys(sample) if row.source == "sample"}
        connection.execute(
            "create temp table person_of_key as select unnest(?) as customer_key, unnest(?) as person",
            [list(keys), list(keys.values())],
        )
        connection.execute(_PEOPLE)
        connection.execute(_CRM_PEOPLE)
        connection.execute(_MEMBERS)
        yield connection


def write_shop(connection: duckdb.DuckDBPyConnection, folder: Path, orders: str = "true") -> None:
    """Write the exports of the shop.

    Args:
        connection: That of `sample_tables`.
        folder: The folder of the shop.
        orders: A condition on `orders.order_id`, for those that are written.
    """
    _write(connection, _SHOP_CUSTOMERS, "shopify/customers_export.csv", folder)
    shown = _SHOP_ORDERS.replace("where orders.source = 'sample'", f"where orders.source = 'sample' and {orders}")
    _write(connection, shown, "shopify/orders_export.csv", folder)


def write_survey(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the answers of the survey as a workbook of 问卷星."""
    _write_workbook(connection.sql(_RESPONSES), folder / "12345678_按文本_顾客满意度调查.xlsx")


def person_of_reference(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """The true person of each reference: source and reference."""
    return {(source, ref): person for source, ref, person in connection.execute(_PERSON_OF).fetchall()}


def write_four_systems(sample: SampleHome, folder: Path) -> FourSystems:
    """Write the exports of all four systems and a config that reads them.

    Args:
        sample: A home of the sample after a run.
        folder: Where the folders of the systems are made.
    """
    with sample_tables(sample) as connection:
        write_shop(connection, folder / "shopify")
        _write(connection, _CRM_CONTACTS, "zoho/Contacts_2024_05_01.csv", folder / "zoho", ["Shop Customer No"])
        _write(connection, _CRM_CASES, "zoho/Cases_2024_05_01.csv", folder / "zoho")
        _write(connection, _CRM_CALLS, "zoho/Calls_2024_05_01.csv", folder / "zoho")
        _write(connection, _POINTS_MEMBERS, "fxiaoke/会员_20240501.csv", folder / "fxiaoke", ["邮箱"])
        _write(connection, _POINTS, "fxiaoke/会员积分明细_20240501.csv", folder / "fxiaoke")
        write_survey(connection, folder / "wjx")
        person_of = person_of_reference(connection)
    (folder / "crm.yml").write_text(CRM, encoding="utf-8")
    config = folder / "loyalty.yml"
    config.write_text(CONFIG, encoding="utf-8")
    return FourSystems(config, folder / "home", person_of)


def _write(
    connection: duckdb.DuckDBPyConnection, query: str, layout: str, folder: Path, custom: Sequence[str] = ()
) -> None:
    """Write rows as CSV in the layout of one of the tested exports: its columns in its order, empty where we have none.

    Args:
        connection: Where the query runs.
        query: The rows. It may leave columns of the layout out.
        layout: The export below tests/exports whose layout and name is taken.
        folder: Where the file is written.
        custom: Further columns.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as reader:
        like = reader.execute(
            "from read_csv(?, all_varchar = true, header = true, delim = ',') limit 0", [str(EXPORTS / layout)]
        )
        header = [*(column[0] for column in like.description or []), *custom]
    rows = connection.sql(query)
    unknown = set(rows.columns) - set(header)
    assert not unknown, f"{layout} has no column {unknown}"
    columns = ", ".join(
        quoting.name(name) if name in rows.columns else f"null as {quoting.name(name)}" for name in header
    )
    rows.project(columns).write_csv(str(folder / Path(layout).name))


def _write_workbook(rows: duckdb.DuckDBPyRelation, path: Path) -> None:
    path.parent.mkdir()
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, rows.columns)
        for number, row in enumerate(rows.fetchall(), start=1):
            sheet.write_row(number, 0, row)
