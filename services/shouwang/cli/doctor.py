"""``shouwang doctor``: what would lose or delay an alarm here."""

from pathlib import Path

import click


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="State database; default in the data directory.")
@click.option("--broker", metavar="URL", help="Default: the embedded broker.")
@click.option("--mqtt-listen", metavar="HOST:PORT", help="The embedded broker's address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(as_json: bool, **given: object) -> None:
    """Look at everything on an alarm's way. Exit 1 where something would lose one."""
    import msgspec

    from shouwang.app.doctor import examine
    from shouwang.flows.diagnosis import Level, diagnose
    from shouwang.settings import read_settings

    found = diagnose(examine(read_settings(**given)))
    for symptom in found:
        if as_json:
            click.echo(msgspec.json.encode(symptom).decode())
            continue
        mark = {Level.OK: "ok     ", Level.WARNING: "warning", Level.FAILURE: "FAILURE"}[symptom.level]
        click.echo(f"{mark} {symptom.about}: {symptom.found}" + (f"\n        → {symptom.act}" if symptom.act else ""))
    if any(symptom.level is Level.FAILURE for symptom in found):
        raise SystemExit(1)
