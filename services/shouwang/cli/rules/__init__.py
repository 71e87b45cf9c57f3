"""``shouwang rules``: rules tried, backtested, explained, applied and exported."""

import click

from shouwang.cli.rules.backtest import backtest
from shouwang.cli.rules.explain import explain
from shouwang.cli.rules.kept import apply, export
from shouwang.cli.rules.trial import try_


@click.group()
def rules() -> None:
    """Try rules on recorded or stored readings, say why they fired or not; keep a site's own."""


for command in (try_, backtest, explain, apply, export):
    rules.add_command(command)
