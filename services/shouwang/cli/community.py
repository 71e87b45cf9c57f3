"""``shouwang community``: a whole compound as one file, in and out."""

import json
import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shouwang.domain.community import Community
    from shouwang.registry.changes import Difference
    from shouwang.registry.community import Reading, Remark
    from shouwang.store.database import Database
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
@click.option(
    "--progress", is_flag=True, hidden=True, help="Lines `progress PHASE DONE OF` to stderr; a server's child."
)
@click.option("--by", default="command line", hidden=True, help="Whom the journal names.")
@click.option("--name", hidden=True, help="What the file is called where it came from.")
@click.option("--only-at", type=int, hidden=True, help="The revision that the directory must still have.")
@click.option("--guarded", is_flag=True, hidden=True, help="New contacts may only reach what the settings allow.")
def apply(
    file: Path,
    dry_run: bool,
    prune: bool,
    as_json: bool,
    progress: bool,
    by: str,
    name: str | None,
    only_at: int | None,
    guarded: bool,
    **given: object,
) -> None:
    """Bring the directory to what FILE says: all of it, or nothing and every problem with its line. FILE is YAML, a
    workbook, or a sheet of devices (CSV, XLSX)."""
    from shouwang.domain.errors import ConfigError
    from shouwang.registry.changes import guard_new, plan_apply
    from shouwang.registry.community import Remark

    say = _say_progress if progress else _say_nothing
    say("reading", 0, 0)
    directory, database = _directory(**given)
    current = directory.community()
    try:
        reading = _read(file, current, prune=prune, name=name, **given)
    except ConfigError as error:
        if as_json and progress:
            remark = Remark(error.where or (name or str(file)), str(error).removeprefix(f"{error.where}: "))
            _print_json(_refused([remark], [], name or str(file)))
        click.echo(f"shouwang community apply: {error}", err=True)
        raise SystemExit(UNREADABLE) from None
    if reading.problems:
        _tell_problems(reading, name or str(file), as_json=as_json)
        raise SystemExit(FAILED)
    say("comparing", 0, 0)
    wanted = guard_new(current, reading.community) if guarded else reading.community
    plan = plan_apply(current, wanted, prune=prune, has_site=reading.has_site)
    revision = current.revision
    if not dry_run and only_at is not None and revision != only_at:
        click.echo("the directory was changed since the trial; nothing was applied, try the file again", err=True)
        raise SystemExit(FAILED)
    if not dry_run and not plan.is_empty:
        if progress:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it is a matter of seconds, and all or nothing
        revision = directory.change(
            plan.put, plan.remove, plan.order, progress=lambda done, of: say("writing", done, of)
        )
        _record(database, by, revision, plan.summary)
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
                "errors": [],
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

    known = _directory(**given)[0].community()
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
@click.option("--empty", is_flag=True, help="Headings alone.")
def template(file: Path, empty: bool) -> None:
    """Write an example compound as a workbook with Chinese headings: change it, then apply it."""
    from shouwang.domain.community import Community
    from shouwang.registry.demo import demo_community
    from shouwang.registry.workbook import workbook_of

    try:
        _write_private(file, workbook_of(Community() if empty else demo_community()))
    except OSError as error:
        click.echo(f"shouwang community template: {file} cannot be written: {error.strerror}", err=True)
        raise SystemExit(FAILED) from None


def _directory(**given: object) -> "tuple[SqlDirectory, Database]":
    from shouwang.app.clock import SystemClock
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.directory import SqlDirectory

    database = Database(read_settings(**given).state_url)
    database.create()
    click.get_current_context().call_on_close(database.close)
    return SqlDirectory(database, SystemClock().now), database


def _read(file: Path, current: "Community", *, prune: bool, name: str | None, **given: object) -> "Reading":
    """Raises ConfigError where the file is no community file at all."""
    from shouwang.domain.community import Community as Nothing
    from shouwang.registry.community import parse_community
    from shouwang.registry.consistency import CHANNELS
    from shouwang.registry.findings import Around
    from shouwang.registry.incoming import read_incoming
    from shouwang.registry.profiles import load_profiles
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
    return read_incoming(file, around, current, profiles, name=name)


def _say_nothing(phase: str, done: int, of: int) -> None:
    """At the command line nobody looks at progress."""


def _say_progress(phase: str, done: int, of: int) -> None:
    from shouwang.app.supervisor import PARENT

    if phase != "writing" and os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
        raise SystemExit(1)  # the server that asked is gone
    click.echo(f"progress {phase} {done} {of}", err=True)


def _record(database: "Database", by: str, revision: int, differences: "Sequence[Difference]") -> None:
    """In the journal: who, and how much of what; never names."""
    from shouwang.app.clock import SystemClock
    from shouwang.domain.journal import Entry
    from shouwang.store.transactions import SqlCasebook

    counted = Counter(f"{one.how} {one.kind}" for one in differences)
    entry = Entry(
        at=SystemClock().now(), kind="community.applied", actor=by, body={"revision": revision, **dict(counted)}
    )
    with SqlCasebook(database).change() as transaction:
        transaction.record(entry)


def _refused(problems: "Sequence[Remark]", notes: "Sequence[Remark]", name: str) -> dict[str, object]:
    errors = []
    for one in problems:
        sheet, _, row = one.where.removeprefix(name).strip().rpartition(":")
        errors.append({"sheet": sheet, "row": int(row) if row.isdigit() else 0, "detail": one.message})
    said = {"problems": [str(one) for one in problems], "errors": errors, "notes": [str(note) for note in notes]}
    return {"applied": False, **said}


def _tell_problems(reading: "Reading", name: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(_refused(reading.problems, reading.notes, name))
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
    part = file.with_name(f".{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    part.replace(file)
