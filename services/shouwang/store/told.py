"""Lines of the journal about who may come in, written in the transaction of the change that they are about."""

from sqlalchemy import Connection, insert

from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import Instant

from .rows import entry_row
from .tables import journal


def tell(connection: Connection, kind: str, at: Instant, by: str | None, **body: object) -> None:
    """``by``: whose act it is; None: nobody's (a demonstration's own token, a bench), and then there is no line. What
    is None in ``body`` is left out."""
    if by is None:
        return
    said = {key: value for key, value in body.items() if value is not None}
    connection.execute(insert(journal), entry_row(Entry(at=at, kind=kind, actor=by, body=said)))
