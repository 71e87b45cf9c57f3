"""``shouwang simulate``: the registered devices, played by this machine, on their own topics."""

from pathlib import Path

import click


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="State database whose devices are played.")
@click.option("--broker", metavar="URL", help="Default: the embedded broker.")
@click.option("--mqtt-listen", metavar="HOST:PORT", help="The embedded broker's address.")
@click.option("--every", type=click.FloatRange(min=0.01), default=60.0, help="Seconds between a device's reports.")
@click.option("--alarm", metavar="DEVICE", multiple=True, help="Let this device alarm once, then end.")
def simulate(every: float, alarm: tuple[str, ...], **given: object) -> None:
    """Publish what registered devices would say: calm reports until stopped, or one alarm of a named device."""
    from shouwang.app.simulation import play_alarms, play_calm
    from shouwang.settings import read_settings

    settings = read_settings(**given)
    if alarm:
        play_alarms(settings, alarm)
    else:
        play_calm(settings, every)
