"""``shouwang token``: a token alone on stdout, known to the API, ended by its id."""

from pathlib import Path

from click.testing import CliRunner

from shouwang.cli.token import token
from shouwang.domain.access import Role
from shouwang.domain.vocabulary import DAY
from shouwang.store.database import Database
from shouwang.store.tokens import SqlTokens

LATER = 4_000_000_000_000_000


def test_a_token_is_printed_alone_and_works_until_it_is_revoked(tmp_path: Path) -> None:
    run = CliRunner()
    place = ["--data-dir", str(tmp_path)]
    made = run.invoke(token, ["create", "--role", "responder", "--place", "a/b", "--name", "night", *place])
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    assert made.stdout == f"{text}\n" and " " not in text
    assert "a/b is not in the directory yet" in made.stderr
    database = Database(f"sqlite:///{tmp_path}/state.sqlite")
    found = SqlTokens(database).find(text, LATER)
    assert found is not None and (found.role, found.name, found.place) == (Role.RESPONDER, "night", "a/b")
    listed = run.invoke(token, ["list", *place]).stdout
    assert listed == f"{found.id}\tresponder\tnight\ta/b\n" and text not in listed
    assert run.invoke(token, ["revoke", found.id, *place]).exit_code == 0
    assert SqlTokens(database).find(text, LATER + DAY) is None
    assert run.invoke(token, ["revoke", found.id, *place]).exit_code == 1
    database.close()


def test_a_token_for_nobody_is_refused(tmp_path: Path) -> None:
    asked = ["create", "--role", "operator", "--person", "nobody", "--data-dir", str(tmp_path)]
    refused = CliRunner().invoke(token, asked)
    assert refused.exit_code == 1 and refused.stdout == ""
    assert CliRunner().invoke(token, ["create", "--role", "king", "--data-dir", str(tmp_path)]).exit_code == 2
