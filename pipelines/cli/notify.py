"""`loyalty notify`: whether a webhook is notified, and a test message that shows whether it accepts messages."""

import logging
from typing import Annotated

import typer

from pipelines.base.errors import ConfigError, NotificationError
from pipelines.cli.console import JsonOption, out, print_json, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import WEBHOOK_VARIABLE, load_settings


@reports_errors
def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a test message and print the answer.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether a webhook is notified of failed runs. With --test, send it a test message."""
    # imported late: the modules that send messages take half a second to import
    from pipelines.runs.notifications import probe
    from pipelines.runs.notify import message_style, send

    settings = load_settings(config, home)
    style = message_style(settings)
    shown = {"is_configured": settings.webhook_url is not None, "format": style, "name": settings.installation}
    if not test:
        if as_json:
            print_json(shown)
        elif settings.webhook_url is None:
            out().print(f"failed runs are not reported to a webhook: {WEBHOOK_VARIABLE} is not set")
        else:
            out().print(f"the webhook in {WEBHOOK_VARIABLE} is notified as {settings.installation}, in format {style}")
            out().print("to send a test message: loyalty notify --test")
        return
    if settings.webhook_url is None:
        raise ConfigError(
            f"{WEBHOOK_VARIABLE} is not set, so no message can be sent",
            hint=f"set {WEBHOOK_VARIABLE} to the webhook's URL, also where runs are started (cron, systemd, Dagster)",
        )
    # its log messages are printed below
    logging.getLogger("loyalty").addHandler(logging.NullHandler())
    delivery = send(settings, probe(settings.installation))
    if delivery.problem:
        raise NotificationError(
            f"the webhook did not accept the test message: {delivery.problem}",
            hint=f"compare {WEBHOOK_VARIABLE} with the receiver's URL, and check that this machine can reach it",
        )
    if as_json:
        print_json({**shown, "http_status": delivery.status})
    else:
        out().print(f"the webhook accepted the test message: it answered {delivery.status}")
