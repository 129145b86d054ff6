"""`loyalty audience`: the audiences of loyalty.yml with their counts."""

from dataclasses import asdict

from pipelines.cli.console import JsonOption, out, print_json, print_rows, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import Settings, load_settings


@reports_errors
def audience(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the audiences of loyalty.yml, with the number of their members in the current version."""
    _list(load_settings(config, home), as_json=as_json)


def _list(settings: Settings, *, as_json: bool) -> None:
    from pipelines.activation import count_audiences
    from pipelines.reading import open_version

    if not settings.audiences and not as_json:
        out().print("loyalty.yml has no audiences; docs/audiences.md shows how to declare one")
        return
    with open_version(settings.home) as version:
        found = count_audiences(version, settings.audiences)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    names = ("audience", "channel", "members", "suppressed", "held out", "to contact", "rule")
    counts = [
        [f"{number:,}" for number in (one.members, one.suppressed, one.held_out, one.to_contact)] for one in found
    ]
    print_rows(names, [[one.audience, one.channel, *n, one.rule] for one, n in zip(found, counts, strict=True)])
