"""What replies are taken for: intents, facts, evidence, and silence where nothing is sure."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from amiable.core.money import Money
from amiable.core.replies import LABELS, classify, classify_text, read_mail
from amiable.core.replies.concepts import concepts_of
from amiable.core.replies.features import features
from amiable.core.replies.model import Model, sentences, shipped
from tests.core.replies.mutations import SAMPLES

ON = date(2026, 11, 24)  # a Tuesday
ROOT = Path(__file__).resolve().parents[3]


def proposal(text, **options):
    return classify_text(text, on=ON, **options)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Le virement de 500 € partira vendredi.", "promise"),
        ("The transfer will go out on Friday.", "promise"),
        ("Cette facture a déjà été payée le 3 novembre par virement.", "already_paid"),
        ("We already paid this invoice last week.", "already_paid"),
        ("La marchandise livrée est défectueuse, nous contestons la facture.", "dispute"),
        ("The goods were faulty and we dispute this invoice.", "dispute"),
        ("Pouvez-vous me renvoyer une copie de la facture ?", "needs_copy"),
        ("Please send me a copy of the invoice.", "needs_copy"),
        ("Vous vous trompez de personne, mauvais numéro.", "wrong_contact"),
        ("You have the wrong number, I am not this person.", "wrong_contact"),
        ("Je suis absent du bureau jusqu'au 12 décembre.", "absence"),
        ("I am out of the office until 12 December.", "absence"),
        ("Je suis au chômage, je ne peux pas payer, pouvez-vous m'accorder un échéancier ?", "hardship"),
        ("We have cash flow problems, could you give us more time?", "hardship"),
        ("Je refuse de payer, voyez avec mon avocat.", "refusal"),
        ("I refuse to pay, talk to my lawyer.", "refusal"),
        ("STOP", "stop"),
        ("Stop contacting me, this is harassment.", "stop"),
        ("Merci", "other"),
        ("What are your opening hours?", "other"),
    ],
)  # fmt: skip
def test_plain_intents_are_recognized_in_both_languages(text, label):
    found = proposal(text)
    assert found.label == label
    assert 50 <= found.confidence_pct < 100


@pytest.mark.parametrize(
    "text",
    [
        "We have NOT paid yet but the transfer will go out on Thursday.",
        "Nous n'avons pas encore payé mais le virement est prévu jeudi.",
    ],
)
def test_not_paid_is_no_payment(text):
    assert proposal(text).label == "promise"


def test_not_received_the_invoice_is_no_dispute_and_the_goods_are_one():
    assert proposal("Je n'ai pas reçu la facture, envoyez-la moi").label == "needs_copy"
    assert proposal("Je n'ai pas reçu la marchandise commandée").label == "dispute"


def test_capitals_and_missing_accents_change_nothing():
    for text in ("JE VOUS REGLE VENDREDI PAR VIREMENT", "je vous regle vendredi par virement"):
        assert proposal(text).label == "promise"


def test_promise_states_its_day_amount_and_means():
    found = proposal("Je vous ferai un virement de 1 250,50 € vendredi prochain.")
    assert found.facts.day == date(2026, 11, 27)
    assert found.facts.amount == Money(125050)
    assert found.facts.means == "transfer"


def test_day_of_the_invoice_is_no_day_of_payment():
    found = proposal("La facture du 30/11/2026 sera payée par virement le 15 décembre.")
    assert found.facts.day == date(2026, 12, 15)


def test_instalments_promise_the_first_day_and_no_amount():
    found = proposal("Je vous paie 300 € puis 300 € puis 400 €, le 5 décembre et le 5 janvier.")
    assert found.facts.day == date(2026, 12, 5)
    assert found.facts.amount is None


def test_vague_day_is_none():
    assert proposal("Je vous paie la semaine prochaine, promis").facts.day is None


def test_half_is_a_share():
    assert proposal("On vous paie la moitié vendredi").facts.share_pct == 50


def test_already_paid_reads_the_past():
    found = proposal("J'ai déjà payé par chèque le 15")
    assert (found.facts.day, found.facts.means) == (date(2026, 11, 15), "cheque")
    assert (
        proposal("Déjà payé par virement, en deux fois, le 3 et le 15 novembre").facts.day is None
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Facture en double, nous la contestons", "duplicate"),
        ("Produit défectueux, nous contestons la facture", "quality"),
        ("Nous n'avons jamais reçu cette commande, litige", "delivery"),
        ("Sans bon de livraison signé nous contestons cette facture", "missing_document"),
        ("Il manque 4 cartons, nous contestons la facture", "quantity"),
        ("Le prix facturé est plus cher que le devis, nous contestons", "price"),
        ("Nous contestons cette facture", "other"),
    ],
)
def test_dispute_has_its_reason(text, reason):
    found = proposal(text)
    assert found.label == "dispute"
    assert found.facts.dispute_reason == reason


def test_price_dispute_states_the_only_amount():
    found = proposal("Nous contestons 250 € de supplément, ce n'est pas le prix convenu")
    assert found.facts.amount == Money(25000)


def test_wrong_contact_and_absence_name_who_to_write_to():
    found = proposal("Je ne suis plus en charge, contactez plutôt Anne Roux : a.roux@x.example")
    assert found.label == "wrong_contact"
    assert found.facts.contact
    assert found.facts.contact.address == "a.roux@x.example"
    found = proposal("Je suis absent du bureau jusqu'au 12 décembre, écrivez à b@x.example")
    assert (found.label, found.facts.day) == ("absence", date(2026, 12, 12))
    assert found.facts.contact
    assert found.facts.contact.address == "b@x.example"


def test_two_intents_are_both_listed_and_ranked():
    found = proposal(
        "Je vous règle 600 € vendredi, mais il manque 4 cartons et je conteste le reste."
    )
    assert {one.label for one in found.intents[:2]} == {"promise", "dispute"}
    promise = next(one for one in found.intents if one.label == "promise")
    assert (promise.facts.amount, promise.facts.day) == (Money(60000), date(2026, 11, 27))
    percents = [one.confidence_pct for one in found.intents]
    assert percents == sorted(percents, reverse=True)


def test_evidence_is_the_words_of_the_text():
    text = "Bonjour,\nje vous ferai le virement vendredi.\nBonne journée"
    shown = [text[start:end] for start, end in proposal(text).spans]
    assert any("vendredi" in one for one in shown)
    assert not any("Bonne" in one for one in shown)
    for intent in proposal(text).intents:
        assert list(intent.spans) == sorted(intent.spans)
        assert all(0 <= start < end <= len(text) for start, end in intent.spans)


def test_words_without_meaning_are_unsure_but_show_candidates():
    found = proposal("xyzzy plugh 12345 foo")
    assert found.label == "unsure"
    assert found.intents
    assert found.spans == ()


def test_nothing_written_is_unsure():
    assert (proposal("").label, proposal(" \n").intents) == ("unsure", ())


def test_reply_is_judged_by_its_own_words_only():
    mail = read_mail((SAMPLES / "reply-outlook-fr.eml").read_bytes())
    found = classify(mail, on=date(2026, 11, 19))
    assert "contestez" in mail.quoted
    assert found.label == "promise"
    assert "dispute" not in {one.label for one in found.intents}
    assert found.facts.amount == Money(125050)  # not the 3 000,00 € of the letter
    assert found.facts.day == date(2026, 11, 20)
    mail = read_mail((SAMPLES / "reply-mobile-orange.eml").read_bytes())
    assert classify(mail, on=ON).label == "needs_copy"


def test_automatic_absence_is_one_whatever_its_words():
    mail = read_mail((SAMPLES / "auto-absence-fr.eml").read_bytes())
    found = classify(mail, on=date(2026, 11, 16))
    assert (found.label, found.facts.day) == ("absence", date(2026, 12, 13))
    assert found.facts.contact


def test_an_automatic_answer_may_say_that_somebody_has_left():
    words = "Je ne fais plus partie de la société. Merci de contacter compta@client.example."
    head = "From: a@client.example\nSubject: Re: Rappel\nAuto-Submitted: auto-replied\n\n"
    found = classify(read_mail(f"{head}{words}".encode()), on=ON)
    assert found.label == "wrong_contact"
    assert found.facts.contact.address == "compta@client.example"


@pytest.mark.parametrize("name", ["bounce-qmail-fr", "receipt", "complaint", "list", "auto-ticket"])
def test_machine_mail_proposes_nothing(name):
    found = classify(read_mail((SAMPLES / f"{name}.eml").read_bytes()), on=ON)
    assert (found.label, found.intents) == ("unsure", ())


def test_language_is_guessed_unless_it_is_said():
    assert proposal("Le virement part vendredi").language == "fr"
    assert proposal("I will pay 5/12", language="fr").facts.day == date(2026, 12, 5)
    assert proposal("I will pay on 5/12").facts.day is None


def test_weights_survive_their_file():
    model = shipped()
    again = Model.from_text(model.to_text())
    assert again.to_text() == model.to_text()
    assert len(model.bias) == len(LABELS)
    assert model.percent(0.0) == 0
    percents = [model.percent(step / 20) for step in range(21)]
    assert percents == sorted(percents)


def test_words_of_one_meaning_speak_for_one_another():
    for words in (("reglerons", "settling"), ("colis", "parcels"), ("mensualites", "instalments")):
        assert concepts_of(words[0]) & concepts_of(words[1]), words
    names = {name for name, _, _ in features("Le colis est cassé. Je refuse de payer.")}
    assert {"k:defect+goods", "k:me+refuse"} <= names
    assert "k:goods+refuse" not in names  # of two sentences


def test_short_text_has_no_sentences():
    assert sentences("Je paie lundi") == []
    text = "Je paie lundi matin. La machine est en panne."
    assert [text[start:end].strip() for start, end in sentences(text)] == [
        "Je paie lundi matin.", "La machine est en panne.",
    ]  # fmt: skip


def test_measured_texts_bear_out_the_published_figures():
    """docs/replies.md is made from these texts and weights: counted again here."""
    from scripts.train_replies import examples

    measured, trained = examples("_measured"), {one.text for one in examples()}
    assert len(measured) > 200
    trained |= {one.text for one in examples("_calibrate")}
    assert not trained & {one.text for one in measured}
    said = [(one, proposal(one.text, language=one.language)) for one in measured]
    sure = [(one, found) for one, found in said if found.label != "unsure"]
    right = sum(found.label in one.labels for one, found in sure)
    document = (ROOT / "docs" / "replies.md").read_text("utf-8")
    published = re.search(
        r"Both languages.*?for (\d+) of (\d+) \([^)]*\), and is right for (\d+)", document, re.S
    )
    assert published
    assert [int(one) for one in published.groups()] == [len(sure), len(measured), right]
    assert right >= 0.85 * len(sure)


def test_long_letter_disputes_and_promises_and_keeps_the_amounts_apart():
    found = proposal(
        "Bonjour Madame,\n\nNous faisons suite à votre relance du 12/11/2026 concernant la facture "
        "FA-2231 d'un montant de 4 512,80 €. Cette facture comprend 12 palettes alors que seulement 9 "
        "nous ont été livrées le 3 octobre. Nous demandons donc un avoir de 1 128,20 €. Le solde sera "
        "réglé le 5 décembre.\n\nBien cordialement"
    )
    promise = next(one for one in found.intents if one.label == "promise")
    assert "dispute" in {one.label for one in found.intents}
    assert (promise.facts.day, promise.facts.amount) == (date(2026, 12, 5), None)
