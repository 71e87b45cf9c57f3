"""The statements of an alarm on the driver's own cursor: written as SQLAlchemy expressions, compiled once, run bare.

SQLAlchemy's way to run one costs some 60 to 100 µs of Python before the database is reached (measured; the driver takes
2 to 10), and an alarm has thirty on its way to a person. What is compiled here runs on the same
connection and in the same transaction as everything else. For statements that are made once, never for ones that
differ from call to call; lists of unknown length (``IN``) stay with SQLAlchemy.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    Dialect,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ClauseElement

Row = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode
Values = Mapping[str, object]


_SAMPLE: Values = {"rows": ""}


class Cursor(Protocol):
    """PEP 249, as much as is used."""

    rowcount: int

    def execute(self, text: str, values: object) -> object: ...

    def executemany(self, text: str, values: object) -> object: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...


class Driver(Protocol):
    """A connection of the driver's."""

    def cursor(self) -> Cursor: ...

    def close(self) -> None: ...


class Statements:
    """What was compiled for one database. Thread-safe: compiling twice gives the same."""

    def __init__(self, dialect: Dialect) -> None:
        driver: Any = dialect.dbapi
        self._is_elsewhere = dialect.name == "postgresql"
        self.is_pipelined = self._is_elsewhere and bool(driver.Pipeline.is_supported())
        self._dialect = dialect
        self._compiled: dict[ClauseElement, _Compiled] = {}
        self._in_one: dict[ClauseElement, ClauseElement] = {}

    def of(self, statement: ClauseElement, values: Values) -> "_Compiled":
        """``values``: as at its first run; their names never change, and in an INSERT say which columns it fills."""
        known = self._compiled.get(statement)
        if known is None:
            known = self._compiled[statement] = _Compiled(statement, self._dialect, values)
        return known

    def of_all(self, statement: ClauseElement, rows: Sequence[Values]) -> "_Compiled | None":
        """One statement that does it with all of these rows, in their order; None where there is no such form. SQLite
        has no use for it: it is no other process, and a statement costs it microseconds."""
        if not self._is_elsewhere:
            return None
        known = self._in_one.get(statement)
        if known is None:
            if isinstance(statement, Insert):
                known = _inserting_all(statement, list(rows[0]))
            elif isinstance(statement, Select):
                known = _asking_all(statement, list(rows[0]))
            else:
                return None
            self._in_one[statement] = known
        return self.of(known, _SAMPLE)

    def __iter__(self) -> Iterator[str]:
        """The texts, for whoever asks how the database goes about them."""
        return (compiled.text for compiled in self._compiled.values())

    def on(self, connection: Connection) -> "Hand":
        """Runs them in this connection's transaction."""
        return Hand(self, connection.connection.dbapi_connection)


class Hand:
    """Runs statements on one connection. Raises what the driver raises (``Database`` makes it StoreUnavailable)."""

    def __init__(self, statements: Statements, driver: Any) -> None:
        self._statements = statements
        self._of = statements.of
        self._is_pipelined = statements.is_pipelined
        self._driver: Driver = driver

    def rows(self, statement: ClauseElement, values: Values) -> list[Row]:
        return self._run(statement, values).fetchall()

    def row(self, statement: ClauseElement, values: Values) -> Row | None:
        return self._run(statement, values).fetchone()

    def rows_of_each(self, statement: ClauseElement, asked: Sequence[Values]) -> list[list[Row]]:
        """What it finds with each of these values, in their order; the database is asked once, where it can be."""
        if len(asked) > 1 and (all_of_them := self._statements.of_all(statement, asked)) is not None:
            cursor = self._driver.cursor()
            cursor.execute(all_of_them.text, all_of_them.bound(_as_one(asked)))
            found: list[list[Row]] = [[] for _ in asked]
            for number, *row in cursor.fetchall():
                found[number].append(tuple(row))
            return found
        return [self.rows(statement, values) for values in asked]

    def value(self, statement: ClauseElement, values: Values) -> Any:
        """The first column of the first row; None where there is none."""
        row = self._run(statement, values).fetchone()
        return None if row is None else row[0]

    def run(self, statement: ClauseElement, values: Values) -> int:
        """How many rows it changed."""
        return self._run(statement, values).rowcount

    def run_all(self, statement: ClauseElement, rows: Sequence[Values]) -> None:
        """Once for each row; all have the same names."""
        if len(rows) == 1:
            self._run(statement, rows[0])
        elif rows:
            if (all_of_them := self._statements.of_all(statement, rows)) is not None:
                self._driver.cursor().execute(all_of_them.text, all_of_them.bound(_as_one(rows)))
                return
            compiled = self._of(statement, rows[0])
            self._driver.cursor().executemany(compiled.text, [compiled.bound(row) for row in rows])

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is run in this block goes out at once where the driver can (PostgreSQL's pipeline mode): what fails is
        raised at its end at the latest, and how many rows changed is not told."""
        if not self._is_pipelined:
            yield
            return
        driver: Any = self._driver
        with driver.pipeline():
            yield

    def _run(self, statement: ClauseElement, values: Values) -> Cursor:
        compiled = self._of(statement, values)
        cursor = self._driver.cursor()
        cursor.execute(compiled.text, compiled.bound(values))
        return cursor


def _as_one(rows: Sequence[Values]) -> Values:
    """The rows as the one value of a statement for all of them, numbered from 0."""
    return {"rows": _encode([{**row, "number": number} for number, row in enumerate(rows)]).decode()}


def _inserting_all(statement: Insert, names: Sequence[str]) -> ClauseElement:
    """``INSERT … SELECT … FROM json_to_recordset(…)``: a row of it costs a fifth of a statement of its own. What it
    does on a conflict stays; two rows of one key must not meet in it."""
    columns: Any = statement.table.columns
    given = _given({**{name: columns[name].type for name in names}, "number": Integer()})
    values = [
        func.decode(given.c[name], "base64") if isinstance(columns[name].type, LargeBinary) else given.c[name]
        for name in names
    ]
    return statement.from_select(names, select(*values).order_by(given.c.number))


def _asking_all(statement: Select[Any], names: Sequence[str]) -> ClauseElement:
    """The question with each row of values in turn; the number of the row comes first."""
    types: dict[str, Any] = {}
    for one in visitors.iterate(statement):
        if isinstance(one, BindParameter) and one.key in names:
            types[one.key] = one.type
    given = _given({**{name: types[name] for name in names}, "number": Integer()})

    def of_row(element: Any, **_options: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in types else None

    # With an offset the planner asks by each row, as the index wants it, and does not read the whole table instead.
    traversed: Any = visitors.replacement_traverse(statement.offset(0), {}, of_row)
    asked = traversed.lateral("asked")
    return select(given.c.number, *asked.c).select_from(given.join(asked, true()))


def _given(types: Mapping[str, Any]) -> Any:
    """The rows, as a table: JSON, because the driver writes a list of texts a letter at a time."""
    columns = [column(name, Text() if isinstance(type, LargeBinary) else type) for name, type in types.items()]
    rows = func.json_to_recordset(cast(bindparam("rows"), JSON))
    return rows.table_valued(*columns, name="given").render_derived(with_types=True)


class _Compiled:
    """Text for the driver, and how it wants its values: in order (SQLite) or by name (PostgreSQL)."""

    __slots__ = ("_constants", "_order", "text")

    def __init__(self, statement: ClauseElement, dialect: Dialect, values: Values) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))
        expanded = compiled.construct_expanded_state(dict(values))  # lists of constants are written out
        self.text: str = expanded.statement
        self._order: Sequence[str] | None = expanded.positiontup
        fixed = {**compiled.construct_params(dict(values)), **expanded.additional_parameters}
        self._constants = {name: value for name, value in fixed.items() if name not in values}

    def bound(self, values: Values) -> object:
        given = {**self._constants, **values} if self._constants else values
        return given if self._order is None else [given[name] for name in self._order]
