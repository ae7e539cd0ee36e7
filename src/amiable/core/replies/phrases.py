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
    r"(?:copies?|duplicata|duplicates?|double|factures?|releves?|justificatifs?|rib|iban|pdf|"
    r"devis|scan|"
    r"documents?|extrait|coordonnees bancaires|piece jointe|invoices?|bill|statement|bank details|"
    r"attachment|breakdown|details?)"
)
_GOODS = (
    r"(?:marchandises?|commandes?|colis|livraisons?|produits?|materiels?|articles?|goods|order|"
    r"parcel|delivery|items?|equipment|package|products?)"
)
_PHRASES: tuple[tuple[str, str], ...] = (
    # already_paid
    ("already_paid.not_yet", r"pas (?:encore )?(?:ete )?(?:paye|regle)|not (?:yet )?(?:been )?paid|"
     r"(?:haven't|hasn't|have not|has not) (?:yet )?(?:been )?paid"),
    ("already_paid.done", rf"\b(?:j'ai|ai|a|avons|ont|avez|ete|est|sont|facture)"
     rf"(?: bien| deja| tous?| ete| donc| vous| tout| du)* {_PAID}\b"),
    ("already_paid.handed", r"\b(?:ai|avons|a) (?:\w+ ){0,2}(?:donne|remis|transfere|honore|"
     r"retire|fait le "
     r"virement|fait un virement)|viens d'(?:effectuer|payer|regler|envoyer|faire)|i gave you|"
     r"i sent you "
     r"(?:a )?che|(?:taken|left) .{0,12}my account|retire de mon compte|just (?:made|paid)|"
     r"prepaid|paye d'avance|cross(?:ed|ent) with|se croisent"),
    ("already_paid.short", r"^\W*(?:deja )?paye\w*\b|\b(?:c'?est|its|it's|it is) (?:deja |"
     r"already )?"
     r"(?:paye|paid|regle|fait|done)\b|^\W*c'est fait|(?:virement|paiement|reglement|transfer|"
     r"payment) "
     r"(?:deja )?(?:fait|done|effectue|made)\b|^\W*done\b"),
    ("already_paid.already", r"\bdeja (?:ete )?(?:paye|regle|vire|solde|acquitte|prelev|fait)|"
     r"\balready (?:been )?(?:paid|settled|sent|transferred|cleared)"),
    ("already_paid.was", r"\b(?:was|were|been|have|has|had|i|we|already|just|is) (?:already |"
     r"just |fully )?"
     r"(?:paid|payed|settled|wired|remitted|cleared|transferred|honou?red)\b"),
    ("already_paid.transfer_made", r"(?:virement|paiement|reglement|cheque|"
     r"prelevement) (?:\w+ ){0,3}(?:a "
     r"(?:bien )?(?:ete )?|est (?:bien )?(?:parti|passe)|execute|envoye)|(?:transfer|payment|wire|"
     r"che(?:ck|que)|direct debit)(?: \w+){0,4} (?:was|went|left|has been|cashed|posted|mailed|"
     r"executed)"),
    ("already_paid.proof", r"preuve (?:de|du|ci)|avis d[e'] ?(?:operation|execution|opere|"
     r"virement)|ordre de "
     r"virement|proof (?:of payment|attached)|ci-joint (?:le |l')(?:justificatif|avis)|"
     r"remittance advice|payment order|j'ai le (?:ticket|recu)|have the receipt|"
     r"encaisse|cashed|ne (?:suis|sommes) plus redevable|no longer owe"),
    # promise
    ("promise.will_pay", r"\b(?:je|nous|on|vous|qui|facture|solde|reste|elle|il|ce)(?: vous| la|"
     r" le| les|"
     r" en| te| y| l'?)* ?(?:paierai|payerai|paierons|reglerai|reglerons|paye|paie|regle|reglons|"
     r"payons|"
     r"verserai|verserons|verse|vire|virerai|virerons|fais|ferai|ferons|fera|enverrai|envoie|"
     r"sera|serez|"
     r"procede|effectue|rembourserai|solde|solderons)\b"),
    ("promise.going_to", r"\b(?:vais|allons|va|vas|vont|comptons|compte) (?:vous |te |le |la |"
     r"proceder |l')*"
     r"(?:payer|regler|virer|verser|regulariser|faire (?:le|un|les) (?:virement|paiement|"
     r"reglement|cheque)"
     r"|au (?:paiement|reglement)|solder|envoyer)|\bgoing to (?:pay|process|settle|send the)|"
     r"\bgonna pay"),
    ("promise.scheduled", r"(?:virement|paiement|reglement|cheque|facture|"
     r"mandat)[^.!?]{0,40}(?:prevu|"
     r"programme|partira|sera|lance|planifie|mise? en paiement|part (?:ce|demain|lundi)|est emis|"
     r"attendu|"
     r"parviendra|interviendra|passera|au 3[01])|(?:payment|transfer|invoice|wire|funds|cheque|"
     r"check|it)"
     r"[^.!?]{0,40}(?:scheduled|will (?:be|go|reach|follow)|planned|initiated|approved|is due|"
     r"goes|executes|"
     r"on its way)|payment run|mis(?:e)? en paiement|prochain lot|echeancier de"),
    ("promise.shall", r"\b(?:i'll|we'll|ill|will|shall|let me|i can|im|i'm|i am|we are|"
     r"^paying)(?: \w+){0,2} "
     r"(?:pay|send|settle|transfer|clear|wire|paying|arranging|making|mail you|sorting|bring|"
     r"get this paid)\b|^\W*paying\b|\bok sorting|doing it right now|expect (?:remittance|\d)|"
     r"you can expect|asked my bank to"),
    ("promise.commit", r"m'engage|je (?:vous )?promets|sans faute|my word|undertake|promise\b|"
     r"je m'en occupe|i'm on it|le necessaire|nos engagements|our commitment|comptez sur|"
     r"tout de suite$"),
    ("promise.money_then", r"(?:aurez|serez paye|recevrez le|you'll (?:be paid|have)|"
     r"you should have|you will "
     r"receive|with you by)"),
    # dispute
    ("dispute.contest", r"\b(?:contest\w*|dispute\w*|litige|reclamation|complaint|reserves?|"
     r"disagree|"
     r"(?:pas|not|n't) (?:d'accord|agree\w*)|reclamons|prescrite?|time-barred|sans objet|(?:ne|"
     r"n't|not) "
     r"(?:dois pas|owe) (?:cette|this)|jamais signe|never signed)\b"),
    ("dispute.quality", r"defectueu|malfacon|non[- ]conforme|pas conforme|en panne|casse|abime|"
     r"rouille|"
     r"ne fonctionne pas|ne marche (?:pas|plus)|mal fait|bacle|defaut|faulty|defect|broken|"
     r"does(?: not|n't) work|damaged|poor quality|rusty|sloppy|not finished|broke down|repar|"
     r"repair|"
     r"fuite|leak|s'ecaille|peeling|pas termine|\bfroids?\b|intervenu"),
    ("dispute.not_delivered", rf"(?:pas|jamais|rien) (?:ete )?(?:recu|"
     rf"livre)\w*(?: \w+){{0,2}} {_GOODS}|"
     rf"{_GOODS}[^.!?]{{0,30}}(?:pas|jamais|never|not|n't)[^.!?]{{0,20}}(?:arriv|recu|livr|eu lieu|"
     rf"received|deliver|took place|effectu)|(?:never|not|n't) (?:\w+ ){{0,2}}(?:received?|got|"
     rf"get) "
     rf"(?:\w+ ){{0,2}}{_GOODS}|jamais (?:venu|livre|intervenu)|"
     r"never (?:showed|came|took place|happened)|(?:recu|received|got) (?:rien|nothing)|rien recu|"
     r"n'a pas eu lieu|did not happen|pas ete livre|ce que je n'ai pas recu|something i did not|"
     r"reste .{0,20}a livrer|autre adresse|another address|outstanding$"),
    ("dispute.late", r"(?:livr\w+|deliver\w+|arrive)[^.!?]{0,30}(?:retard|late)\b"),
    ("dispute.price", r"au lieu de|instead of \d|alors que|whereas|remise|ristourne|reduction|"
     r"discount|tarif|"
     r"taux horaire|hourly rate|trop (?:cher|eleve)|plus cher|overcharg|erreur de (?:prix|"
     r"calcul)|wrong price|"
     r"calculation error|prix (?:convenu|annonce|prevu|au catalogue|a double)|agreed (?:price|"
     r"rate)|devis|"
     r"quote\b|(?:tva|vat)(?! (?:number|intra))\b(?! (?:est|is) ?$)|frais de (?:port|dossier)|"
     r"shipping|"
     r"(?:handling|late) fees|penalites de retard|supplement|surplus|extra \d"),
    ("dispute.quantity", r"\b(?:il|en) manqu\w+|\b(?:were|is|are) missing\b|incomplet|"
     r"short delivery|"
     r"(?:en|only) (?:avons |have |we )?(?:recu|got|received) \d+|nombre d'heures|hours are wrong|"
     r"and we got|quantit|\bm2\b"),
    ("dispute.duplicate", r"doublon|double (?:emploi|factur)|facture en double|deux fois (?:la|"
     r"le) meme|"
     r"factures? deux fois|duplicates\b|(?:is|^\W*) ?a? ?duplicate\b(?! of)|"
     r"(?:billed|invoiced|charged) (?:us |me )?twice|double (?:invoice|billing)|autre numero|"
     r"another number"),
    ("dispute.document", r"bon de (?:commande|livraison)|numero d'engagement|pv de reception|"
     r"purchase order|"
     r"\bpo (?:number|ref)|\bno po\b|delivery note|rejetee? sur chorus|bloquee? en validation|"
     r"blocked in approval"),
    ("dispute.credit", r"\b(?:un|d'un|avoir) avoirs?\b|\bun avoir\b|credit note|geste commercial|"
     r"\bannul\w+|"
     r"cancel\w*|resili\w+|retractation|cooling-off|rien commande|ordered nothing|never ordered|"
     r"(?:contrat|contract) (?:a pris fin|ended)"),
    # needs_copy
    ("needs_copy.send_document", rf"(?:envoy\w*|renvoy\w*|transmett\w*|adresse[rz]|parvenir|"
     rf"fournir|obtenir|"
     rf"pour\w* avoir|possible d'avoir|peux avoir|recevoir|joindre|deposer|donner|send|resend|"
     rf"forward|"
     rf"provide|email|attach|include|(?:let me|may i|can i|do you) (?:have|get)|give)"
     rf"(?:[- ](?:moi|nous|me|us|la|le))*(?: \w+){{0,4}} (?:l')?{_DOCUMENT}\b"),
    ("needs_copy.no_invoice", r"(?:pas|jamais|aucune?)[^.!?]{0,25}(?:recu|eu|vu|trace|trouve|"
     r"retrouve)"
     r"[^.!?]{0,25}(?:factures?|document|courrier)|(?:not?|never|n't|cannot|cant|can't)[^.!?]{0,20}"
     r"(?:received?|get|got|saw|see|find|record|locate)[^.!?]{0,20}(?:inv\w*|bill|document)|"
     r"(?:ne (?:la|le) retrouve)|retrouve pas|sans facture|without an? invoice|"
     r"besoin de la facture"),
    ("needs_copy.duplicate", r"duplicata|\bcop(?:y|ie)\b|\bun double\b|a duplicate of|\bresend\b|"
     r"\brenvo[iy]\w*|"
     r"refaire parvenir|illisible|unreadable|again\b|\bscan\b|de nouveau|a nouveau"),
    ("needs_copy.bank_details", r"\b(?:votre|vos|le|un|your|the)? ?(?:rib|iban|"
     r"coordonnees bancaires|bank "
     r"(?:details|account)|which account|quel compte)\b"),
    ("needs_copy.which", r"(?:quelle|which|what) (?:facture|invoice)|expire|ne s'ouvre pas|"
     r"won't open|"
     r"par (?:mail|courriel|e-mail)|email it|detail (?:des|par)|breakdown"),
    # wrong_contact
    ("wrong_contact.wrong", r"mauvais(?:e)? (?:numero|num|personne|adresse|interlocuteur|"
     r"destinataire|mail|"
     r"service)|wrong (?:number|num|person|email|address|department|contact|guy|company)|"
     r"trompez?\b|"
     r"erreur de (?:numero|destinataire|personne|mail)|faites erreur|you are mistaken|homonym|"
     r"(?:pas|not) (?:le |la |the )?(?:bon(?:ne)?|right) (?:\w+)|(?:pas|"
     r"not) (?:\w+ ){0,2}(?:a moi|destine|"
     r"meant for|to me)\b|same name"),
    ("wrong_contact.left", r"(?:ne travaille plus|n'est plus|n'y travaille|plus en charge|"
     r"a quitte|ne fais plus|"
     r"fait plus partie|no longer (?:work|in charge|with|here|do)|not worked|left the company|"
     r"a la retraite|"
     r"retired|decede|passed away|deceased|n'habite plus|doesn't live|does not live|ancien "
     r"(?:locataire|proprietaire|gerant)|former (?:tenant|owner)|ete vendue?|was sold|sold my|"
     r"cede mon|"
     r"stagiaire|intern\b|ex-mari|ex-husband|juste salarie)"),
    ("wrong_contact.instead", r"(?:contacte[rz]|adresse[rz]|voyez|ecri[rv]e[z]?|joindre|contact|"
     r"refer to|speak to|"
     r"write to|ask|get in touch with|reach|use)(?:[- ]vous)?(?: \S+){0,5} (?:a|au|avec|mme|m\.|"
     r"mr|mrs|monsieur|"
     r"madame|service|siege|departement|department|head|team|accounts?|cabinet|gerant|manager|firm|"
     r"directement|directly|owner|plutot|instead|him|lui)\b|(?:factures|invoices|relances|"
     r"reminders) "
     r"(?:\w+ ){0,3}(?:a|to) \S+@|desormais|from now on|(?:managing agent|syndic) (?:a|"
     r"has) change"),
    ("wrong_contact.unknown", r"(?:connais|know) (?:pas|personne|nobody|this|no)|rien a voir|"
     r"nothing to do with|(?:concerne|concerned?) (?:pas|plus)|nobody by that name|c'est pas moi|"
     r"not me\b|"
     r"pas cette personne|inconnu|unknown to us|aucun lien|no connection|mon associe|"
     r"my business partner|"
     r"(?:ne )?m'occupe (?:pas|plus|seulement)|do not deal with|only deal with"),
    # absence
    ("absence.away", r"\b(?:absente?s?|en conges?|en vacances|en deplacement|arret maladie|"
     r"en formation|"
     r"hospitalis|a l'etranger|conge (?:maternite|parental|paternite)|en rtt|"
     r"out of (?:the )?office|indisponible|"
     r"unavailable|on (?:leave|holidays?|vacation|annual leave|sick leave|maternity leave)|"
     r"away (?:until|for|on)|"
     r"abroad|travell?ing|business trip|annual leave|maternity|in hospital|(?:meetings?|"
     r"reunion) (?:all|toute)|"
     r"pas (?:la|au bureau)|not (?:in today|here)|mes vacances)"),
    ("absence.closed", r"(?:ferm\w+|close[sd]?) (?:\w+ )?(?:pour|for|du|from|until|jusqu|cette|"
     r"this)|"
     r"fermeture|annual break"),
    ("absence.return", r"(?:de |a (?:mon|son|notre|leur) |mon )?retour (?:le|prevu|au bureau|"
     r"lundi|mardi|mercredi|"
     r"jeudi|vendredi)|a mon retour|dans? des mon retour|reviens?\b|revient\b|\brentre (?:le|"
     r"dans|\w+di)|"
     r"reouverture|reopen\w*|back (?:on|in|next|to the office)|when i (?:return|get back)|"
     r"upon (?:my )?return|returns? on|(?:bureau|office|mails?) (?:avant|before)"),
    # hardship
    ("hardship.cannot", r"(?:peux|peut|pouvons|pourrai|peu|suis|sommes)(?: \w+)? (?:pas|plus|"
     r"jamais)[^.!?]{0,25}"
     r"(?:pay|regl|honor|mesure|capable)|impossible (?:pour nous )?de (?:pay|regl)|(?:can't|"
     r"cannot|cant|can not|"
     r"unable to|not able to|never)(?: \w+){0,2} (?:pay such|pay|afford|meet)\b|"
     r"n'ai pas (?:les moyens|de quoi)|afford|maximum que|most i can"),
    ("hardship.trouble", r"difficulte|tresorerie (?:tendu|est|a sec|!)|de tresorerie|"
     r"plus de tresorerie|chomage|"
     r"\brsa\b|surendettement|liquidation|redressement|sauvegarde|depose le bilan|depot de bilan|"
     r"perdu mon (?:emploi|travail)|decouvert|galere|serres?\b|cash[- ]?flow|lost my job|"
     r"unemployed|bankrupt|"
     r"insolven|in administration|liquidat|struggling|tight\b|benefits|hardship|overdraft|"
     r"chapter 11|"
     r"no money left|plus d'argent|nothing (?:left )?in my account|soucis d'argent|money problems|"
     r"(?:periode|situation|time|times)[^.!?]{0,25}(?:difficile|difficult|compliquee|dure?s?\b)|"
     r"go under|"
     r"petite retraite|small pension|revenus|income|saisie|seule? avec|alone with|three kids|"
     r"etudiante?|student|"
     r"indemnites|allowance|out of cash|no cash|rien sur mon compte|plus rien"),
    ("hardship.plan", r"echelonn|echeancier\b(?! de)|etal(?:er|ement)|mensualites|plusieurs fois|"
     r"(?:deux|trois|quatre|\d) (?:fois|echeances)\b|delai (?:de grace|suppl|de paiement)|"
     r"un delai|report de "
     r"paiement|plan de paiement|payment plan|instal?lments|spread|more time|give us time|"
     r"deferral|accorder (?:un|"
     r"du)|accordez|geste\b|stretch|suspend(?:re)? (?:le temps|this until)|improves|s'ameliore"),
    # refusal
    ("refusal.wont", r"(?:ne|n')? ?(?:paierai|payerai|paierons|paiera|reglerons|reglerai|"
     r"verserai|donnerai|paye) "
     r"(?:pas|rien|jamais|plus)|(?:won't|will not|wont|not going to|we're not|never going to|"
     r"never|am not|"
     r"i'm not|im not|and not) (?:be )?pay(?:ing)?\b(?! such)|refus\w+ (?:\w+ )?(?:de |"
     r"tout )(?:\w+ )?"
     r"(?:payer|regler|paiement|versement)|refuse to pay|refusal|hors de question|pas question|"
     r"no way|"
     r"pas l'intention|no intention|owe (?:you )?nothing|dois rien|jamais je|exclu que|"
     r"ne comptons pas payer|"
     r"ne pas honorer|not to honou?r|oppose a tout paiement"),
    ("refusal.no", r"(?:reponse|answer)(?: \w+)? (?:est |is |reste |still )*non?\b|(?:pas de|no|"
     r"aucun) "
     r"(?:reglement|payment|paiement|versement) (?:\w+ )?(?:ne|will|made)|there will be no payment|"
     r"il n'y aura pas de|toujours courir|te brosser|perdez votre temps|wasting your time|"
     r"aucune suite|"
     r"not act on|point final|^.{0,40}\bpoint\.?$|period\.$|end of story|won't get|"
     r"not getting any|won't give|"
     r"n'aurez (?:pas|rien)|get nothing|un centime|a penny|a cent\b|pas un euro|ni plus tard|"
     r"now or later"),
    ("refusal.court", r"\bavocat|lawyer|solicitor|tribunal si|saisir la justice|\bin court|"
     r"to court|huissier|"
     r"bailiff|assignez|sue us|escrocs?|crooks|dernier mot|final word|menacez|threaten|"
     r"mon conseil"),
    # stop
    ("stop.stop", r"^\W*stop\b|\bstop (?:sms|svp|please|contact|call|text|send|spam|writ|it)\w*|"
     r"arret\w+ de|"
     r"arret\w+ (?:vos|ces|les|svp|ou)|\bcess\w+|cease|unsubscribe|desabonn|desinscri|opt out|"
     r"leave me alone|la paix|lachez|quit (?:spam|call|text)\w*|remove me|take me off|retirez|"
     r"enlevez|ca suffit|^enough|enough (?:with|,)|(?:vous|you) ?(?:bloque|block)|block you"),
    ("stop.no_more", r"(?:ne )?(?:m'|me |nous )(?:ecriv|contact|appel|envoy|"
     r"adress)\w*[^.!?]{0,15} plus|plus "
     r"(?:me |m')(?:contacter|ecrire|appeler|adresser|solliciter)|(?:veux|souhaite) plus|"
     r"plus etre contacte|"
     r"do not (?:call|contact|write|text|email|e-mail)|no more (?:messages|emails|texts)|"
     r"no longer wish|"
     r"plus aucun (?:message|appel|mail)|texts? any ?more|interdis"),
    ("stop.law", r"\brgpd\b|\bgdpr\b|\bcnil\b|harcelement|harassment|donnees personnelles|"
     r"personal data|my data|"
     r"mes donnees|efface\w*|erasure|erase|regulator|protection (?:regulation|des donnees)|"
     r"(?:delete|supprime\w*) "
     r"(?:my|mon|mes)|porter? plainte|police|file a complaint"),
    # other
    ("other.ask", r"^\W*(?:bonjour,? |hello,? |hi,? )?(?:quel|quand|qui|combien|what|when|who|"
     r"where|how much|do "
     r"(?:you|we)|is there|are there|y a-t-il|est-ce que|avez-vous|avons-nous|peut-on|have you|"
     r"did you|is the|"
     r"are you|vous acceptez|shall we)\b|(?:tell me|explain|me dire|m'expliquer|m'indiquer|"
     r"expliquez)"),
    ("other.thanks", r"^\W*(?:bonjour,? |hello,? )?(?:merci|thanks?(?: you)?|ok|oui|yes|d'accord|"
     r"bien recu|received|"
     r"noted|duly noted|fine|c'est note)\W*(?:\w+\W*){0,4}$|bonne (?:annee|journee)\W*$|"
     r"happy new year|"
     r"bien arrive|arrived safely"),
    ("other.look", r"reviens? vers vous|revenons vers vous|tiens au courant|(?:come|"
     r"get) back to you|"
     r"look(?:ing)? (?:into|through)|have a look|keep you posted|transfere a|transmets|forwarded|"
     r"passing this|"
     r"je (?:verifie|regarde ca|cherche)|let me check|rappel(?:ez|er)[- ](?:moi|au)|call (?:me|"
     r"you) back|call me|"
     r"en cours de (?:traitement|verification)|being (?:checked|handled)|analyser|etudions|examine|"
     r"(?:nouvelle commande|new order|please note|veuillez noter|garantie|warranty|rendez-vous|"
     r"appointment|"
     r"catalogue|horaires|opening hours|change d'adresse|have moved:|insurer|assureur)"),
)  # fmt: skip
_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _PHRASES]


def phrases_in(folded: str) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of every phrase in a folded text."""
    for name, pattern in _PATTERNS:
        for found in pattern.finditer(folded):
            yield name, found.start(), found.end()
