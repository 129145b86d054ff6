"""`loyalty who`: the persons behind customer keys of the marts, for users who may read the restricted tables."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.base.database import open_to_read
from pipelines.base.errors import BuildError, UnknownPersonError
from pipelines.cli.console import JsonOption, print_error, print_json, print_rows, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import load_settings


@reports_errors
def who(
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Values of customer_key, as in the marts.")],
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the persons behind customer keys: name, e-mail, phone and reference, in clear text."""
    from pipelines.identity.person import find_persons

    paths = load_settings(config, home).paths
    if not paths.warehouse.is_file():
        raise BuildError("nothing is built yet, so no key is known", hint="call `loyalty run` first")
    wanted = [key.strip().lower() for key in keys]
    with open_to_read(paths.warehouse) as connection:
        found = find_persons(connection, paths.exchange, wanted)
    if as_json:
        print_json([asdict(person) for person in found])
    elif found:
        names = ("asked", "customer_key", "source", "customer_ref", "name", "email", "phone")
        print_rows(names, [[str(value or "") for value in asdict(person).values()] for person in found])
    known = {person.asked for person in found}
    if unknown := [key for key in dict.fromkeys(wanted) if key not in known]:
        print_error(
            f"no customer of the last build has {'the key' if len(unknown) == 1 else 'one of the keys'}"
            f" {', '.join(unknown)}",
            "copy the whole key (32 hex digits). Keys of versions before a change of the secret key, and keys of erased"
            " persons, are not known",
        )
        raise typer.Exit(UnknownPersonError.exit_code)
