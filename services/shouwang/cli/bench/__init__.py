"""``shouwang bench``: this machine measured, each figure beside a ceiling of the same run."""

import click


@click.group()
def bench() -> None:
    """Measure this machine. Figures are for comparison within one run; machines are noisy."""


@bench.command()
@click.option("--messages", default=60_000, show_default=True, help="Messages of one run.")
@click.option("--client", type=click.Choice(["paho", "fast"]), multiple=True, default=["paho", "fast"])
def intake(messages: int, client: tuple[str, ...]) -> None:
    """Durable accepted messages a second through a real Mosquitto."""
    from shouwang.cli.bench.intake import measure_intake

    measure_intake(messages, client)


@bench.command()
@click.option("--alarms", default=200, show_default=True, help="Alarms at each rate.")
@click.option("--rate", "rates", type=int, multiple=True, default=[0, 1000, 5000], show_default=True)
@click.option("--bad-day/--no-bad-day", default=True, help="Also with reading store, channel and stream in trouble.")
def latency(alarms: int, rates: tuple[int, ...], bad_day: bool) -> None:
    """From a smoke alarm's publish to the webhook's receipt, beside a background of other messages."""
    from shouwang.cli.bench.latency import measure_latency

    measure_latency(alarms, rates, bad_day=bad_day)


@bench.command()
@click.option("--state", default="", help="A fresh state database to measure on, postgresql://…; else a SQLite file.")
@click.option("--share", default=1.0, show_default=True, help="Of the 10,000 alarms, for a quick look.")
def storm(state: str, share: float) -> None:
    """One home's alarm while fifty buildings of another compound raise 10,000 in 10 s."""
    from shouwang.cli.bench.storm import measure_storm

    measure_storm(state, share)


@bench.command()
@click.option("--devices", default=300_000, show_default=True, help="Registered devices.")
@click.option("--timers", default=1_000_000, show_default=True, help="Devices with a timer ahead.")
def rules(devices: int, timers: int) -> None:
    """Loading a large site, judging readings on one core, timers among very many."""
    from shouwang.cli.bench.rules import measure_rules

    measure_rules(devices, timers)


@bench.command()
@click.option("--messages", default=50_000, show_default=True, help="Messages of one run.")
def decode(messages: int) -> None:
    """Messages read in a second of processor time: the shipped profiles' examples, with and without codecs."""
    from shouwang.cli.bench.decode import measure_decode

    measure_decode(messages)


@bench.command()
@click.pass_context
def all(ctx: click.Context) -> None:
    """Everything, one after the other."""
    ctx.invoke(decode)
    ctx.invoke(intake)
    ctx.invoke(latency)
    ctx.invoke(storm)
    ctx.invoke(rules)
