"""How mail programs announce a quoted message, a signature, a disclaimer: the patterns.

Each is matched against one line (at most 2,000 characters) or a few lines joined, and begins at
the start of the line, so that looking costs no more than the line is long.
"""

from __future__ import annotations

import re

_ORIGINAL = (
    r"message d.origine|(?:e-?)?mail original|courriel original|message initial|message original|"
    r"message transf[ée]r[ée]|original message|"
    r"forwarded message|reply message|original appointment|urspr[üu]ngliche nachricht|mensaje "
    r"original|messaggio originale|mensagem original|oorspronkelijk bericht|message de départ|"
    r"begin forwarded message|début du message (?:transféré|réexpédié)|"
    r"r[ée]ponse? transf[ée]r[ée]e?|"
    r"weitergeleitete nachricht|oprindelig meddelelse|message précédent|previous message|"
    r"courriel d.origine|courrier d.origine"
)
SEPARATOR = re.compile(
    rf"\s{{0,10}}(?:[-_*=>]{{2,60}}\s?(?:{_ORIGINAL})\b.{{0,60}}[-_*=:]{{0,60}}"
    r"|-{3,10} ?[^\n]{1,200}(?:a [ée]crit|wrote|schrieb) ?: ?-{3,10}"
    rf"|(?:begin forwarded message|début du message (?:transféré|réexpédié)) ?:"
    r"|#{2,}-? .{0,80}(?:above this line|au-dessus de cette ligne).{0,20})\s*$",
    re.I,
)
# "Le 3 mars 2026 à 10:12, Prénom Nom <x@y> a écrit :" in the languages of those who write to us.
_ATTRIBUTIONS = (
    (r"(?:le |en date du |du |on? \d|[^\n]{0,80}, le )", r"(?:a |à )[ée]crit\b"),
    (r"(?:le |en date du )", r"(?:wrote|a [ée]crit)\b"),
    (r"on ", r"wrote\b"),
    (r"(?:am |on )", r"schrieb\b"),
    (r"(?:il |in data |el giorno )", r"ha scritto\b"),
    (r"el ", r"escribi[óo]\b"),
    (r"(?:em |a |no dia )", r"escreveu\b"),
    (r"op ", r"(?:schreef|het volgende geschreven)\b"),
    (r"(?:dnia |w dniu |pon|wt|śr|czw|pt|sob|niedz)", r"napisał"),
    (r"(?:den |på |vid )", r"(?:skrev|följande)\b"),
)
_ATTRIBUTION = [
    re.compile(rf"\s{{0,10}}\**{start}.{{0,400}}?{end}[^:]{{0,120}}:?\**\s*$", re.I)
    for start, end in _ATTRIBUTIONS
]
# Forms that name a mailbox: Prénom Nom <x@y> a écrit (03/03/2026), or a date before Nom <x@y>.
_NAMED = re.compile(
    r"\s{0,10}\**(?:[^<>\n]{0,100}<[^<>\s]{1,200}@[^<>\s]{1,200}>|\S{1,100}@\S{1,200})\**,? {0,2}"
    r"(?:\([^)]{0,60}\) ?)?(?:a [ée]crit|wrote|schrieb|ha scritto|escribi[óo]|"
    r"schreef)\b[^:]{0,60}:\s*$",
    re.I,
)
_DATED = re.compile(
    r"\s{0,10}(?:le )?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},? (?:à )?\d{1,2}[:h]\d{2}[^<>\n]{0,100}"
    r"<[^<>\s]{1,200}@[^<>\s]{1,200}> ?:\s*$",
    re.I,
)
_STARTS = re.compile(
    r"\s{0,10}\**(?:le|en date du|du|on|am|il|in data|el|em|no dia|op|dnia|w dniu|den|på)\s+\S",
    re.I,
)
_HAS_DAY = re.compile(r"\d{1,4}|hier|yesterday|lundi|monday", re.I)

_FIRST_FIELD = re.compile(
    r"[ >*]{0,6}(?:de|from|von|da|van|fra|expéditeur|exp[ée]di[ée] par|envoy[ée] par|"
    r"sender)\*{0,2}\s?:\*{0,2}\s{0,20}\S",
    re.I,
)
_DATE_FIELD = re.compile(
    r"[ >*]{0,6}(?:envoy[ée](?: le)?|gesendet|sent|date|datum|message du)\*{0,2}\s?:\s{0,20}\S",
    re.I,
)
_OTHER_FIELD = re.compile(
    r"[ >*]{0,6}(?:de|from|von|envoy[ée](?: le| par)?|sent|date|à|a|to|pour|objet|sujet|subject|cc|"
    r"copie(?: à)?|"
    r"gesendet|an|betreff|inviato|oggetto|enviado(?: el)?|para|asunto|verzonden|aan|onderwerp|"
    r"destinataires?|importance|reply-to|répondre à|message-id|datum|pièces? jointes?|attachments?)"
    r"\*{0,2}\s?:",
    re.I,
)

SIGNATURE_LINE = re.compile(r"(?:--|__|—|–{2}|-- |_{10,}|-{10,}|={10,}|\*{10,})\s*$")
NAME_LINE = re.compile(
    r"\s{0,4}[-–—]{1,2} ?[A-ZÀ-Ý][\w.’'-]{1,30}(?: [A-ZÀ-Ý][\w.’'-]{0,30}){0,3}\s*$"
)
PROGRAM_LINE = re.compile(
    r"\s{0,10}[\[(*_]{0,3}(?:"
    r"(?:envoy[ée]|exp[ée]di[ée]|écrit) (?:de|depuis|à partir de|avec|via|par|du|d[’'])\b.{0,100}\b"
    r"(?:iphone|ipad|mobile|t[ée]l[ée]phone|smartphone|android|samsung|galaxy|huawei|xiaomi|"
    r"outlook|"
    r"yahoo|orange|mail|courrier|messagerie|proton|gmail|blackberry|tablette|appareil|sfr|free|"
    r"bouygues|windows|la ?poste|nokia|redmi|oppo|spark|mailbird|thunderbird|pixel|zimbra)"
    r"|(?:this (?:message|e-?mail) was )?sent (?:from|with|via|using|by)\b.{0,100}"
    r"(?:iphone|ipad|mobile|phone|android|samsung|galaxy|"
    r"outlook|yahoo|mail|proton|gmail|blackberry|tablet|device|windows|aol|huawei|xiaomi)"
    r"|get outlook for|(?:t[ée]l[ée]charge[rz]|obten(?:ez|ir)) outlook|outlook (?:for|pour|f[üu]r) "
    r"(?:ios|android)|provenance ?: ?courrier"
    r"|von meinem .{0,30} gesendet|(?:diese nachricht wurde )?gesendet (?:von|mit|[üu]ber)|.{0,30}"
    r"gesendet mit der|inviato da|enviado desde|verstuurd vanaf|mobile ?: envoyé"
    r").{0,200}$",
    re.I,
)
_FAREWELL = re.compile(
    r"\s{0,10}(?:(?:bien |tr[èe]s |tres |meilleures |sinc[èe]res |bonnes? |nos |mes |avec (?:mes|"
    r"nos) )"
    r"{0,2}(?:cordialement|cdt|cdlt|cordialement vôtre|salutations(?: distingu[ée]es)?|sentiments "
    r"d[ée]vou[ée]s|respectueusement|amicalement|courtoisement|bien à vous|slts|bav)"
    r"|(?:kind|best|warm|with kind|with best|kindest|many|)? ?(?:regards|wishes)|"
    r"sincerely(?: yours)?"
    r"|yours (?:sincerely|faithfully|truly)|(?:yours )?respectfully|cheers|rgds|br|best"
    r"|(?:je vous prie|veuillez|nous vous prions|recevez|agr[ée]ez).{0,80}(?:agr[ée]er|salutations|"
    r"sentiments|consid[ée]ration).{0,120})[\s,.!;]*$",
    re.I,
)
POSTSCRIPT = re.compile(r"\s{0,10}(?:p\.? ?s\.?|nb|n\.b\.?|post-?scriptum)\s?[:.,-]?\s", re.I)
DISCLAIMER = re.compile(
    r"(?:ce (?:message|courriel|mail|e-mail|courrier)[^.]{0,120}(?:confidentiel|"
    r"pi[èe]ces? jointes?|"
    r"destinataires?|virus)|les informations (?:contenues|figurant|transmises)|"
    r"l.int[ée]grit[ée] de ce|"
    r"avis de confidentialit|avertissement|confidentialit[ée] ?:|notice de confidentialit|"
    r"this (?:e-?mail|message|communication|electronic mail)[^.]{0,120}(?:confidential|intended|"
    r"privileged|attachment|virus)|the information (?:contained|transmitted|in this)|"
    r"confidentiality notice|disclaimer|if you (?:are not the intended|have received this)|"
    r"si vous (?:n.[êe]tes pas (?:le|la) destinataire|avez re[çc]u ce (?:message|courriel|"
    r"mail) par erreur)|"
    r"avant d.imprimer|pensez à l.environnement|n.imprimez ce|please consider the environment|"
    r"garanti sans virus|l.absence de virus|virus-free|protection antivirus|"
    r"cet e-?mail a été vérifié|"
    r"le informazioni contenute|diese e-?mail enth[äa]lt|dit bericht is)",
    re.I,
)
_BANNER = re.compile(
    r"[\s*\[(!⚠️]{0,8}(?:\[?(?:external(?: e?-?mail)?|externe)\]"
    r"|(?:caution|warning|attention|external|externe|message externe|prudence|mise en garde|"
    r"avertissement)\b.{0,200}(?:external|externe|outside|ext[ée]rieur|unknown sender|"
    r"exp[ée]diteur inconnu)"
    r"|vous (?:ne recevez pas|n.obtenez pas) souvent|you don.t often get email|"
    r"exp[ée]diteur externe)",
    re.I,
)


def attribution_length(lines: list[str], index: int) -> int:
    """How many lines from here announce a quoted mail ("Le … a écrit :"), 0 when none do."""
    if _NAMED.match(lines[index][:600]) or _DATED.match(lines[index][:600]):
        return 1
    if not _STARTS.match(lines[index][:200]) and ", le " not in lines[index][:120]:
        return 0
    joined = ""
    for length, line in enumerate(lines[index : index + 5], start=1):
        if not line and length > 1 and not lines[index + length - 2].endswith(","):
            break
        joined = f"{joined} {line}"[:700].strip()
        if _HAS_DAY.search(joined) and any(one.match(joined) for one in _ATTRIBUTION):
            return length if _ends_here(joined) else 0
    return 0


def _ends_here(joined: str) -> bool:
    """An announcement ends with a colon, or at least names a mailbox or an hour."""
    return joined.rstrip("* ").endswith(":") or "@" in joined or bool(
        re.search(r"\d[:h]\d\d", joined)
    )  # fmt: skip


def is_header_block(lines: list[str], index: int) -> bool:
    """ "De : … / Envoyé : … / À : … / Objet : …": a sender and two more fields within seven lines,
    or a date and three.

    One line may hold several fields, and programs put blank lines between them.
    """
    is_sender = _FIRST_FIELD.match(lines[index][:300]) is not None
    if not is_sender and not _DATE_FIELD.match(lines[index][:300]):
        return False
    following = [line for line in lines[index + 1 : index + 9] if line][:6]
    fields = sum(bool(_OTHER_FIELD.match(line[:300])) for line in following)
    if not is_sender:
        return fields >= 3  # fewer may be the particulars of a transfer
    inline = len(re.findall(r"\b(?:Objet|Subject|Envoyé|Sent|Date) ?:", lines[index][:600]))
    return fields + inline >= 2


def is_farewell(line: str) -> bool:
    """ "Cordialement," alone on its line."""
    return bool(line) and _FAREWELL.match(line[:300]) is not None


def banner_end(lines: list[str]) -> int:
    """Lines that a gateway put at the top ("CAUTION: external email"), and blank ones."""
    index = 0
    while index < len(lines) and (not lines[index] or lines[index] == "_" * 32):
        index += 1
    if index < len(lines) and _BANNER.match(lines[index][:600]):
        while index < len(lines) and lines[index]:
            index += 1
    return index
