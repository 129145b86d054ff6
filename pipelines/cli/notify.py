"""`loyalty notify`: who is notified, and a test message that shows whether the webhook takes messages."""

import logging
from typing import Annotated

import typer

from pipelines.base.errors import ConfigError, NotificationError
from pipelines.cli.console import JsonOption, out, print_json, spoken
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import WEBHOOK_VARIABLE, load_settings


@spoken
def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a test message, and report the answer.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a webhook is notified of failures; with --test, send it a message."""
    # imported late: what sends takes half a second
    from pipelines.runs.notifications import probe
    from pipelines.runs.notify import message_style, send

    settings = load_settings(config, home)
    style = message_style(settings)
    shown = {"is_configured": settings.webhook_url is not None, "format": style, "name": settings.installation}
    if not test:
        if as_json:
            print_json(shown)
        elif settings.webhook_url is None:
            out().print(f"nobody is notified: {WEBHOOK_VARIABLE} is not set")
        else:
            out().print(f"the webhook in {WEBHOOK_VARIABLE} is notified as {settings.installation}, in format {style}")
            out().print("send it a test message: loyalty notify --test")
        return
    if settings.webhook_url is None:
        raise ConfigError(
            f"{WEBHOOK_VARIABLE} is not set, so nobody can be notified",
            hint=f"set {WEBHOOK_VARIABLE} to the webhook's URL, also where runs are started (cron, systemd, Dagster)",
        )
    # its log messages are printed below
    logging.getLogger("loyalty").addHandler(logging.NullHandler())
    delivery = send(settings, probe(settings.installation))
    if delivery.problem:
        raise NotificationError(
            f"the webhook did not take the test message: {delivery.problem}",
            hint=f"compare {WEBHOOK_VARIABLE} with the receiver's URL, and check that this machine can reach it",
        )
    if as_json:
        print_json({**shown, "http_status": delivery.status})
    else:
        out().print(f"the webhook took the test message: it answered {delivery.status}")
