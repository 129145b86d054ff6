"""The customers who are never contacted: those whom the files of `suppress_files` name."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import ConfigError
from pipelines.config.secret_key import load_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules, kind_of
from pipelines.identity.identifiers import identifier

# A customer is named by a key, by a reference of any source, or by an address that any of the customer's records has.
_KEYS = """
    with identity as (
        select source, customer_ref, customer_key from intermediate.int_customer_identity
    )

    select customer_key from identity
    where list_contains($texts::varchar[], customer_key) or list_contains($texts::varchar[], customer_ref)
    union
    select identity.customer_key
    from intermediate.int_identity_contact as contacts
    inner join identity on contacts.source = identity.source and contacts.customer_ref = identity.customer_ref
    where list_contains($identifiers::varchar[], contacts.identifier)
    union
    select identity.customer_key
    from read_parquet({pseudonyms}) as pseudonyms
    inner join identity on pseudonyms.source = identity.source and pseudonyms.ref = identity.customer_ref
    where list_contains($texts::varchar[], pseudonyms.customer_key)
"""


def listed_texts(files: Iterable[Path]) -> list[str]:
    """The lines of the lists, without blanks around them and without empty ones.

    Raises:
        ConfigError: A list cannot be read.
    """
    found: list[str] = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigError(
                f"{path}: the list of suppressed customers cannot be read: {problem}",
                hint="correct suppress_files in loyalty.yml; nothing was exported",
            ) from problem
        found += filter(None, map(str.strip, lines))
    return found


def listed_addresses(settings: Settings, texts: Iterable[str]) -> set[str]:
    """The normal forms of the e-mail addresses and phone numbers among the lines."""
    rules = ContactRules.of(settings.model.identity)
    forms = (rules.form("email", text) or rules.form("phone", text) for text in texts)
    return {form for form in forms if form}


def listed_keys(connection: duckdb.DuckDBPyConnection, settings: Settings, texts: list[str]) -> set[str]:
    """The keys of the customers whom the lines name: by any reference or address of any of their records.

    Args:
        connection: The warehouse of the last build.
        settings: The settings.
        texts: The lines of the lists.
    """
    if not texts:
        return set()
    keys = load_keys(settings.paths.key, settings.key_text)
    hashes = [identifier(key, kind_of(form), form) for form in listed_addresses(settings, texts) for key in keys]
    pseudonyms = quoting.files(settings.paths.exchange / "pseudonyms.parquet")
    found = connection.execute(_KEYS.format(pseudonyms=pseudonyms), {"texts": texts, "identifiers": hashes}).fetchall()
    return {key for (key,) in found}
