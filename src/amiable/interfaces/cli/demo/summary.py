"""What `amiable demo` says at the end: address, login, counts and figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from amiable.core.money import major
from amiable.interfaces.cli.demo import setup
from amiable.interfaces.cli.demo.run import Life


def document(life: Life) -> dict[str, Any]:
    """The JSON object: counts are rows of the database, amounts strings in major units."""
    from amiable.apps.cases.links import link_latest
    from amiable.apps.dunning import queries as dunning
    from amiable.apps.insights import queries as insights
    from amiable.apps.insights.volumes import volumes, words_counted

    on = life.lived.until or life.lived.settings.anchor
    found = volumes(life.organization_id)
    words = words_counted(life.organization_id, on=on)
    main = insights.figures_as_of(life.organization_id, on)[0]
    ratios = {figure.code: figure.shown for figure in main.ratios}
    return {
        "login": setup.LOGIN,
        "password": setup.PASSWORD,
        "payment_page": link_latest(life.organization_id, on=on),
        "organization": setup.SLUG,
        "files": str(life.folder),
        "on": on.isoformat(),
        "seed": life.lived.settings.seed,
        "counts": {
            "customers": found.customers,
            "invoices": found.invoices,
            "credit_notes": found.credit_notes,
            "bank_lines": sum(found.lines.values()),
            "posted": found.lines.get("posted", 0),
            "proposed": found.lines.get("proposed", 0),
            "left": found.lines.get("left", 0),
            "ignored": found.lines.get("ignored", 0),
            "messages": found.messages,
            "actions_waiting": dunning.agenda_counts(life.organization_id, on=on),
            "scenarios": _scenarios(life.organization_id),
            "promises": words.promises,
            "plans": words.plans,
            **_money(life.organization_id, on),
        },
        "experiment": _experiment(life.organization_id, on),
        "figures": {
            "currency": main.currency,
            "outstanding": major(main.outstanding_minor, main.currency),
            "overdue": major(main.overdue_minor, main.currency),
            "dso": None if main.dso.shown is None else str(main.dso.shown),
            **{code: None if shown is None else str(shown) for code, shown in ratios.items()},
        },
    }


def _money(organization_id: int, on: date) -> dict[str, Any]:
    """Direct debits by what became of them, payouts of the provider, files of refunds."""
    from amiable.apps.banking.payout_pages import payouts_page
    from amiable.apps.banking.refund_orders import refund_files
    from amiable.apps.payments.debits.queries import debit_counts, mandate_rows

    debits = {tab: count for tab, (count, _) in debit_counts(organization_id).items() if count}
    return {
        "mandates": len(mandate_rows(organization_id, on=on)),
        "debits": debits,
        "payouts": len(payouts_page(organization_id, on=on, limit=1000)[0]),
        "refund_files": len(refund_files(organization_id)),
    }


def _scenarios(organization_id: int) -> dict[str, int]:
    """Cases by scenario and version."""
    from amiable.apps.dunning.enrollment.enrollments import scenario_shares

    shares = scenario_shares(organization_id)
    return {f"{share.code}:{share.version}": share.cases for share in shares}


def _experiment(organization_id: int, on: date) -> dict[str, Any] | None:
    """The comparison that runs, and how many cases each arm has; None = none yet."""
    from amiable.apps.dunning.experiment.results import experiment_report

    try:
        report = experiment_report(organization_id, None, on=on)
    except LookupError:
        return None
    return {
        "name": report.experiment.name,
        "since": report.experiment.started_on.isoformat(),
        "payers": {arm.arm: arm.payers for arm in report.arms},
        "conclusion": str(report.comparisons[0].verdict.sentence),
    }


def text(said: dict[str, Any]) -> str:
    """The same for people, the login last."""
    counts, figures = said["counts"], said["figures"]
    waiting = {tab: n for tab, n in counts["actions_waiting"].items() if n}
    return "\n".join(
        [
            f"Demo of {said['on']}: {counts['customers']} customers, "
            f"{counts['invoices']} invoices, {counts['bank_lines']} bank lines "
            f"({counts['posted']} posted, {counts['proposed']} proposed, "
            f"{counts['left']} left to you).",
            f"Messages in the built-in outbox: {_listed(counts['messages'])}. "
            f"Waiting: {_listed(waiting)}.",
            f"Cases by scenario: {_listed(counts['scenarios'])}.",
            f"Promises: {_listed(counts['promises'])}. Plans: {_listed(counts['plans'])}.",
            f"Mandates: {counts['mandates']}. Direct debits: {_listed(counts['debits'])}. "
            f"Payouts: {counts['payouts']}. Files of refunds: {counts['refund_files']}.",
            *_compared(said["experiment"]),
            f"Outstanding {figures['outstanding']} {figures['currency']}, "
            f"overdue {figures['overdue']}, DSO {figures.get('dso') or 'n/a'} days.",
            f"Files: {said['files']}",
            f"A customer's payment page: {said['payment_page']}",
            f"Address: {said['address']}   Login: {said['login']}   Password: {said['password']}",
        ]
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _compared(experiment: dict[str, Any] | None) -> list[str]:
    if experiment is None:
        return []
    payers = _listed(experiment["payers"])
    since, conclusion = experiment["since"], experiment["conclusion"]
    return [f"Experiment “{experiment['name']}” since {since}: {payers}. {conclusion}"]


def too_old(life: Life, on: date) -> str:
    """Why the days stop before `on`."""
    return (
        f"The story of this demo ends on {life.story.ends.isoformat()}, before {on.isoformat()}: "
        "run `amiable demo --reset` for a new one."
    )
