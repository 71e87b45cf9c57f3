"""``shouwang run``: the service."""

from pathlib import Path

import click


@click.command()
@click.option("--demo", is_flag=True, default=None, help="A demo compound with simulated devices.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--http", metavar="HOST:PORT", help="Default 127.0.0.1:8000.")
@click.option("--mqtt-listen", metavar="HOST:PORT", help="The embedded broker's address; default 127.0.0.1:1883.")
@click.option("--broker", metavar="URL", help="mqtt[s]://[user:password@]HOST:PORT of a broker of yours.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
@click.option("--readings", metavar="URL", help="sqlite:///FILE or influxdb://…; default in the data directory.")
@click.option("--role", type=click.Choice(["intake", "server"]), help="Run one part only.")
def run(**given: object) -> None:
    """Run the service on this machine: broker (unless yours is named), intake and server."""
    from shouwang.app import run_role
    from shouwang.settings import read_settings

    raise SystemExit(run_role(read_settings(**given)))
