"""What the writer wrote himself: quoted mails, signatures, disclaimers and banners are cut.

Line by line, each line looked at with a bounded pattern. An answer written below or between
quoted lines is kept; behind a quotation that carries no marks nothing is.
"""

from __future__ import annotations

import re

from amiable.core.replies import quote_marks as marks
from amiable.core.replies.html_text import QUOTE_MARK

MAX_LINES = 5000
_LONGEST_LINE = 2000


def own_words(text: str) -> tuple[str, str]:
    """(what the writer wrote, what was cut from it), both without trailing blanks."""
    lines = [line.rstrip() for line in text.replace("\xa0", " ").split("\n")[:MAX_LINES]]
    kept: list[str] = []
    cut: list[str] = []
    index = marks.banner_end(lines)
    cut += lines[:index]
    while index < len(lines):
        length, is_tail = _quotation(lines, index)
        if is_tail:
            cut += lines[index:]
            break
        if length:
            cut += lines[index : index + length]
            index += length
        else:
            kept.append(lines[index])
            index += 1
    kept, signature = _without_signature(kept)
    while kept and (not kept[-1] or marks.NAME_LINE.match(kept[-1])):
        signature.insert(0, kept.pop())
    return _tidy(kept), _tidy([*signature, *cut])


def _quotation(lines: list[str], index: int) -> tuple[int, bool]:
    """(lines that are quoted from here, whether all that follows is)."""
    line = lines[index][:_LONGEST_LINE]
    if line == QUOTE_MARK:
        return _after_mark(lines, index)
    if line.startswith(">"):
        return _marked_lines(lines, index), False
    if marks.SEPARATOR.match(line) or marks.is_header_block(lines, index):
        return 0, True
    length = marks.attribution_length(lines, index)
    if not length:
        return 0, False
    following = next((one for one in lines[index + length : index + length + 4] if one), "")
    return (length, False) if following.startswith(">") else (0, True)


def _after_mark(lines: list[str], index: int) -> tuple[int, bool]:
    """A quote container of HTML: its quoted lines are marked when it holds a blockquote."""
    following = lines[index + 1 : index + 9]
    return 1, not any(line.startswith(">") for line in following)


def _marked_lines(lines: list[str], index: int) -> int:
    """How many lines from here are marked with ">", lines torn by a mail program included."""
    end = index
    while end < len(lines):
        if lines[end].startswith(">") or _is_torn(lines, end):
            end += 1
        else:
            break
    return end - index


def _is_torn(lines: list[str], index: int) -> bool:
    """The end of a long quoted line that was wrapped without its mark."""
    before = lines[index - 1]
    return bool(lines[index]) and len(before) >= 60 and before[:1] == ">" and (
        lines[index][0].islower()
    )  # fmt: skip


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """(text, signature and disclaimer). Lines that programs add are dropped wherever they are."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        short = line[:_LONGEST_LINE]
        if marks.SIGNATURE_LINE.match(short) or marks.DISCLAIMER.match(short.lstrip(" *_-\t")):
            return kept, lines[index:]
        if marks.PROGRAM_LINE.match(short):
            continue
        if marks.is_farewell(short) and not _goes_on(lines, index):
            end = _end_of_name(lines, index)
            return [*kept, *lines[index:end]], lines[end:]
        kept.append(line)
    return kept, []


def _goes_on(lines: list[str], index: int) -> bool:
    """Whether sentences of the writer follow: a postscript, or a second thought."""
    rest = [line for line in lines[index + 1 :] if line]
    return any(marks.POSTSCRIPT.match(line) for line in rest)


def _end_of_name(lines: list[str], index: int) -> int:
    """Behind the farewell and the name under it; functions, numbers and addresses are cut."""
    for position in range(index + 1, min(index + 4, len(lines))):
        line = lines[position]
        if line:
            is_name = len(line) <= 40 and not re.search(r"[\d@/:|]|www", line)
            return position + 1 if is_name else index + 1
    return index + 1


def _tidy(lines: list[str]) -> str:
    text = "\n".join(line for line in lines if line != QUOTE_MARK)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
