"""``shouwang drill``: a true run of the chain over real people, marked 演练 everywhere, with its scorecard."""

from pathlib import Path

import click


@click.command()
@click.option("--zone", metavar="ID", required=True, help="The duty zone whose people are told.")
@click.option("--scenario", default="smoke", show_default=True, help="smoke, gas, emergency or water.")
@click.option("--place", metavar="PATH", help="Where in the zone; default: its first place.")
@click.option("--minutes", type=click.IntRange(1, 240), default=30, show_default=True, help="Until it ends by itself.")
@click.option("--wait", is_flag=True, help="Wait for its end, and print the scorecard.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
def drill(
    zone: str,
    scenario: str,
    place: str | None,
    minutes: int,
    wait: bool,
    as_json: bool,
    data_dir: Path | None,
    state: str | None,
) -> None:
    """Begin a drill. The running service tells people within a second; a real alarm there ends it at once."""
    import time

    import msgspec

    from shouwang.app.rehearsal import open_rehearsal
    from shouwang.domain.vocabulary import MINUTE
    from shouwang.settings import read_settings

    with open_rehearsal(read_settings(data_dir=data_dir, state=state)) as rehearsal:
        begun = rehearsal.exercises.drill(zone, scenario, by="command line", place=place, lasts=minutes * MINUTE)
        if not as_json:
            click.echo(f"drill {begun.id} has begun in zone {zone} at {begun.place}", err=True)
        while wait and rehearsal.is_under_way(begun.id):
            time.sleep(1.0)
        card = rehearsal.card(begun.id)
    if as_json:
        click.echo(msgspec.json.encode(card).decode())
        return
    for name in ("told", "untold", "seen", "acknowledged", "on_scene", "missed"):
        click.echo(f"{name}: {', '.join(getattr(card.score, name)) or '-'}")
