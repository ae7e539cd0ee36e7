"""Telling phrases in French and English, matched on folded text: lower case, no accents.

Each is named after what it speaks for. They are features of the classifier, which learned what
each is worth, and the words that are shown as evidence. Negated forms stand before plain ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PAID = (
    r"(?:pay|regl|sold|vir|vers|acquitt|prelev|encaiss|debit|effectu|mandat|adress|envoy)e{1,2}s?"
)
_DOCUMENT = (
    r"(?:copies?|duplicata|double|factures?|releves?|justificatifs?|rib|iban|pdf|devis|documents?|"
    r"extrait|coordonnees bancaires|piece jointe|invoices?|bill|statement|bank details|attachment|"
    r"breakdown|details? of)"
)
_GOODS = (
    r"(?:marchandises?|commandes?|colis|livraisons?|produits?|materiels?|articles?|goods|order|"
    r"parcel|delivery|items?|equipment|package|products?)"
)
_PHRASES: tuple[tuple[str, str], ...] = (
    # already_paid
    ("already_paid.not_yet", r"pas (?:encore )?(?:ete )?(?:paye|regle)|not (?:yet )?(?:been )?paid|"
     r"(?:haven't|hasn't|have not|has not) (?:yet )?(?:been )?paid"),
    ("already_paid.done", rf"\b(?:j'ai|ai|a|avons|ont|avez|ete|est|sont|facture)(?: bien| deja|"
     rf" tous?| ete"
     rf"| donc| vous| tout)* {_PAID}\b"),
    ("already_paid.already", r"\bdeja (?:ete )?(?:paye|regle|vire|solde|acquitte|prelev|fait)|"
     r"\balready (?:been )?(?:paid|settled|sent|transferred|cleared)"),
    ("already_paid.was", r"\b(?:was|were|been|have|has|had|i|we|already|just|is) (?:already |"
     r"just |fully )?"
     r"(?:paid|settled|wired|remitted|cleared|transferred)\b"),
    ("already_paid.transfer_made", r"(?:virement|paiement|reglement|cheque|"
     r"prelevement) (?:\w+ ){0,3}(?:a "
     r"(?:bien )?(?:ete )?|est (?:bien )?(?:parti|passe)|effectue|envoye)|(?:transfer|payment|wire|"
     r"che(?:ck|que)|direct debit)(?: \w+){0,4} (?:was|went|has been|cashed|posted|mailed|made)"),
    ("already_paid.proof", r"preuve (?:de|du) (?:virement|paiement)|avis d'(?:operation|"
     r"execution|opere)|"
     r"proof of payment|ci-joint (?:le |l')(?:justificatif|avis)|(?:attached|"
     r"enclosed).{0,30}remittance"),
    # promise
    ("promise.will_pay", r"\b(?:je|nous|on|vous|qui|facture|solde|reste|elle|il|ce)(?: vous| la|"
     r" le| les|"
     r" en| te| y| l'?)* ?(?:paierai|payerai|paierons|reglerai|reglerons|paye|paie|regle|reglons|"
     r"payons|"
     r"verserai|verserons|verse|virerai|virerons|fais|ferai|ferons|enverrai|envoie|sera|serez|"
     r"procede|"
     r"effectue)\b"),
    ("promise.going_to", r"\b(?:vais|allons|va|vas|vont) (?:vous |te |le |la |proceder |"
     r"l')*(?:payer|regler|"
     r"virer|verser|faire (?:le|un|les) (?:virement|paiement|reglement|cheque)|au (?:paiement|"
     r"reglement)|"
     r"solder|envoyer)|\bgoing to (?:pay|process|settle|send the)|\bgonna pay"),
    ("promise.scheduled", r"(?:virement|paiement|reglement|cheque|facture|"
     r"mandat)[^.!?]{0,40}(?:prevu|programme|"
     r"partira|sera|lance|planifie|mise? en paiement|part (?:ce|demain|lundi)|est emis|attendu|"
     r"au 3[01])|"
     r"(?:payment|transfer|invoice|wire|funds|cheque|check)[^.!?]{0,40}(?:scheduled|will (?:be|"
     r"go)|planned|"
     r"initiated|approved|is due|goes|on its way)|payment run|mis(?:e)? en paiement|prochain lot"),
    ("promise.shall", r"\b(?:i'll|we'll|ill|will|shall|let me|i can|im|i'm|i am|"
     r"we are)(?: \w+){0,2} (?:pay|send|"
     r"settle|transfer|clear|wire|paying|arranging|making|mail you|sorting|bring|get this paid)"),
    ("promise.commit", r"m'engage|je (?:vous )?promets|sans faute|my word|undertake|promise\b|"
     r"je m'en occupe|"
     r"i'm on it|le necessaire"),
    ("promise.money_then", r"(?:aurez|serez paye|you'll (?:be paid|have)|you should have|"
     r"with you by)"),
    # dispute
    ("dispute.contest", r"\b(?:contest\w*|dispute\w*|litige|reclamation|complaint|reserves?|"
     r"disagree|"
     r"(?:pas|not|n't) (?:d'accord|agree\w*)|reclamons)\b"),
    ("dispute.quality", r"defectueu|malfacon|non[- ]conforme|pas conforme|en panne|casse|abime|"
     r"rouille|"
     r"ne fonctionne pas|ne marche (?:pas|plus)|mal fait|bacle|defaut|faulty|defect|broken|"
     r"does(?: not|n't)"
     r" work|damaged|poor quality|rusty|sloppy|not finished|broke down|repar|repair"),
    ("dispute.not_delivered", rf"(?:pas|jamais|rien) (?:ete )?(?:recu|"
     rf"livre)\w*(?: \w+){{0,2}} {_GOODS}|"
     rf"{_GOODS}[^.!?]{{0,30}}(?:pas|jamais|never|not|n't)[^.!?]{{0,20}}(?:arriv|recu|livr|eu lieu|"
     rf"received|deliver|took place|effectu)|(?:never|not|n't) (?:\w+ ){{0,2}}(?:received?|got|"
     rf"get) "
     rf"(?:\w+ ){{0,2}}{_GOODS}|jamais (?:venu|livre|intervenu)|never (?:showed|came|took place|"
     rf"happened)|"
     r"(?:recu|received|got) (?:rien|nothing)|rien recu|n'a pas eu lieu|did not happen|"
     r"pas ete livre"),
    ("dispute.late", r"(?:livr\w+|deliver\w+)[^.!?]{0,30}(?:retard|late)\b"),
    ("dispute.price", r"au lieu de|instead of|remise|discount|tarif|trop (?:cher|eleve)|"
     r"plus cher|overcharg|"
     r"erreur de prix|wrong price|prix (?:convenu|annonce|prevu|au catalogue)|agreed (?:price|"
     r"rate)|devis|"
     r"quote\b|tva|vat (?:is|rate)|frais de port|shipping|penalites|late fees|supplement|surplus|"
     r"extra"),
    ("dispute.quantity", r"\bmanqu\w+|\bmissing\b|incomplet|short delivery|(?:en|only) (?:avons |"
     r"have |we )?"
     r"(?:recu|got|received) \d+|nombre d'heures|hours are wrong|and we got|quantit"),
    ("dispute.duplicate", r"doublon|double (?:emploi|factur)|facture en double|deux fois (?:la|"
     r"le) meme|"
     r"factures? deux fois|duplicates?\b|(?:billed|invoiced|charged) (?:us |me )?twice|"
     r"double (?:invoice|billing)"),
    ("dispute.document", r"bon de (?:commande|livraison)|numero d'engagement|pv de reception|"
     r"purchase order|"
     r"\bpo (?:number|ref)|delivery note|chorus|bloquee? en validation|blocked in approval"),
    ("dispute.credit", r"\bavoirs?\b(?! (?:une|la|le|un|du|de|des))|credit note|geste commercial|"
     r"\bannul\w+|"
     r"cancel\w*|resili\w+|retractation|cooling-off|rien commande|ordered nothing|never ordered"),
    # needs_copy
    ("needs_copy.send_document", rf"(?:envoy\w*|renvoy\w*|transmett\w*|adresse[rz]|parvenir|"
     rf"fournir|obtenir|"
     rf"avoir|recevoir|joindre|deposer|donner|send|resend|forward|provide|email|attach|get|have|"
     rf"give)"
     rf"(?:[- ](?:moi|nous|me|us|la|le))*(?: \w+){{0,4}} (?:l')?{_DOCUMENT}\b"),
    ("needs_copy.no_invoice", r"(?:pas|jamais|aucune?)[^.!?]{0,25}(?:recu|eu|vu|trace|trouve|"
     r"retrouve)[^.!?]{0,25}"
     r"(?:factures?|document|courrier)|(?:not?|never|n't|cannot|cant)[^.!?]{0,20}(?:received?|"
     r"get|got|saw|"
     r"see|find|record|locate)[^.!?]{0,20}(?:invoices?|bill|document)|(?:ne (?:la|le) retrouve)"),
    ("needs_copy.duplicate", r"duplicata|\bcop(?:y|ie)\b|\bun double\b|\bresend\b|\brenvo[iy]\w*|"
     r"refaire parvenir"),
    ("needs_copy.bank_details", r"\b(?:votre|vos|le|un|your|the)? ?(?:rib|iban|"
     r"coordonnees bancaires|bank "
     r"(?:details|account))\b"),
    ("needs_copy.which", r"(?:quelle|which|what) (?:facture|invoice)|expire|ne s'ouvre pas|"
     r"won't open"),
    # wrong_contact
    ("wrong_contact.wrong", r"mauvais(?:e)? (?:numero|num|personne|adresse|interlocuteur|"
     r"destinataire|mail|"
     r"service)|wrong (?:number|num|person|email|address|department|contact|guy|company)|trompez?|"
     r"erreur de (?:numero|destinataire|personne|mail)|faites erreur|you are mistaken|homonym|"
     r"(?:pas|not) (?:le |la |the )?(?:bon(?:ne)?|right) (?:\w+)"),
    ("wrong_contact.left", r"(?:ne travaille plus|n'est plus|n'y travaille|plus en charge|"
     r"a quitte|ne fais plus|"
     r"fait plus partie|no longer (?:work|in charge|with|here)|not worked|left the company|"
     r"retraite\b|"
     r"retired|decede|passed away|deceased|demenage|n'habite plus|doesn't live|does not live|"
     r"ancien "
     r"(?:locataire|proprietaire|gerant)|former (?:tenant|owner))"),
    ("wrong_contact.instead", r"(?:contacte[rz]|adresse[rz]|voyez|ecri[rv]e[z]?|joindre|contact|"
     r"refer to|speak to|"
     r"write to|ask|get in touch with|reach)(?:[- ]vous)?(?: \w+){0,5} (?:a|au|avec|mme|m\.|mr|"
     r"mrs|monsieur|"
     r"madame|service|siege|departement|department|head|team|accounts?|cabinet|gerant|manager|firm|"
     r"directement|directly|owner|plutot|instead)\b"),
    ("wrong_contact.unknown", r"(?:connais|know) (?:pas|personne|nobody|this|no)|rien a voir|"
     r"nothing to do with|"
     r"(?:concerne|concerned?) (?:pas|plus)|nobody by that name|c'est pas moi|not me\b|"
     r"pas cette personne"),
    # absence
    ("absence.away", r"\b(?:absente?s?|en conges?|en vacances|en deplacement|arret maladie|"
     r"en formation|hospitalis|"
     r"a l'etranger|conge (?:maternite|parental|paternite)|ferme(?:e|s|ture)?\b|en rtt|"
     r"out of (?:the )?office|"
     r"on (?:leave|holiday|vacation|annual leave|sick leave|maternity leave)|away\b|abroad|"
     r"travell?ing|"
     r"business trip|closed (?:for|until|this)|annual leave|maternity|pas (?:la|au bureau))"),
    ("absence.return", r"(?:de |a (?:mon|son|notre|leur) )?retour\b|reviens?\b|\brentre\b|"
     r"reouverture|reopen\w*|"
     r"back (?:on|in|next)|when i (?:return|get back)|upon (?:my )?return|returns? on"),
    # hardship
    ("hardship.cannot", r"(?:peux|peut|pouvons|pourrai|peu|suis|sommes)(?: \w+)? (?:pas|plus|"
     r"jamais)[^.!?]{0,25}"
     r"(?:pay|regl|honor|mesure|capable)|impossible de (?:pay|regl)|(?:can't|cannot|cant|can not|"
     r"unable to|"
     r"not able to)(?: \w+){0,2} (?:pay|afford|meet)|n'ai pas (?:les moyens|de quoi)|cant afford|"
     r"afford"),
    ("hardship.trouble", r"difficulte|tresorerie|chomage|\brsa\b|surendettement|liquidation|"
     r"redressement|"
     r"sauvegarde|depose le bilan|perdu mon (?:emploi|travail)|decouvert|galere|serres?\b|"
     r"cash[- ]?flow|"
     r"lost my job|unemployed|bankrupt|insolven|administration|liquidat|struggling|tight\b|"
     r"benefits|"
     r"hardship|overdraft|chapter 11|divorce|no money|plus d'argent|"
     r"nothing (?:left )?in my account"),
    ("hardship.plan", r"echelonn|echeancier|etal(?:er|ement)|mensualites|plusieurs fois|(?:deux|"
     r"trois|quatre|\d) "
     r"fois\b|delai (?:de|suppl|de grace)|report de paiement|plan de paiement|payment plan|"
     r"instal?lments|"
     r"spread|more time|deferral|accorder (?:un|du)|geste\b|stretch"),
    # refusal
    ("refusal.wont", r"(?:ne|n')? ?(?:paierai|payerai|paierons|reglerons|reglerai|verserai|"
     r"paye) (?:pas|rien|jamais|"
     r"plus)|(?:won't|will not|wont|not going to|not|never going to|never) pay(?:ing)?\b|refus\w+ "
     r"(?:\w+ )?de (?:\w+ )?(?:payer|regler)|refuse to pay|hors de question|pas question|no way|"
     r"pas "
     r"l'intention|no intention|owe (?:you )?nothing|dois rien|never pay|jamais je"),
    ("refusal.court", r"\bavocat|lawyer|solicitor|tribunal|justice\b|\bcourt\b|huissier|bailiff|"
     r"assign\w+|sue "
     r"(?:us|me)|un centime|a penny|escrocs?|crooks|dernier mot|final word"),
    # stop
    ("stop.stop", r"^\W*stop\b|\bstop (?:sms|svp|please|contact|call|text|send|spam|writ|it)\w*|"
     r"arret\w+ de|"
     r"arret\w+ (?:vos|ces|les|svp)|\bcess\w+|cease|unsubscribe|desabonn|desinscri|opt out|"
     r"leave me alone|la paix|lachez|quit (?:spam|call|text)\w*|remove me|take me off|retirez"),
    ("stop.no_more", r"(?:ne )?(?:m'|me |nous )(?:ecriv|contact|appel|envoy|"
     r"adress)\w*[^.!?]{0,15} plus|plus me "
     r"(?:contacter|ecrire|appeler)|veux plus|do not (?:call|contact|write|text|email)|"
     r"no more (?:messages|"
     r"emails|texts)|plus aucun (?:message|appel|mail)|any more\b|interdis"),
    ("stop.law", r"\brgpd\b|\bgdpr\b|\bcnil\b|harcelement|harassment|donnees personnelles|"
     r"personal data|my data|"
     r"mes donnees|effacement|erasure|regulator"),
    # other
    ("other.ask", r"^\W*(?:bonjour,? |hello,? |hi,? )?(?:quel|quand|qui|what|when|who|where|"
     r"do you|is there|"
     r"y a-t-il|est-ce que|avez-vous|have you|did you|is the|are you)\b"),
    ("other.thanks", r"^\W*(?:merci|thanks?|ok|d'accord|bien recu|received|noted|"
     r"fine)\W*(?:\w+\W*){0,3}$"),
    ("other.look", r"reviens? vers vous|revenons vers vous|tiens au courant|come back to you|"
     r"get back to you|"
     r"look(?:ing)? into|keep you posted|transfere a|transmets|forwarded|passing this|"
     r"je (?:verifie|regarde)|"
     r"rappel(?:ez|er)[- ](?:moi|au)|call me|en cours de verification|being checked|"
     r"nouvelle commande"),
)  # fmt: skip
_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _PHRASES]


def phrases_in(folded: str) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of every phrase in a folded text."""
    for name, pattern in _PATTERNS:
        for found in pattern.finditer(folded):
            if found[0].strip():
                yield name, found.start(), found.end()
