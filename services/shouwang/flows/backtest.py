"""Stored readings fetched for a backtest, device by device; deciding is ``domain/backtest.py``."""

from collections.abc import Callable, Iterator, Sequence

from shouwang.domain.backtest import Episode, episodes, replayed
from shouwang.domain.condition import leaves
from shouwang.domain.outage import MassAbsent
from shouwang.domain.rule import Rule
from shouwang.domain.rulebook import RuleBook
from shouwang.domain.standing import DeviceFacts
from shouwang.domain.timing import Absent
from shouwang.domain.vocabulary import DeviceId, Instant, Reading
from shouwang.flows.world import World
from shouwang.ports import Point, ReadingStore

PAGE = 10_000
"""Points of one question to the store."""


class Allowance:
    """How many points one answer may still fetch, so that it ends in bounded time, a page of a device's at a time."""

    def __init__(self, points: int, devices: int) -> None:
        self._left = points
        self.page = max(16, min(PAGE, points // (8 * max(1, devices))))
        self.cut_at: Instant | None = None
        """Where the first device was left unread: in a play in order of time, about how far that came."""

    def takes(self, points: int, since: Instant) -> bool:
        """Counts what was fetched last; whether more may be fetched from ``since`` on."""
        self._left -= points
        if self._left <= 0 and self.cut_at is None:
            self.cut_at = since
        return self._left > 0


def backtest(
    world: World,
    rules: Sequence[Rule],
    readings: ReadingStore,
    start: Instant,
    end: Instant,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Episode]:
    """What these documents of one rule would have raised in [start, end) for the registered devices in their scope.
    ``progress``: (devices done, of how many). A rule about one device holds one device's readings at a time. Raises
    StoreUnavailable."""
    book = RuleBook(rules, world.community.site.timezone, world.book.expressions, minds_consent=True)
    found = [facts for facts in map(world.facts, world.community.devices) if _is_asked(book, facts)]
    metrics = _metrics(rules)
    if any(rule.is_about_places for rule in rules):
        said = replayed(book, [(facts, stored(readings, facts.device, metrics, start, end)) for facts in found], end)
        raised = episodes(said, start, end)
        progress(len(found), len(found))
        return raised
    raised = []
    for done, facts in enumerate(found, 1):
        said = replayed(book, [(facts, stored(readings, facts.device, metrics, start, end))], end)
        raised += episodes(said, start, end)
        progress(done, len(found))
    return sorted(raised, key=lambda one: (one.raised_at, one.subject))


def stored(
    readings: ReadingStore,
    device: DeviceId,
    metrics: frozenset[str] | None,
    start: Instant,
    end: Instant,
    allowance: Allowance | None = None,
) -> Iterator[Reading]:
    """What a device said of these metrics (None: of all) in [start, end), in order of time, a page at a time; the last
    instant of a full page is asked for again. Ends early where the allowance does."""
    since, size = start, PAGE if allowance is None else allowance.page
    page: Sequence[Point] = ()
    while since < end and (allowance is None or allowance.takes(len(page), since)):
        page = readings.read(device, None, since, end, limit=size)
        is_last = len(page) < size
        resumes = page[-1].at if page and not is_last else end
        if resumes == since and not is_last:
            resumes = since + 1  # more than a page of one instant: what it holds is enough
        for point in page:
            if (point.at < resumes or is_last) and (metrics is None or point.metric in metrics):
                reading = _reading(device, point)
                if reading is not None:
                    yield reading
        if is_last:
            if allowance is not None:
                allowance.takes(len(page), end)
            return
        since = resumes


def _is_asked(book: RuleBook, facts: DeviceFacts) -> bool:
    scope = book.for_facts(facts)
    return bool(scope.rules or scope.of_places)


def _metrics(rules: Sequence[Rule]) -> frozenset[str] | None:
    """Those that the rules look at; None is all, where any word of a device counts."""
    if any(isinstance(leaf, Absent | MassAbsent) for rule in rules for leaf in leaves(rule.when)):
        return None
    return frozenset(metric for rule in rules for metric in rule.metrics)


def _reading(device: DeviceId, point: Point) -> Reading | None:
    if point.value is None:
        return None
    return Reading(device, point.metric, point.value, point.at, point.at, point.part)
