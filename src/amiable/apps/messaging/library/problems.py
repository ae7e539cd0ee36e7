"""What is wrong with a text, at its place, and what would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from amiable.core.sentences import Param, Sentence, declare, gettext_noop

Weight = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence with its place: `line` and `column` from 1; 0 = the text as a whole. An error
    keeps the text from being saved."""

    line: int
    column: int
    sentence: Sentence
    remedy: Sentence
    weight: Weight = "error"

    def to_json(self) -> dict[str, Any]:
        """JSON shape with the names of the fields."""
        return {
            "line": self.line,
            "column": self.column,
            "weight": self.weight,
            "sentence": self.sentence.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Problem:
        """Inverse of to_json."""
        sentence, remedy = map(Sentence.from_json, (data["sentence"], data["remedy"]))
        return Problem(data["line"], data["column"], sentence, remedy, data["weight"])


def problem(
    source: str, code: str, *, at: int = -1, weight: Weight = "error", **params: Param
) -> Problem:
    """A problem at a character of the source; `at` < 0 = the text as a whole."""
    return placed(source, Sentence(code, params), at=at, weight=weight)


def placed(
    source: str, sentence: Sentence, *, at: int = -1, weight: Weight = "error"
) -> Problem:  # fmt: skip
    """The sentence at a character of the source, with the remedy of its code."""
    line = column = 0
    if at >= 0:
        line = source.count("\n", 0, at) + 1
        column = at - source.rfind("\n", 0, at)
    remedy = _REMEDIES.get(sentence.code, "correct")
    return Problem(line, column, sentence, Sentence(f"text_remedy.{remedy}"), weight)


declare(
    {
        "text_problem.empty": gettext_noop("The text is empty."),
        "text_problem.too_long": gettext_noop(
            "The text has {count} characters; at most {limit} are taken."
        ),
        "text_problem.hidden": gettext_noop("There is an invisible character here ({sign})."),
        "text_problem.unclosed": gettext_noop("“{mark}” is opened here and never closed."),
        "text_problem.unopened": gettext_noop("“{mark}” closes what was never opened."),
        "text_problem.no_value": gettext_noop("Nothing stands between the braces."),
        "text_problem.quote": gettext_noop("A quotation mark is opened here and never closed."),
        "text_problem.curly_quote": gettext_noop(
            "Inside braces, words stand between straight quotation marks, not {sign}."
        ),
        "text_problem.unknown_tag": gettext_noop("There is no instruction “{name}”."),
        "text_problem.unknown_field": gettext_noop("There is no value “{name}”."),
        "text_problem.unknown_field_near": gettext_noop(
            "There is no value “{name}”; did you mean {near}?"
        ),
        "text_problem.parts": gettext_noop("“{name}” looks inside a value: values have no parts."),
        "text_problem.hides": gettext_noop("“{name}” is a value already: take another name."),
        "text_problem.unknown_filter": gettext_noop(
            "There is no filter “{name}”; there are: {known}."
        ),
        "text_problem.unbalanced": gettext_noop(
            "“{tag}” opened here is never closed: “{end}” is missing."
        ),
        "text_problem.crossed": gettext_noop(
            "“{end}” does not close what is open: that is “{tag}” of line {line}."
        ),
        "text_problem.nothing_open": gettext_noop("“{end}” closes nothing."),
        "text_problem.syntax": gettext_noop("This cannot be read: {reason}."),
        "text_problem.limits": gettext_noop("The text cannot be written: {reason}."),
        "text_problem.no_subject": gettext_noop("The first line, the subject, is empty."),
        "text_problem.block_in_subject": gettext_noop("The subject cannot hold {name}."),
        "text_problem.block_spoken": gettext_noop("{name} cannot be said on the telephone."),
        "text_problem.no_part": gettext_noop(
            "A script has parts: a line that begins with “# ” is the title of one."
        ),
        "text_problem.long_subject": gettext_noop(
            "The subject has {count} characters: telephones show about {limit}."
        ),
        "text_problem.no_block": gettext_noop("{name} is missing for {kind}."),
        "text_problem.no_total": gettext_noop("The amount asked for is not named for {kind}."),
        "text_problem.no_party": gettext_noop(
            "A formal notice names both parties: {name} is missing for {kind}."
        ),
        "text_problem.no_deadline": gettext_noop(
            "A formal notice gives a last day to pay: {name} is missing for {kind}."
        ),
        "text_problem.sms_long": gettext_noop(
            "The text message would need {segments} parts; at most {limit} are sent."
        ),
        "text_problem.sms_parts": gettext_noop(
            "The text message needs {segments} parts, each billed, for {kind}."
        ),
        "text_problem.sms_signs": gettext_noop(
            "{signs} cost the plain alphabet: a part then holds 67 characters instead of 153."
        ),
        "text_problem.law_adds": gettext_noop(
            "Law adds a paragraph to it for {kind}: see the preview."
        ),
        "text_problem.unprintable": gettext_noop("Our font has no character for “{sign}”."),
        "text_for.company": gettext_noop("a company"),
        "text_for.consumer": gettext_noop("a consumer"),
        "text_for.public": gettext_noop("a public body"),
        "text_remedy.correct": gettext_noop("Correct it."),
        "text_remedy.write": gettext_noop("Write it, or take the shipped text back."),
        "text_remedy.shorten": gettext_noop("Shorten it."),
        "text_remedy.remove": gettext_noop("Remove it."),
        "text_remedy.close": gettext_noop("Close it, or remove it."),
        "text_remedy.field": gettext_noop("Choose one of the values of the list."),
        "text_remedy.filter": gettext_noop("Choose one of these, or leave it out."),
        "text_remedy.quotes": gettext_noop("Write \" or ' at both ends."),
        "text_remedy.tag": gettext_noop("There are: if, elsif, else, unless, case, when, assign."),
        "text_remedy.alone": gettext_noop("Put it on a line of its own, with empty lines around."),
        "text_remedy.once": gettext_noop("Keep one of them."),
        "text_remedy.insert": gettext_noop("Insert it with its button."),
        "text_remedy.part": gettext_noop("Write “# Opening” on a line, and below it what to say."),
        "text_remedy.subject": gettext_noop("Write the subject on the first line."),
        "text_remedy.consumer": gettext_noop(
            "Say it only to others: put it between {{% if kind != \"consumer\" %}} and "
            "{{% endif %}}."
        ),
        "text_remedy.formal": gettext_noop("Write these words in the text or its subject."),
        "text_remedy.nothing": gettext_noop("Nothing is to be done."),
        "text_remedy.neutral": gettext_noop(
            "Ask the customer to get in touch, without saying what it is about."
        ),
        "text_remedy.signs": gettext_noop("Replace them where the cost matters."),
        "text_remedy.name": gettext_noop(
            "Name who writes: {{{{ creditor }}}} or {{{{ collector }}}}."
        ),
    }
)  # fmt: skip

_REMEDIES: Mapping[str, str] = {
    "text_problem.empty": "write",
    "text_problem.too_long": "shorten",
    "text_problem.hidden": "remove",
    "text_problem.unclosed": "close",
    "text_problem.unopened": "remove",
    "text_problem.no_value": "field",
    "text_problem.quote": "quotes",
    "text_problem.curly_quote": "quotes",
    "text_problem.unknown_tag": "tag",
    "text_problem.unknown_field": "field",
    "text_problem.unknown_field_near": "field",
    "text_problem.parts": "field",
    "text_problem.unknown_filter": "filter",
    "text_problem.unbalanced": "close",
    "text_problem.crossed": "close",
    "text_problem.nothing_open": "remove",
    "text_problem.no_subject": "subject",
    "text_problem.block_in_subject": "remove",
    "text_problem.block_spoken": "remove",
    "text_problem.no_part": "part",
    "text_problem.long_subject": "shorten",
    "text_problem.no_block": "insert",
    "text_problem.no_total": "insert",
    "text_problem.no_party": "insert",
    "text_problem.no_deadline": "insert",
    "text_problem.sms_long": "shorten",
    "text_problem.sms_parts": "shorten",
    "text_problem.sms_signs": "signs",
    "text_problem.law_adds": "nothing",
    "text_problem.unprintable": "remove",
    "rule.link": "remove",
    "rule.html": "remove",
    "rule.consumer_fee": "consumer",
    "rule.consumer_threat": "consumer",
    "rule.formal": "formal",
    "rule.names_nobody": "name",
    "rule.block_inside": "alone",
    "rule.block_twice": "once",
    "sms.reveals": "neutral",
}
