"""``shouwang rules apply`` and ``export``: the rules that a site keeps in its state database, as files."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shouwang.store.directory import SqlDirectory

FAILED, UNREADABLE = 1, 3


@click.command()
@click.argument("file", metavar="RULES.yaml", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the difference, change nothing.")
@click.option("--prune", is_flag=True, help="Also remove what the file does not hold.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
def apply(file: Path, dry_run: bool, prune: bool, **given: object) -> None:
    """Keep the rules of RULES.yaml in the state database, in force within a second: all of them, or none and every
    mistake with its line. Documents of one rule id replace all that was kept of it."""
    from shouwang.codecs.expression import expressions
    from shouwang.domain.errors import ConfigError
    from shouwang.registry.rules import check_rules, read_rule_texts

    if not file.is_file():
        click.echo(f"shouwang rules apply: {file} cannot be read: there is no such file", err=True)
        raise SystemExit(UNREADABLE)
    language = expressions()
    problems = check_rules(file, language)
    if problems:
        for problem in problems:
            click.echo(problem, err=True)
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}; nothing was changed", err=True)
        raise SystemExit(FAILED)
    try:
        wanted = {text.id: text for text in read_rule_texts(file)}
    except ConfigError as error:
        click.echo(f"shouwang rules apply: {error}", err=True)
        raise SystemExit(UNREADABLE) from None
    directory = _directory(**given)
    kept = directory.community().rules
    put = [text for id, text in wanted.items() if kept.get(id) != text]
    gone = sorted(set(kept) - set(wanted)) if prune else []
    for text in put:
        click.echo(f"{'~' if text.id in kept else '+'} rule {text.id}")
    for id in gone:
        click.echo(f"- rule {id}")
    if not put and not gone:
        click.echo("nothing to change")
    elif not dry_run:
        revision = directory.change(put, [("rule", id) for id in gone])
        click.echo(f"applied as revision {revision}")


@click.command()
@click.argument("file", metavar="RULES.yaml", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
def export(file: Path, **given: object) -> None:
    """Write the rules that the site keeps as RULES.yaml (`-`: to stdout); `apply` reads it back."""
    kept = _directory(**given).community().rules
    text = "---\n".join(kept[id].text for id in sorted(kept))
    try:
        with click.open_file(str(file), "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        click.echo(f"shouwang rules export: {file} cannot be written: {error.strerror}", err=True)
        raise SystemExit(FAILED) from None


def _directory(**given: object) -> "SqlDirectory":
    from shouwang.app.clock import SystemClock
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.directory import SqlDirectory

    database = Database(read_settings(**given).state_url)
    database.create()
    click.get_current_context().call_on_close(database.close)
    return SqlDirectory(database, SystemClock().now)
