"""The customers who are never contacted: those whom the files of `suppress_files` name."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.activation.layouts import Contact
from pipelines.base import quoting
from pipelines.base.errors import ConfigError
from pipelines.base.text import counted
from pipelines.config.secret_key import load_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules, kind_of
from pipelines.identity.identifiers import identifier

# A customer is named by a key, by a reference of any source, or by an address that any of the customer's records has.
_NAMED = """
    with listed as (
        select unnest($lines::integer[]) as line, unnest($texts::varchar[]) as text
    ),

    addresses as (
        select unnest($address_lines::integer[]) as line, unnest($identifiers::varchar[]) as identifier
    ),

    identity as (
        select source, customer_ref, customer_key from intermediate.int_customer_identity
    )

    select listed.line, identity.customer_key
    from listed
    inner join identity on lower(listed.text) = lower(identity.customer_key)
    union
    select listed.line, identity.customer_key
    from listed
    inner join identity on listed.text = identity.customer_ref
    union
    select listed.line, identity.customer_key
    from listed
    inner join identity on listed.text = identity.source || ':' || identity.customer_ref
    union
    select addresses.line, identity.customer_key
    from addresses
    inner join intermediate.int_identity_contact as contacts on addresses.identifier = contacts.identifier
    inner join identity on contacts.source = identity.source and contacts.customer_ref = identity.customer_ref
    union
    select listed.line, identity.customer_key
    from listed
    inner join read_parquet({pseudonyms}) as pseudonyms on lower(listed.text) = lower(pseudonyms.customer_key)
    inner join identity on pseudonyms.source = identity.source and pseudonyms.ref = identity.customer_ref
"""
_SEPARATORS = ",;\t"
_IN_BRACKETS = re.compile(r"<([^<>]+)>")
_QUOTES = " \t\"'"
_HEADERS = frozenset(
    {"address", "contact", "customer", "customer_id", "customer_key", "customer_ref", "e-mail", "email", "id", "key"}
    | {"mail", "mobile", "phone", "ref", "reference", "邮件", "邮箱", "手机", "手机号", "电话", "客户编号"}
)


@dataclass(frozen=True)
class ListLine:
    """A line of a list.

    Attributes:
        texts: What it can name a customer by: the line, its first cell, an address in `<...>`; without quotes.
        is_remark: Whether it is a comment or a header, unless it names a customer.
    """

    texts: frozenset[str]
    is_remark: bool


@dataclass(frozen=True)
class Listed:
    """What the lists name.

    Attributes:
        keys: The keys of the customers.
        named: The number of lines that name a customer.
        unknown: The number of other lines, without comments and headers.
    """

    keys: frozenset[str]
    named: int
    unknown: int


def listed_lines(files: Iterable[Path]) -> list[ListLine]:
    """The lines of the lists, without empty ones.

    Raises:
        ConfigError: A list cannot be read.
    """
    found: list[ListLine] = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigError(
                f"{path}: the list of suppressed customers cannot be read: {problem}",
                hint="correct suppress_files in loyalty.yml; nothing was exported",
            ) from problem
        found += [_read(line.strip(), is_first=at == 0) for at, line in enumerate(lines) if line.strip()]
    return found


def find_listed(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    lines: list[ListLine],
    contacts: Mapping[str, Contact],
) -> Listed:
    """The customers whom the lines name: by a key, or by any reference or address of any of their records.

    Args:
        connection: The warehouse of the last build.
        settings: The settings.
        lines: The lines of the lists.
        contacts: Customers with their addresses, by key: these count even if they link nobody.
    """
    if not lines:
        return Listed(frozenset(), 0, 0)
    texts = [(at, text) for at, line in enumerate(lines) for text in sorted(line.texts)]
    rules = ContactRules.of(settings.model.identity)
    forms = [(at, form) for at, text in texts if (form := rules.form("email", text) or rules.form("phone", text))]
    keys = load_keys(settings.paths.key, settings.key_text)
    hashes = [(at, identifier(key, kind_of(form), form)) for at, form in forms for key in keys]
    found: set[tuple[int, str]] = set(
        connection.execute(
            _NAMED.format(pseudonyms=quoting.files(settings.paths.exchange / "pseudonyms.parquet")),
            {
                "lines": [at for at, _ in texts],
                "texts": [text for _, text in texts],
                "address_lines": [at for at, _ in hashes],
                "identifiers": [text for _, text in hashes],
            },
        ).fetchall()
    )
    by_form: dict[str, list[int]] = {}
    for at, form in forms:
        by_form.setdefault(form, []).append(at)
    for key, one in contacts.items():
        found.update((at, key) for form in {one.email, one.phone} for at in by_form.get(form, ()))
    named = {at for at, _ in found}
    unknown = sum(not line.is_remark for at, line in enumerate(lines) if at not in named)
    return Listed(frozenset(key for _, key in found), len(named), unknown)


def list_warning(audience: str, unknown: int) -> str:
    """What a user must know about lines of `suppress_files` that name nobody; empty if there are none."""
    if not unknown:
        return ""
    return (
        f"the audience {audience}: {counted(unknown, 'line')} of suppress_files"
        f" {'names' if unknown == 1 else 'name'} no customer, so nobody was left out for"
        f" {'it' if unknown == 1 else 'them'}. Check that each line begins with a customer_key, a reference, an e-mail"
        " address or a phone number (docs/audiences.md)"
    )


def _read(line: str, *, is_first: bool) -> ListLine:
    """A line as a whole and as a line of a CSV file: a separator may also belong to a reference."""
    cells = {line, *(_first_cell(line, separator) for separator in _SEPARATORS)}
    cells |= {address for cell in cells for address in _IN_BRACKETS.findall(cell)}
    plain = {cell.strip(_QUOTES) for cell in cells}
    is_header = is_first and any(cell.lower() in _HEADERS for cell in plain)
    return ListLine(frozenset(filter(None, cells | plain)), is_header or line.startswith("#"))


def _first_cell(line: str, separator: str) -> str:
    try:
        return next(csv.reader([line], delimiter=separator))[0].strip()
    except csv.Error:  # a cell that is too long for an address
        return line
