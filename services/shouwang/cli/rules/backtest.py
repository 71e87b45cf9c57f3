"""``shouwang rules backtest``: a rule over stored readings, beside what was raised and what people found."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from shouwang.app.equipment import Equipment
    from shouwang.domain.backtest import Comparison, Episode, Past
    from shouwang.domain.rule import Rule
    from shouwang.store.database import Database

UNREADABLE = 3
STEPS = 100
"""So many lines of progress at most, or a few more."""

PAGE = 500
"""Alerts of one question to the state database."""


@click.command()
@click.argument("rule", metavar="RULE")
@click.option("--from", "since", metavar="TIME", required=True, help="RFC 3339, for example 2026-11-01T00:00:00+08:00.")
@click.option("--to", "until", metavar="TIME", help="Default: now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the comparison, and every episode.")
@click.option("--progress", is_flag=True, hidden=True, help="Lines `progress DONE OF` to stderr; end with the parent.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
@click.option("--readings", metavar="URL", help="sqlite:///FILE or influxdb://…; default in the data directory.")
def backtest(rule: str, since: str, until: str | None, as_json: bool, progress: bool, **given: object) -> None:
    """What RULE (an id in force, or a file with a changed one) would have raised over stored readings, compared with
    what was raised and with the outcomes that people gave."""
    from shouwang.app.clock import SystemClock
    from shouwang.app.equipment import load_equipment
    from shouwang.domain.backtest import compared
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.moment import parse_rfc3339
    from shouwang.flows.backtest import backtest as play
    from shouwang.settings import read_settings
    from shouwang.store.database import Database
    from shouwang.store.directory import SqlDirectory
    from shouwang.timeseries.open import open_readings

    clock = SystemClock()
    try:
        start, end = parse_rfc3339(since), parse_rfc3339(until) if until else clock.now()
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if start >= end:
        raise click.UsageError(f"--from {since} is not before --to {until or 'now'}")
    settings = read_settings(**given)
    equipment = load_equipment(settings)
    database = Database(settings.state_url)
    database.create()
    context = click.get_current_context()
    context.call_on_close(database.close)
    world = equipment.world(SqlDirectory(database, clock.now).community())
    try:
        rules = _rules(rule, equipment)
    except ConfigError as error:
        click.echo(f"shouwang rules backtest: {error}", err=True)
        raise SystemExit(UNREADABLE) from None
    store = open_readings(settings.readings_url)
    context.call_on_close(store.close)
    would = play(world, rules, store, start, end, _say_progress if progress else lambda done, of: None)
    was = list(_past(database, rules[0].id, start, end))
    comparison = compared(would, was)
    if as_json:
        click.echo(msgspec.json.encode(_written(rules[0].id, comparison, would)).decode())
        return
    for one in would:
        click.echo(msgspec.json.encode(_line(rules[0], one)).decode())
    click.echo(f"{rules[0].id}: {comparison}", err=True)


def _say_progress(done: int, of: int) -> None:
    from shouwang.app.supervisor import PARENT

    # Not by a signal of the kernel: that comes when the thread ends that began us, and threads of a server do.
    if os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
        raise SystemExit(1)
    if of < STEPS or done % (of // STEPS) == 0 or done == of:
        click.echo(f"progress {done} {of}", err=True)


def _rules(rule: str, equipment: "Equipment") -> "list[Rule]":
    """All documents of an id in force, or those of a file. Raises ConfigError."""
    from shouwang.codecs.expression import expressions
    from shouwang.domain.errors import ConfigError
    from shouwang.registry.rules import load_rules

    if Path(rule).suffix in (".yaml", ".yml") or Path(rule).is_file():
        found = load_rules(Path(rule), expressions())
        if len({one.id for one in found}) != 1:
            ids = ", ".join(sorted({one.id for one in found})) or "none"
            raise ConfigError(f"a backtest is of one rule; found {ids}", rule)
        return found
    found = [one for one in equipment.book.rules if one.id == rule]
    if not found:
        raise ConfigError(f"there is no rule {rule!r}; expected an id in force, or a file")
    return found


def _past(database: "Database", rule: str, start: int, end: int) -> "Iterator[Past]":
    """Alerts of the rule that were raised in [start, end), a page at a time."""
    from shouwang.domain.backtest import past_of
    from shouwang.domain.board import CaseQuery, Mark
    from shouwang.store.board import SqlBoard

    board = SqlBoard(database)
    after: Mark | None = None
    while True:
        page = board.alerts(CaseQuery(rule=rule), after, PAGE)
        incidents = {alert.incident: board.incident(alert.incident) for alert in page if alert.incident is not None}
        outcomes = {id: found.outcome if found is not None else None for id, found in incidents.items()}
        yield from past_of((alert for alert in page if start <= alert.raised_at < end), outcomes)
        if len(page) < PAGE:
            return
        after = page[-1].raised_at, page[-1].id


def _line(rule: "Rule", one: "Episode") -> dict[str, object]:
    from shouwang.domain.moment import rfc3339

    return {
        "at": rfc3339(one.raised_at),
        "rule": rule.id,
        "subject": one.subject,
        "severity": rule.severity,
        "cleared_at": rfc3339(one.cleared_at) if one.cleared_at is not None else None,
        "occurrences": 1 + len(one.occurrences),
    }


def _written(rule: str, comparison: "Comparison", would: "list[Episode]") -> dict[str, object]:
    from shouwang.domain.moment import rfc3339

    return {
        "rule": rule,
        "would_raise": comparison.would_raise,
        "raised": comparison.raised,
        "missed": comparison.missed,
        "missed_real": comparison.missed_real,
        "new": len(comparison.new),
        "episodes": [{"at": rfc3339(one.raised_at), "subject": one.subject} for one in would],
    }
