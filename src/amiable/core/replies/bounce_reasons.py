"""What a mail server meant by its words: reason and outcome of a refusal, English and French.

Servers misuse the enhanced codes of RFC 3463 (a full mailbox as 5.0.0, a spam filter as 5.5.0),
so words decide and codes only when the words say nothing.
"""

from __future__ import annotations

import re

from amiable.core.replies.mail import Outcome, Reason

# The first that is found decides: narrow ones stand before wide ones.
_WORDS: tuple[tuple[Reason, str], ...] = (
    ("unknown_address", r"5\.4\.1\W.{0,40}recipient address rejected: access denied"),
    # Said of the server or the sender, in words that are said of recipients elsewhere.
    ("policy",
     r"client host rejected|helo command rejected|remote mail server after mail from|"
     r"from: ?domain is invalid|[45]\.1\.[78]\b|cannot find your (?:reverse )?host|"
     r"(?:domain of )?(?:the )?sender(?:'s)? (?:address |domain )?\S{0,80} ?(?:does not exist|not "
     r"found|unknown|invalid)|unroutable sender|purported responsible|invalid ip for sending|"
     r"mismatches client ip|address is not verified|send mail as|host network not allowed|"
     r"not configured to relay|n.[êe]tes pas autoris"),
    ("unreachable",
     r"all hosts .{0,60}have been failing|not accepting connections|host not found, try again|"
     r"(?:did not|does not|won.t) accept our requests to connect|after multiple retries|"
     r"envelope expired"),
    ("blocked_as_spam", r"banned sending ip|message filtered|spamsignature|ind[ée]sirable|"
     r"receiving mail (?:at a rate|too quickly)"),
    ("mailbox_full",
     r"mailbox.{0,30}(?:is )?full|(?:disk|mailbox|storage|mail|over|exceed\w*|inbox) ?(?:the )?"
     r"(?:storage |mailbox |disk |mail )?quota|quota.{0,20}exceed|exceed.{0,40}(?:storage|quota|"
     r"mailbox size)|over quota|not enough (?:disk |storage )?space|insufficient (?:system |disk )?"
     r"(?:storage|space)|out of (?:storage|space)|storage (?:space )?(?:limit|exceeded)|disk full|"
     r"bo[iî]te.{0,40}(?:pleine|satur)|mailbox has exceeded|quota d[ée]pass|d[ée]pass.{0,30}quota|"
     r"user is over the|inbox is full|mailfolder is over|no space left|too much mail data|"
     r"espace.{0,20}insuffisant|mailbox size limit|LPN\d+_(?:417|422)|OFR\d*_?(?:417|513)"),
    ("over_size",
     r"(?:message|mail|size|data|header).{0,40}(?:too (?:large|big|long)|exceeds?.{0,40}"
     r"(?:limit|size|maximum|fixed))|too (?:large|big).{0,20}(?:message|mail)|message size|"
     r"maximum (?:message |allowed )?size|(?:message|taille).{0,40}(?:trop (?:gros|volumineux|"
     r"grand)|"
     r"maximale)|(?:size|line) limit exceeded|"
     r"larger than (?:the )?(?:current )?(?:system )?limit|exceeds size limit"),
    ("account_disabled",
     r"(?:account|mailbox|user|recipient|compte|bo[iî]te)[^.;]{0,50}(?:disabled|suspended|blocked|"
     r"bloqu[ée]|inactive|inactif|deactivated|d[ée]sactiv|suspendu|locked|frozen|closed for|"
     r"cl[ôo]tur|has expired|no longer (?:monitored|active))|"
     r"(?:disabled|inactive|suspended|deactivated) (?:user|account|mailbox|recipient)|"
     r"not active|LPN\d+_426|has been (?:disabled|discontinued|suspended)"),
    ("blocked_as_spam",
     r"\bspam|blacklist|black list|block ?list|(?<!not )listed (?:in|on|by|at)|"
     r"\brbl\b|dnsbl|spamhaus|"
     r"barracuda|"
     r"spamcop|cloudmark|\bbulk mail\b|unsolicited|reputation|mail rejet|"
     r"message rejet|junk|"
     r"ip .{0,40}(?:blocked|bloqu)|(?:blocked|bloqu).{0,60}\bip\b|suspicious|virus|phish|"
     r"OFR_?\d*_?506|OFR\d+_10[0-9]|LPN\d+_(?:506|510)|content.{0,20}(?:reject|filter|block)|"
     r"client host .{0,80}(?:blocked|refused)|abuse|too many (?:errors|recipients|connections|"
     r"messages)|rate limit|\bdnswl\b|harvest"),
    ("policy",
     r"(?:dmarc|dkim|\bspf\b|sender policy)|polic(?:y|ies)\b|politique|"
     r"service refus|relay(?:ing)? (?:is )?(?:denied|not "
     r"permitted|prohibited|access denied)|not (?:permitted|allowed) to relay|unable to relay|"
     r"we do not relay|cannot relay|authenticat|please use the smtp server|access denied|not "
     r"authorized|unauthori[sz]ed|administrative prohibition|administratively|prohibited|"
     r"permission (?:denied|to send)|restricted|sender (?:address )?(?:rejected|denied|verify|"
     r"refused)|"
     r"invalid sender|not accept.{0,30}(?:from|sender)|you are not allowed|rejected by (?:the )?"
     r"recipient'?s? (?:policy|rules)|not rfc|multiple addresses in|header.{0,30}(?:invalid|"
     r"missing)|"
     r"rdns|reverse (?:dns|hostname)|ptr record|helo|tls (?:is )?required|not compliant"),
    ("unknown_address",
     r"(?:user|recipient|mailbox|address|account|addressee|alias|login|uid|domain|host|hostname|"
     r"local part|username)s?\b[^.;]{0,60}?(?:unknown|not? (?:be )?(?:found|exist|known|listed|"
     r"valid|"
     r"available|local|recogni[sz]ed|registered|in)\b|does ?n.t exist|doesn't exist|does not exist|"
     r"invalid|undeliverable|illegal|inconnu|incorrect|rejected|unavailable|not on this|"
     r"wasn.t found|"
     r"couldn.t be found|could not be found|isn.t|is not (?:a |in |one)|cannot be found)|"
     r"(?:unknown|no such|invalid|illegal|bad|nonexistent|non-existent|inexistent|wrong|"
     r"unrouteable|"
     r"unroutable|unreachable) (?:or \w+ )?(?:virtual |local |destination |mail |e-?mail )?(?:user|"
     r"recipient|mailbox|address|account|domain|alias|person|name|host|entry)|"
     r"(?:adresse|destinataire|utilisateur|compte|bo[iî]te|domaine)s?\b[^.;]{0,60}?(?:inconnu|"
     r"invalide|"
     r"inexist|introuvable|n.existe|incorrect|erron|refus|n'a pas [ée]t[ée] trouv)|"
     r"recipnotfound|recipientnotfound|nosuchuser|no mailbox|no mail ?box here|not? our customer|"
     r"doesn.t have an? [\w.]* ?account|no longer (?:valid|available|in use|with|works?|employed|"
     r"exist)|"
     r"has (?:moved|left)|n'est plus valide|ne travaille plus|5\.1\.[0126]\b|5\.1\.10\b|nxdomain|"
     r"OFR\w*_?416|LPN\w*_416|not a valid (?:user|mailbox|address|recipient)|unknown to|"
     r"not listed in|no longer accepts|delivery userid|no smtp service|no valid recipients|"
     r"couldn.t find a mail exchanger|host does not accept mail|"
     r"name (?:or service )?not known|no matches to nameserver|no mx|not a known user|"
     r"couldn.t find any host|can't accept|user doesn.t|address rejected|no account|"
     r"not a local|no users? here|this user|nicht gefunden|unbekannt|existiert nicht|"
    r"no se (?:ha )?encontr|no existe|desconocid|sconosciut|inesistente|non esiste|onbekend|"
    r"niet gevonden|a quitt[ée] (?:la|notre|l)"),
    ("unreachable",
     r"tim(?:ed?|e) ?-?out|connection (?:refused|reset|timed|dropped|lost|closed)|no route|"
     r"unreachable|"
     r"can.?t connect|could not connect|unable to (?:connect|contact)|not? (?:answer|respond)|"
     r"(?:retry|delivery) time(?:out)? (?:exceeded|expired)|retry timeout|too long|expired|"
     r"in (?:the )?"
     r"queue|greylist|grey-list|temporar|try again|hop count|too many hops|loop|dns|lookup|"
     r"connexion|d[ée]lai|4\.4\.\d|5\.4\.\d|host .{0,60}(?:said: 4|down)|no connection"),
    ("system",
     r"service (?:is )?(?:currently |temporarily )?unavailable|sequence of commands|"
     r"not implemented|8-bit data|lock failure|pipe to \||misconfigured|"
     r"local (?:delivery )?(?:error|configuration|problem)|mail system|command (?:died|failed|"
     r"output)|"
     r"cannot open|couldn.t create|can.t create|i/o error|internal error|resources|software error|"
     r"system (?:error|not|config)|service unavailable|mailer|syntax|protocol|out of memory"),
)  # fmt: skip
_PATTERNS = [(reason, re.compile(pattern, re.I)) for reason, pattern in _WORDS]
_BY_CODE: tuple[tuple[str, Reason], ...] = (
    (r"[45]\.1\.(?:[01236]|10)", "unknown_address"), (r"[45]\.2\.1", "account_disabled"),
    (r"[45]\.2\.2", "mailbox_full"), (r"[45]\.2\.3|[45]\.3\.4", "over_size"),
    (r"[45]\.7\.\d+", "policy"), (r"[45]\.4\.\d+", "unreachable"), (r"[45]\.3\.\d+", "system"),
)  # fmt: skip
_STATUS = re.compile(r"(?<![\d.])([245]\.[0-9]\.[0-9]{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])(4[2-5]\d|5[0-5]\d)(?=[\s\-:#;,]|$)")
_UNKNOWN_PREFIX = re.compile(r"unknown address error", re.I)  # what Amazon SES says of any refusal
_GIVING_UP = re.compile(
    r"(?:permanent(?:ly)? (?:error|fail\w*|fatal)|giv(?:en|ing) up|won't retry|not retry|will not "
    r"(?:be )?(?:retr|try)|(?:has|have) been (?:removed from the|returned)|"
    r"[ée]chec d[ée]finitif|erreur (?:permanente|d[ée]finitive))",
    re.I,
)
_STILL_TRYING = re.compile(
    r"(?:will (?:continue|keep|be retried|retry|try)|still (?:awaiting|trying|being|in the|queued)|"
    r"not yet been delivered|\bno (?:further )?(?:action|need) .{0,30}(?:resend|required|action)|"
    r"\bnot .{0,20}(?:resend|required to (?:do|act))|"
    r"has been delayed|is delayed|delivery (?:is |status.{0,20})?delayed|delayed for|tent(?:era|"
    r"atives?) "
    r".{0,40}(?:encore|suivantes)|n'a pas encore|retard[ée]|warning message only|"
    r"could not be delivered "
    r"(?:yet|for the (?:last|past))|you do not need to resend|temporary (?:failure|error) warning|"
    r"continuer?a .{0,20}(?:d'essayer|les tentatives))",
    re.I,
)


def reason_of(words: str, status: str = "") -> Reason:
    """Why it was refused: by the server's words (2,000 characters are read), else by the code."""
    text = _UNKNOWN_PREFIX.sub(" ", re.sub(r"\s+", " ", words[:2000]))
    text = re.sub(r"[^\s<>]{1,80}@[^\s<>]{1,200}", "@", text)  # a name must not read as a reason
    for reason, pattern in _PATTERNS:
        if pattern.search(text):
            return reason
    for code, by_code in _BY_CODE:
        if re.fullmatch(code, status):
            return by_code
    return ""


def status_in(words: str) -> str:
    """Enhanced status in a diagnostic, else the class its reply code implies, else ""."""
    found = _STATUS.search(words[:2000])
    if found:
        return found[1]
    code = _REPLY_CODE.search(words[:2000])
    return f"{code[1][0]}.0.0" if code else ""


def outcome_of(status: str, reason: Reason, *, words: str = "") -> Outcome:
    """hard, soft or delayed for a failure; `words` = the report's, when it gives no action.

    Hard needs a permanent code, or none, and words or a code that blame the address: a full mailbox
    or a spam filter refuses one message and may take the next, and so may who does not say why.
    """
    if _STILL_TRYING.search(words[:5000]) and not _GIVING_UP.search(words[:5000]):
        return "delayed"
    if status.startswith("4"):
        return "soft"
    return "hard" if reason == "unknown_address" else "soft"
