"""Words of one meaning, French and English: a word never met in training speaks by its kin.

Folded words; a star stands for any ending. A word may belong to several. They are features of
the classifier, alone, in pairs within a sentence, and behind a negation.
"""

from __future__ import annotations

import functools

_WORDS = {
    "pay": "pay* paie* regl* sold* verse* virer virement* vire acquitt* rembours* decaiss* "
    "settl* remit* transfer* wire* wiring clear* disburs* funds mandat* ordonnanc* honor* "
    "honour* apur* credite* debit* encaiss* square",
    "means": "cheque* check cb carte card sepa paypal especes cash liquide prelevement* traite "
    "lcr banque bank guichet counter virement* wire* bacs banquier banker tresor* treasury",
    "proof": "recu slip justificatif* preuve proof remittance talon stub releve statement* avis "
    "reference* confirm* bordereau advice ticket receipt",
    "invoice": "facture* invoice* bill bills billing note piece document* duplicata copie* copy "
    "copies pdf fichier* file attachment exemplaire* papier* paper* paperwork releve* scan "
    "original",
    "bank_id": "iban rib coordonnees bic swift",
    "send": "envo* renvo* transm* adresser parvenir fournir remett* remets repass* joindre "
    "joignez deposer send* resend* sent provide* supply upload* attach* share donner redonn* "
    "refai* drop let get have",
    "lost": "retrouv* trouv* egar* perdu* introuvable* trace find lost mislaid nowhere missing "
    "manqu* absent* parvenu* unreadable illisible* effac* wiped cut tronque",
    "goods": "marchandis* livr* colis command* produit* materiel* article* palette* carton* "
    "goods order* parcel* deliver* item* equipment box boxes pallet* package* shipment* truck "
    "camion* sac* bag* machine* appareil* meuble* device*",
    "service": "travaux travail chantier* intervention* prestation* pose* repar* install* "
    "technici* work job repair* service* engineer* cleaning nettoyage formation* training "
    "location hire abonnement* subscription* contrat* contract*",
    "defect": "cass* abim* defect* panne* defaut* fuit* tach* ray* fissur* cloqu* decoll* "
    "rouill* moisi* inutilisable* bacl* broken damag* faulty leak* stain* scratch* crack* torn "
    "eventr* crooked sale* dirty rotten dead bug* crash* plant* drag* peel* malfacon* conform* "
    "useless rubbish shoddy spoil* gate* pourri* retard late incomplet* wrong travers fail* hs "
    "ruin*",
    "price": "prix tarif* taux montant* remise* rabais devis surfactur* price* rate* discount* "
    "quote* overcharg* amount estimate* fee* frais supplement* surcharge* calcul* heures hours "
    "tva vat ht ttc cher expensive ristourne* rebate* bareme scale",
    "agreed": "convenu* negoci* promis* annonce* contrat* agreed quoted promised contract* "
    "negotiated granted accord* commercial* rep foreman",
    "disagree": "contest* desaccord litige* reclam* disput* disagree* object* complain* erreur* "
    "error* mistake* faux fausse* incorrect* injustifi* annul* cancel* resili* doublon* "
    "duplicate* twice avoir avoirs credit rectif* revoir reject* rejet* retoqu* bounced denonc* "
    "retract* prescri* surprised surpris* etrange odd",
    "poor": "difficil* difficult* dur dure* hard tight serre* galere* decouvert overdraft "
    "overdrawn chomage unemploy* rsa pension* retraite* bourse surendett* faillite liquidation "
    "redressement sauvegarde insolv* bankrupt* collective administrat* tresorerie cashflow "
    "pauvre poor broke skint empty vide* caisse till afford* moyens salaire* wages income "
    "revenu* emploi loyer rent chauffage heating nourrir feed* frigo fridge enfant* kids malad* "
    "divorce* deces died veuve* widow* benefits allocation* caf dette* debt* sec juste struggl* "
    "trouble* crise crisis faim survi* perdu* lost honte ashamed genoux knees subvention* "
    "recolte* harvest rentrees",
    "spread": "echelonn* etal* fractionn* mensualit* echeancier fois instalment* installment* "
    "spread stages split schedule* delai* report* repouss* decal* defer* postpone* extension* "
    "moratoire* patien* souplesse flexib* souffler breathe arrang* lisser smooth* temps time "
    "plan broken monthly geste facilit* leniency slack extra grace",
    "help": "aide* aidez help* comprehension understanding indulgen* supplie beg compassion",
    "refuse": "refus* oppos* jamais never non tribunal court juge* judge* avocat* lawyer* "
    "solicitor* huissier* bailiff* proces sue suing attaqu* poursui* justice counsel sou sous "
    "centime* penny cent rien nothing dalle insist* hors question inutile conseil menac* "
    "threat* lawsuit peine breath joke joking rever dream*",
    "stop": "arret* cess* stop* cease* desist unsubscri* desabonn* desinscri* retir* ray* "
    "effac* supprim* delet* eras* remov* wipe destroy detrui* oppos* rgpd gdpr cnil ico harcel* "
    "harass* tranquille paix peace alone bother* derang* import* saoul* soul* marre fed enough "
    "suffit spam pub block* bloqu* quit opt strike refrain liste data donnees fiche plainte",
    "contact": "appel* telephon* sms texto* text* message* mail* courriel* courrier* ecri* "
    "contact* call* phone* ring* write* letter* notification* relanc* rappel* remind* sollicit* "
    "demarch* chasing numero* number* adresse* address*",
    "other_person": "personne interlocut* responsable* destinataire* gerant* proprietaire* "
    "locataire* filiale* siege departement* person owner tenant subsidiary head department "
    "colleague* collegue* syndic notaire repreneur buyer success* remplac* societe entreprise* "
    "company firm comptable* accountant* mari husband femme wife mere mother pere father fils "
    "son voisin* neighbour* manager director mme mr mrs ms predecess* monsieur bureau agence "
    "branch",
    "not_me": "connais know heard tromp* confond* confus* mix* homonym* quitt* left retrait* "
    "retired demenag* moved vendu* sold cede* inconnu* unknown concern* occupe* handle* charge "
    "desormais dorenavant plutot rather instead ancien* former* previous repris* travaill* "
    "work* destin* meant gere* manage* purview releve* relevent",
    "away": "absent* conge* vacances deplacement* voyage* formation seminaire* arret malad* "
    "hopital hospitalis* maternite ferme* fermeture reouv* rouvr* retour revien* rentr* "
    "reprend* reprise away leave holiday* vacation* travel* trip seminar course sick hospital "
    "surgery maternity closed shut* reopen* back return* resum* office jusqu* until til avion "
    "plane tournee tour* salon indisponible* unavailable accouch* baby ferie abroad etranger "
    "restart home",
    "when": "demain tomorrow soir tonight lundi mardi mercredi jeudi vendredi samedi dimanche "
    "monday tuesday wednesday thursday friday saturday sunday semaine week* mois month* fin "
    "prochain* bientot soon immediat* aujourd today jours days janvier fevrier mars avril mai "
    "juin juillet aout septembre octobre novembre decembre january february march april may "
    "june july august september october november december echeance due noel christmas quinzaine "
    "huitaine huit fortnight end year annee date",
    "will": "promet* engag* programm* prevu* schedul* plan planned valide* approuv* approved "
    "sign* execut* lanc* sera serez seront serai aurez will shall going faire fais fait ferai "
    "do doing arrange* organis* oubli* forgot* expect* comptez commit* released line* sort* "
    "occupe*",
    "gone": "deja already hier yesterday dernier* last ago parti partie passe* left went gone "
    "done effectu* emis recu received crois* crossed matched lettr* closed since depuis",
    "ask": "quel quelle* quand comment combien pourquoi qui what when how who where why which "
    "pouvez pourriez can could peut serait would puis",
    "thanks": "merci thanks thank noted ok oui yes bonne reception felicit* super parfait gentil*",
    "forward": "transmets transfer* suivre forward* passing verifi* regard* check* look* "
    "demand* reviens revert* etudi* consider* soumets ask* comite committee associe partner "
    "direction",
    "business": "catalogue* horaire* garantie* warranty rendez appointment* salon fair "
    "brochure* licence* commercial* agenda diary siege nouvelle* new adresse* address* "
    "attestation* certificate* ouvert* livraison* delivery information* renseign* question*",
    "me": "je j moi nous on i we me us my our notre nos mon ma mes im ive ill",
    "you": "vous votre vos tu ton ta tes toi you your yours u",
    "no": "pas plus aucun* jamais rien ni ne n sans not no never none nothing cannot cant wont "
    "dont didnt havent hasnt isnt wasnt without nobody personne non",
    "some": "moitie partie part half acompte reste rest balance partiel*",
}
_EXACT: dict[str, list[str]] = {}
_STEMS: dict[str, list[str]] = {}
for _name, _list in _WORDS.items():
    for _word in _list.split():
        kept = _STEMS if _word.endswith("*") else _EXACT
        kept.setdefault(_word.rstrip("*"), []).append(_name)
_LONGEST = max(map(len, _STEMS))


@functools.lru_cache(maxsize=5000)
def concepts_of(word: str) -> frozenset[str]:
    """The meanings of a folded word."""
    found = set(_EXACT.get(word, ()))
    for size in range(3, min(len(word), _LONGEST) + 1):
        found.update(_STEMS.get(word[:size], ()))
    return frozenset(found)
