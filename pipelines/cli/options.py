"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The config file. Default: $LOYALTY_CONFIG, then ./loyalty.yml.", show_default=False
    ),
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The home folder. Default: $LOYALTY_HOME, then `home` of the config.", show_default=False
    ),
]
