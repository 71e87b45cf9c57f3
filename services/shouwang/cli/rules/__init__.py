"""``shouwang rules``: rules tried, backtested, applied and exported."""

import click

from shouwang.cli.rules.backtest import backtest
from shouwang.cli.rules.kept import apply, export
from shouwang.cli.rules.trial import try_


@click.group()
def rules() -> None:
    """Try rules on recorded or stored readings; keep a site's own."""


for command in (try_, backtest, apply, export):
    rules.add_command(command)
