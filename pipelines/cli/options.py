"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The config; else LOYALTY_CONFIG, else ./loyalty.yml.", show_default=False),
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The home folder; else LOYALTY_HOME, else `home` of the config.", show_default=False),
]
