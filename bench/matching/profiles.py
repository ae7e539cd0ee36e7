"""What the payers of a run are like: shares in percent, after a French SME's statements.

`typical` is the design's own mix; `easy` names its invoices well; `hostile` hardly ever does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# Classes of lines, percent of all lines.
CLASSES = {
    "single": 46.0,
    "several": 16.0,
    "third payer": 5.0,
    "partial": 4.0,
    "bank fee": 2.0,
    "cents": 1.5,
    "discount": 2.0,
    "credit note": 3.0,
    "double": 1.5,
    "no receivable": 10.0,
    "debit batch": 3.0,
    "debit returned": 2.0,
    "cheques": 3.0,
    "refund sent": 1.0,
}
RECEIVABLE = frozenset(
    {"single", "several", "third payer", "partial", "bank fee", "cents", "discount", "credit note"}
)
# How a payer writes one invoice number.
REFERENCES = {
    "exact": 38.0,
    "separators": 14.0,
    "digits": 12.0,
    "tail": 6.0,
    "order": 7.0,
    "none": 15.0,
    "exchanged": 4.0,
    "cut": 4.0,
}
NAMES = {
    "exact": 35.0,
    "formless": 25.0,
    "reordered": 15.0,
    "cut": 10.0,
    "typo": 8.0,
    "person": 7.0,
}
COUNTS = {2: 45.0, 3: 25.0, 5: 18.0, 8: 9.0, 12: 3.0}


@dataclass(frozen=True)
class Profile:
    """Shares in percent; `numbers` = prefixed ("FA2026-01234") or plain ("24117");
    `label` = camt (one text of 140 signs) or cfonb (pieces of 31 to 34 signs)."""

    name: str
    customers: int = 600
    invoices: int = 4_200
    classes: dict[str, float] = field(default_factory=lambda: dict(CLASSES))
    references: dict[str, float] = field(default_factory=lambda: dict(REFERENCES))
    names: dict[str, float] = field(default_factory=lambda: dict(NAMES))
    price_list: float = 45.0
    iban_unknown: float = 20.0
    iban_absent: float = 12.0
    parent: float = 8.0
    discount: float = 6.0
    oldest_first: float = 70.0
    ranges: float = 15.0
    statements: float = 20.0
    glued: float = 6.0
    name_given: float = 50.0
    numbers: str = "prefixed"
    label: str = "camt"


TYPICAL = Profile("typical")
PROFILES = {
    "typical": TYPICAL,
    "easy": replace(
        TYPICAL,
        name="easy",
        references={
            "exact": 70.0, "separators": 12.0, "digits": 6.0, "tail": 2.0, "order": 2.0,
            "none": 6.0, "exchanged": 1.0, "cut": 1.0,
        },
        names={**NAMES, "exact": 60.0, "formless": 20.0, "typo": 3.0, "person": 2.0},
        price_list=20.0,
        iban_unknown=8.0,
        iban_absent=4.0,
        statements=10.0,
        glued=1.0,
    ),
    "hostile": replace(
        TYPICAL,
        name="hostile",
        references={
            "exact": 18.0, "separators": 14.0, "digits": 12.0, "tail": 10.0, "order": 10.0,
            "none": 24.0, "exchanged": 7.0, "cut": 5.0,
        },
        names={"exact": 18.0, "formless": 22.0, "reordered": 20.0, "cut": 15.0, "typo": 13.0,
               "person": 12.0},
        price_list=70.0,
        iban_unknown=50.0,
        iban_absent=35.0,
        parent=15.0,
        oldest_first=50.0,
        statements=30.0,
        glued=15.0,
        name_given=20.0,
    ),
}  # fmt: skip
