"""Kill -9 in the middle of a decision about money: nothing of it is there, and it can be taken again."""

from __future__ import annotations

from tests.stories.test_crash import database, rows, worker  # noqa: F401  # fixtures

ACTS = ["refund", "order", "give_up", "share", "undo", "split"]
TABLES = {
    "receivables_entry": "id", "receivables_allocation": "id", "audit_event": "id",
    "payments_creditdecision": "id, made_on, settled_on, file_id", "payments_refundfile": "id",
    "payments_payment": "id", "banking_match": "id, state", "banking_batch": "id, state",
    "banking_statementline": "id, state", "receivables_installment": "id, settled_on",
}  # fmt: skip


def state(database: str) -> dict[str, list[tuple]]:  # noqa: F811
    """All that a decision about money may change."""
    return {
        table: rows(database, f"SELECT {columns} FROM {table} ORDER BY id")
        for table, columns in TABLES.items()
    }


def test_a_decision_killed_before_its_commit_leaves_nothing_and_can_be_taken_again(
    database,  # noqa: F811
    worker,  # noqa: F811
):
    done, seen = "load", []
    for act in [*ACTS, ""]:
        child = worker(done, act, module="tests.stories.money_child")
        assert child.stdout.readline() == "ready\n", done
        before = state(database)
        assert before not in seen, done  # the decision before was taken whole
        seen.append(before)
        if act:
            assert child.stdout.readline() == "inside\n", act
            child.kill()
            child.wait()
            assert state(database) == before, act
        done = act
