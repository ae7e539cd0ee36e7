"""Text of an HTML mail: one pass, no scripts, no hidden text, quotes marked as quotes.

Nothing is fetched and nothing is kept of the markup, so the result needs no cleaning, only the
escaping that every text gets when it is shown.
"""

from __future__ import annotations

import html
import re

MAX_CHARS = 1_000_000
# A line of its own where a mail program says that what follows is the message answered to.
QUOTE_MARK = "\ue000"

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})((?:[^<>\"']|\"[^\"]*\"|'[^']*'){0,500}?)/?>")
_SKIPPED = {"script", "style", "head", "title", "noscript", "template", "svg", "object", "iframe"}
_BLOCKS = {
    "p", "div", "table", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article",
    "header", "footer", "pre", "address", "center", "dl", "dt", "dd", "fieldset", "form", "body",
}  # fmt: skip
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "table"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.I)
_QUOTES = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote|divRplyFwdMsg|appendonsend|"
    r"OLK_SRC_BODY_SECTION|mail-editor-reference-message|WordSection_quoted|ms-outlook-mobile-ref|"
    r"replySplit|zmail_extra|history_container|OutlookMessageHeader",
    re.I,
)
_VOID = {"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base"}


def text_of(markup: str) -> str:
    """Plain text of HTML: blocks on lines of their own, blockquotes behind "> ".

    At most MAX_CHARS of the markup are read. Links keep their text only.
    """
    writer = _Writer()
    position, source = 0, markup[:MAX_CHARS]
    while position < len(source):
        start = source.find("<", position)
        if start < 0:
            writer.text(source[position:])
            break
        writer.text(source[position:start])
        position = _markup(source, start, writer)
    return writer.result()


def _markup(source: str, start: int, writer: _Writer) -> int:
    """Deal with the markup at `start`; the position behind it."""
    if source.startswith("<!--", start):
        end = source.find("-->", start + 4)
        return len(source) if end < 0 else end + 3
    if source.startswith(("<!", "<?"), start):
        end = source.find(">", start)
        return len(source) if end < 0 else end + 1
    found = _TAG.match(source, start)
    if found is None:
        writer.text("<")
        return start + 1
    name, closing = found[2].lower(), bool(found[1])
    if not closing and name in _SKIPPED:
        return _behind(source, name, found.end())
    writer.tag(name, closing=closing, attributes=found[3])
    return found.end()


def _behind(source: str, name: str, position: int) -> int:
    end = re.compile(rf"</{name}\s{{0,100}}>", re.I).search(source, position)
    return end.end() if end else len(source)


class _Writer:
    """Lines with the depth of quotation each stands at."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.current: list[str] = []
        self.depth = 0
        self.hidden = ""  # element that hides what it holds
        self.hidden_depth = 0

    def text(self, raw: str) -> None:
        if raw and not self.hidden:
            self.current.append(re.sub(r"[ \t\r\n\f]+", " ", html.unescape(raw)))

    def tag(self, name: str, *, closing: bool, attributes: str) -> None:
        if self.hidden:
            if name == self.hidden:
                self.hidden_depth += -1 if closing else 1
                if self.hidden_depth == 0:
                    self.hidden = ""
            return
        if not closing and name not in _VOID and _HIDDEN.search(attributes):
            self.hidden, self.hidden_depth = name, 1
            return
        if not closing and _QUOTES.search(attributes):
            self._break()
            self.lines.append((self.depth, QUOTE_MARK))
        self._layout(name, closing=closing)

    def _layout(self, name: str, *, closing: bool) -> None:
        if name == "blockquote":
            self._break()
            self.depth = max(0, min(20, self.depth + (-1 if closing else 1)))
        elif name in {"br", "hr", "li"} and not (closing and name != "li"):
            self._break(always=name == "br")
            if name == "hr":
                self.lines.append((self.depth, "_" * 32))
            elif name == "li" and not closing:
                self.current.append("- ")
        elif name in _BLOCKS:
            self._break()
            if closing and name in _PARAGRAPHS:
                self.lines.append((self.depth, ""))
        elif name in {"td", "th"} and closing:
            self.current.append(" ")

    def _break(self, *, always: bool = False) -> None:
        line = re.sub(r" +", " ", "".join(self.current).replace("\xa0", " ")).strip()
        self.current = []
        if line or always:
            self.lines.append((self.depth, line))

    def result(self) -> str:
        self._break()
        marked = [("> " * depth + line).rstrip() if depth else line for depth, line in self.lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(marked)).strip("\n")
