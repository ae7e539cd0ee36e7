"""What `amiable demo` says at the end: address, login, counts and figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from amiable.core.money import major
from amiable.interfaces.cli.demo import setup
from amiable.interfaces.cli.demo.run import Life


def document(life: Life) -> dict[str, Any]:
    """The JSON object: counts are rows of the database, amounts strings in major units."""
    from amiable.apps.dunning import queries as dunning
    from amiable.apps.insights import queries as insights
    from amiable.apps.insights.volumes import volumes

    on = life.lived.until or life.lived.settings.anchor
    found = volumes(life.organization_id)
    main = insights.figures_as_of(life.organization_id, on)[0]
    ratios = {figure.code: figure.shown for figure in main.ratios}
    return {
        "login": setup.LOGIN,
        "password": setup.PASSWORD,
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
        },
        "figures": {
            "currency": main.currency,
            "outstanding": major(main.outstanding_minor, main.currency),
            "overdue": major(main.overdue_minor, main.currency),
            "dso": None if main.dso.shown is None else str(main.dso.shown),
            **{code: None if shown is None else str(shown) for code, shown in ratios.items()},
        },
    }


def text(said: dict[str, Any]) -> str:
    """The same for people, the login last."""
    counts, figures = said["counts"], said["figures"]
    messages = ", ".join(f"{n} {medium}" for medium, n in counts["messages"].items())
    waiting = ", ".join(f"{n} {tab}" for tab, n in counts["actions_waiting"].items() if n)
    return "\n".join(
        [
            f"Demo of {said['on']}: {counts['customers']} customers, "
            f"{counts['invoices']} invoices, {counts['bank_lines']} bank lines "
            f"({counts['posted']} posted, {counts['proposed']} proposed, "
            f"{counts['left']} left to you).",
            f"Messages in the built-in outbox: {messages or 'none'}. Waiting: {waiting or 'none'}.",
            f"Outstanding {figures['outstanding']} {figures['currency']}, "
            f"overdue {figures['overdue']}, DSO {figures.get('dso') or 'n/a'} days.",
            f"Files: {said['files']}",
            f"Address: {said['address']}   Login: {said['login']}   Password: {said['password']}",
        ]
    )


def too_old(life: Life, on: date) -> str:
    """Why the days stop before `on`."""
    return (
        f"The story of this demo ends on {life.story.ends.isoformat()}, before {on.isoformat()}: "
        "run `amiable demo --reset` for a new one."
    )
