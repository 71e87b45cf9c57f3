"""``shouwang community``: a whole compound as one file, in and out."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shouwang.domain.community import Community
    from shouwang.registry.changes import Difference
    from shouwang.registry.community import Reading
    from shouwang.store.directory import SqlDirectory

FAILED, UNREADABLE = 1, 3
SHOWN = 20
"""Differences that are shown when they are applied; ``--dry-run`` and ``--json`` show all."""


@click.group()
def community() -> None:
    """Apply or export a whole compound as one file: places, people, posts, zones, rosters, policies, devices."""


@community.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show the difference, change nothing.")
@click.option("--prune", is_flag=True, help="Also remove what the file does not hold.")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
def apply(file: Path, dry_run: bool, prune: bool, as_json: bool, **given: object) -> None:
    """Bring the directory to what FILE says: all of it, or nothing and every problem with its line."""
    from shouwang.domain.errors import ConfigError
    from shouwang.registry.changes import plan_apply

    directory = _directory(**given)
    current = directory.community()
    try:
        reading = _read(file, current, prune=prune, **given)
    except ConfigError as error:
        click.echo(f"shouwang community apply: {error}", err=True)
        raise SystemExit(UNREADABLE) from None
    if reading.problems:
        _tell_problems(reading, as_json=as_json)
        raise SystemExit(FAILED)
    plan = plan_apply(current, reading.community, prune=prune, has_site=reading.has_site)
    revision = current.revision
    if not dry_run and not plan.is_empty:
        revision = directory.change(plan.put, plan.remove, plan.order)
    if as_json:
        _print_json(
            {
                "applied": not dry_run,
                "revision": revision,
                "differences": [
                    {"how": one.how, "kind": one.kind, "id": one.id, "fields": one.fields} for one in plan.summary
                ],
                "policies": plan.order,
                "problems": [],
                "notes": [str(note) for note in reading.notes],
            }
        )
        return
    for note in reading.notes:
        click.echo(f"note: {note}", err=True)
    _tell_differences(plan.summary, everything=dry_run)
    if plan.order is not None:
        click.echo(f"policies are matched in this order: {', '.join(plan.order)}")
    done = "would change" if dry_run else f"applied as revision {revision}"
    click.echo("nothing to change" if plan.is_empty else f"{done}: {_counts(plan.summary)}")


@community.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
def export(file: Path, **given: object) -> None:
    """Write the directory as FILE (`-`: to stdout). It holds personal data and secrets: only you may read it."""
    from shouwang.registry.export import export_community
    from shouwang.registry.workbook import workbook_of

    known = _directory(**given).community()
    if str(file) == "-":
        click.echo(export_community(known), nl=False)
        return
    try:
        _write_private(file, workbook_of(known) if file.suffix == ".xlsx" else export_community(known).encode())
    except OSError as error:
        click.echo(f"shouwang community export: {file} cannot be written: {error.strerror}", err=True)
        raise SystemExit(FAILED) from None


@community.command()
@click.argument("file", metavar="FILE.xlsx", type=click.Path(path_type=Path))
def template(file: Path) -> None:
    """Write an example compound as a workbook with Chinese headings: change it, then apply it."""
    from shouwang.registry.demo import demo_community
    from shouwang.registry.workbook import workbook_of

    try:
        _write_private(file, workbook_of(demo_community()))
    except OSError as error:
        click.echo(f"shouwang community template: {file} cannot be written: {error.strerror}", err=True)
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


def _read(file: Path, current: "Community", *, prune: bool, **given: object) -> "Reading":
    """Raises ConfigError where the file is no community file at all."""
    from shouwang.domain.community import Community as Nothing
    from shouwang.registry.community import parse_community, read_community
    from shouwang.registry.consistency import CHANNELS, Around
    from shouwang.registry.profiles import load_profiles
    from shouwang.registry.workbook import read_workbook
    from shouwang.settings import read_settings, shipped

    settings = read_settings(**given)
    own = [settings.profiles_dir] if settings.profiles_dir else []
    families, profiles = load_profiles([shipped("device_profiles"), *own])
    around = Around(
        community=Nothing(site=current.site) if prune else current,
        profiles=list(profiles),
        families=[family.id for family in families],
        channels=CHANNELS,
    )
    if str(file) == "-":
        with click.open_file("-", encoding="utf-8") as stdin:
            return parse_community(stdin.read(), "-", around)
    return read_workbook(file, around) if file.suffix == ".xlsx" else read_community(file, around)


def _tell_problems(reading: "Reading", *, as_json: bool) -> None:
    if as_json:
        problems = [str(problem) for problem in reading.problems]
        _print_json({"applied": False, "problems": problems, "notes": [str(note) for note in reading.notes]})
        return
    for problem in reading.problems:
        click.echo(str(problem), err=True)
    count = len(reading.problems)
    click.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was changed", err=True)


def _tell_differences(differences: "Sequence[Difference]", *, everything: bool) -> None:
    shown = differences if everything or len(differences) <= SHOWN else differences[:SHOWN]
    for one in shown:
        click.echo(str(one))
    if len(shown) < len(differences):
        click.echo(f"… and {len(differences) - len(shown)} more (--dry-run shows all)")


def _counts(differences: "Sequence[Difference]") -> str:
    """``added 2 devices, changed 1 person`` in the words of the file."""
    plural = {"person": "people", "policy": "policies", "site": "site"}
    counted = Counter((one.how, one.kind) for one in differences)
    return (
        ", ".join(
            f"{how} {count} {kind if count == 1 else plural.get(kind, f'{kind}s')}"
            for (how, kind), count in counted.items()
        )
        or "the order of policies"
    )


def _print_json(result: dict[str, object]) -> None:
    click.echo(json.dumps(result, ensure_ascii=False))


def _write_private(file: Path, content: bytes) -> None:
    """In one step, readable by its owner only."""
    import os

    part = file.with_name(f".{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    part.replace(file)
