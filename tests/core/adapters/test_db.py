"""Transactions: which failures of the database pass by themselves."""

import psycopg
import pytest
from psycopg.errors import ProgramLimitExceeded

from pinhole.db import statement, transaction
from pinhole.errors import Unavailable

pytestmark = pytest.mark.usefixtures("database_url")


def fail(sqlstate: str) -> None:
    with transaction() as conn:
        conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "53100", "53200", "58030"])
def test_what_is_the_servers_own_trouble_passes(sqlstate: str) -> None:
    with pytest.raises(Unavailable, match="so it is"):
        fail(sqlstate)

    with transaction() as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_what_a_statement_asks_too_much_of_does_not_pass() -> None:
    with pytest.raises(ProgramLimitExceeded):
        fail("54000")


def test_a_session_that_the_server_ended_is_opened_again() -> None:
    with pytest.raises(Unavailable), transaction() as conn:
        conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with transaction() as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_statement_is_sent_again_when_the_server_ended_the_session_meanwhile(database_url: str) -> None:
    pid = statement(lambda conn: conn.info.backend_pid)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert statement(lambda conn: conn.execute("SELECT 1").fetchone()) == (1,)


def test_a_statement_that_ends_its_own_session_is_not_sent_for_ever() -> None:
    with pytest.raises(Unavailable):
        statement(lambda conn: conn.execute("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert statement(lambda conn: conn.execute("SELECT 1").fetchone()) == (1,)


def test_only_statements_that_ask_for_it_are_prepared() -> None:
    with transaction() as conn:
        for _ in range(10):
            conn.execute("SELECT 1")
            conn.execute("SELECT 2", prepare=True)
        assert conn.execute("SELECT statement FROM pg_prepared_statements").fetchall() == [("SELECT 2",)]
