"""``shouwang rules try``: what rules would say to recorded readings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from shouwang.domain.expression import Expressions
    from shouwang.domain.rule import Rule
    from shouwang.domain.trial import Line

UNREADABLE = 3


@click.command("try")
@click.argument("file", metavar="RULES.yaml", type=click.Path(path_type=Path))
@click.option("--jsonl", "recording", metavar="F", required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--timezone", metavar="NAME", default="Asia/Shanghai", show_default=True, help="Wall clock of the rules.")
def try_(file: Path, recording: Path, timezone: str) -> None:
    """Play lines of readings, in order of arrival, and print what the rules say as JSON lines, in order of time.

    A line is {"at", "device", "metric", "value", "kind"?, "place"?, "tags"?} or {"at", "tick": true}.
    """
    from shouwang.codecs.expression import expressions
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.rulebook import RuleBook
    from shouwang.domain.shift import timezone as time_zone
    from shouwang.domain.trial import play

    try:
        time_zone(timezone)
    except ConfigError as error:
        raise click.UsageError(f"--timezone: {error}") from None
    try:
        language = expressions()
        book = RuleBook(_rules(file, language), timezone=timezone, expressions=language)
        lines = list(_lines(recording))
    except ConfigError as error:
        click.echo(f"shouwang rules try: {error}", err=True)
        raise SystemExit(UNREADABLE) from None
    for said in sorted(play(book, lines), key=lambda transition: transition.at):
        click.echo(_printed(said))


def _rules(file: Path, language: "Expressions | None") -> "list[Rule]":
    """The rules of the file. A metric that nobody knows is only a note: the recording may have it."""
    from shouwang.domain.condition import leaves
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.home import Confirm
    from shouwang.domain.outage import MassAbsent
    from shouwang.domain.timing import Absent
    from shouwang.registry.rule_shapes import unknown_metrics
    from shouwang.registry.rules import load_rules

    found = load_rules(file, language, strict=False)
    for rule in found:
        for cause in unknown_metrics(rule.when):
            click.echo(f"note: {rule.where}: {cause}", err=True)
        for leaf in leaves(rule.when):
            if isinstance(leaf, Absent | MassAbsent) and leaf.longest is None:
                raise ConfigError("absent: expected longest, because a recording has no device profiles", rule.where)
            if isinstance(leaf, Confirm | MassAbsent) and leaf.level == "zone":
                raise ConfigError("in: zone needs a directory, and a recording has none", rule.where)
    return found


def _lines(recording: Path) -> "Iterator[Line]":
    """Raises ConfigError with ``file:line`` where a line is not one of the form."""
    from shouwang.domain.errors import ConfigError
    from shouwang.domain.moment import parse_rfc3339
    from shouwang.domain.trial import Line

    class Written(msgspec.Struct, frozen=True):
        at: str
        device: str = ""
        metric: str = ""
        value: bool | int | float | str | None = None
        part: str = ""
        kind: str | None = None
        place: str | None = None
        tags: list[str] | None = None
        tick: bool = False

    ignored: set[str] = set()
    try:
        with click.open_file(str(recording), encoding="utf-8-sig") as opened:
            for number, text in enumerate(opened, 1):
                if not text.strip():
                    continue
                try:
                    # Python's own reader also takes NaN, which many programs write; it is unknown.
                    said = json.loads(text)
                    written = msgspec.convert(said, Written)
                    if not written.tick and not (written.device and written.metric):
                        raise ConfigError(
                            "expected device and metric, or tick: true; acts of people (acknowledge, silence, reset) "
                            "change nothing of what rules say and have no line"
                        )
                    for name in said.keys() - ignored - set(Written.__struct_fields__):
                        ignored.add(name)
                        fields = " ".join(Written.__struct_fields__)
                        click.echo(f"note: {recording}:{number}: {name} is not read; a line has {fields}", err=True)
                    yield Line(
                        at=parse_rfc3339(written.at.upper()),
                        device=written.device,
                        metric=written.metric,
                        value=written.value,
                        part=written.part,
                        kind=written.kind,
                        place=written.place.strip("/") if written.place is not None else None,
                        tags=written.tags,
                        tick=written.tick,
                    )
                except (ValueError, ConfigError) as error:
                    raise ConfigError(str(error), f"{recording}:{number}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", str(recording)) from None


def _printed(said: Any) -> str:
    from shouwang.domain.moment import moment

    line = {
        "at": moment(said.at).isoformat().replace("+00:00", "Z"),
        "rule": said.rule,
        "subject": said.subject,
        "transition": said.change,
        "severity": said.severity,
    }
    return msgspec.json.encode(line).decode()
