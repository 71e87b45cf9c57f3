"""``shouwang rules explain``: why a rule did or did not fire for a device, on the terminal of whoever is on call."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from shouwang.domain.explanation import Explanation
    from shouwang.domain.telling import Told
    from shouwang.domain.wording import Words

FAILED = 1
LANGUAGES = ("zh", "en")


@click.command()
@click.argument("rule", metavar="RULE")
@click.option("--device", required=True, metavar="ID", help="A device's id, or its address.")
@click.option("--at", "then", metavar="TIME", help="RFC 3339, a past moment; default: now.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, one for each document of the rule.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default ./var.")
@click.option("--state", metavar="URL", help="sqlite:///FILE or postgresql://…; default in the data directory.")
@click.option("--readings", metavar="URL", help="sqlite:///FILE or influxdb://…; default in the data directory.")
def explain(rule: str, device: str, then: str | None, language: str, as_json: bool, **given: object) -> None:
    """Why RULE did or did not fire for a device: what it asks, what was read, when it looks again, and who would be
    told. Of a past moment by the rule and the directory of then, from stored readings. Tells nobody, changes nothing.

    What silences and permits hold, and the alert of then: GET /api/v1/rules/RULE/explain."""
    from shouwang.app.clock import SystemClock
    from shouwang.app.equipment import load_equipment
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.moment import parse_rfc3339
    from shouwang.domain.telling import who_is_told
    from shouwang.domain.vocabulary import DeviceId
    from shouwang.flows.hindsight import documents, explained_now, explained_then
    from shouwang.settings import read_settings
    from shouwang.store.board import SqlBoard
    from shouwang.store.database import Database
    from shouwang.store.directory import SqlDirectory
    from shouwang.timeseries.open import open_readings

    now = SystemClock().now()
    try:
        at = parse_rfc3339(then) if then else now
    except ConfigError as error:
        raise click.UsageError(f"--at: {error}") from None
    if at > now:
        raise click.UsageError(f"--at {then} lies ahead; expected a moment up to now")
    settings = read_settings(**given)
    equipment, database, context = load_equipment(settings), Database(settings.state_url), click.get_current_context()
    database.create()
    context.call_on_close(database.close)
    directory = SqlDirectory(database, SystemClock().now)
    today = equipment.world(directory.community())
    world = equipment.world_at(directory.community_at(at)) if then else today
    board = SqlBoard(database)
    known = world.registered(device) or today.registered(device)
    id = DeviceId(known[0] if known else device)
    if id not in today.community.devices and id not in world.community.devices and not board.states([id]):
        click.echo(f"shouwang rules explain: there is no device {device!r}; expected an id or an address", err=True)
        raise SystemExit(FAILED)
    facts = world.facts(id)
    found = documents(world, rule, facts)
    if not found:
        when = f" at {then}" if then else ""
        click.echo(f"shouwang rules explain: there is no rule {rule!r} in force{when}", err=True)
        raise SystemExit(FAILED)
    store = open_readings(settings.readings_url)
    context.call_on_close(store.close)
    for one in found:
        unknown: list[Words] = []
        if then:
            hindsight = explained_then(world, one, facts, store, at)
            said, unknown = hindsight.explanation, hindsight.unknown
        else:
            said = explained_now(world, one, facts, board.states, now)
        place = said.subject if said.subject is not None and one.rule.is_about_places else facts.place
        told = who_is_told(one.rule, facts.kind, place, world.community, world.policies, at)
        if as_json:
            document = {"explanation": said, "unknown": unknown, "told_now": told}
            click.echo(msgspec.json.encode(document, enc_hook=str).decode())
        else:
            click.echo("\n".join(_lines(said, one.rule.where, told, unknown, language)))


def _lines(said: "Explanation", where: str, told: "Told", unknown: "list[Words]", language: str) -> Iterator[str]:
    from shouwang.domain.moment import rfc3339

    yield f"{said.rule} {said.version} ({where}): {said.why}"
    if words := said.because.get(language):
        yield f"  {words}"
    for one in said.conditions:
        mark = {True: "+", False: "-", None: "?"}[one.truth]
        due = f" → {rfc3339(one.due_at)}" if one.due_at is not None else ""
        yield f"  {mark} {one.asked[language]} | {one.read.get(language) or '–'}{due}"
    if said.raised_at is not None:
        yield f"  raised {rfc3339(said.raised_at)}"
    if said.next_due is not None:
        yield f"  looks again {rfc3339(said.next_due)}"
    if told.why_nobody:
        yield f"  tells nobody: {told.why_nobody}"
    for step in told.steps:
        people = ", ".join(step.people) or "nobody: " + "; ".join(step.gaps)
        unless = f" unless {step.unless}" if step.unless else ""
        when = f" when {step.when}" if step.when else ""
        yield f"  {told.policy} {step.after}{unless}{when}: {people}"
    for both in unknown:
        yield f"  ! {both[LANGUAGES.index(language)]}"
