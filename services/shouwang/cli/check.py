"""``shouwang check``: every file that people write, before it is used."""

from pathlib import Path

import click

UNREADABLE = 3


@click.command()
@click.argument("paths", metavar="[PATH]…", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all problems.")
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check profiles, rules, policies, gateways, community files, with examples; without PATH, the shipped ones."""
    import msgspec

    from shouwang.codecs.expression import expressions
    from shouwang.codecs.javascript import JavaScriptCodecs
    from shouwang.registry.check import check_files
    from shouwang.registry.consistency import CHANNELS
    from shouwang.settings import shipped

    for path in paths:
        if not path.exists():
            click.echo(f"{path}: there is no such file or folder", err=True)
            raise SystemExit(UNREADABLE)
    looked_at, problems, is_unreadable = check_files(
        paths or (shipped("device_profiles"), shipped("alert_rules"), shipped("channel_templates")),
        shipped("device_profiles"),
        CHANNELS,
        JavaScriptCodecs,
        expressions(),
    )
    if as_json:
        click.echo(msgspec.json.encode({"files": looked_at, "problems": problems}).decode())
    else:
        for problem in problems:
            click.echo(problem)
        click.echo(f"{looked_at} files, {len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}", err=True)
    if problems:
        raise SystemExit(UNREADABLE if is_unreadable else 1)
