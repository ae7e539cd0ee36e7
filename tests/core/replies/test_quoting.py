"""What the writer wrote himself is kept, what his mail program added is cut."""

from __future__ import annotations

import pytest

from amiable.core.replies import own_words, read_mail

QUOTED = "Bonjour, nous contestons tout et nous ne paierons pas."
ANNOUNCEMENTS = {
    "gmail fr": f"Le mar. 17 nov. 2026 à 09:00, Claire Simon <c@x.example> a écrit :\n\n{QUOTED}",
    "gmail fr wrapped": f"Le mar. 17 nov. 2026 à 09:00, Claire Simon <\nc@x.example> a écrit :\n\n> {QUOTED}",
    "gmail en": f"On Tue, Nov 17, 2026 at 9:00 AM Claire Simon <c@x.example> wrote:\n\n> {QUOTED}",
    "gmail quebec": f"Le mardi 17 novembre 2026, Claire Simon <c@x.example> a écrit :\n{QUOTED}",
    "apple fr": f"> Le 17 nov. 2026 à 09:00, Claire Simon <c@x.example> a écrit :\n> \n> {QUOTED}",
    "apple en": f"On 17 Nov 2026, at 09:00, Claire Simon <c@x.example> wrote:\n\n{QUOTED}",
    "thunderbird fr": f"Le 17/11/2026 à 09:00, Claire Simon a écrit :\n> {QUOTED}",
    "outlook fr": f"De : Claire Simon <c@x.example>\nEnvoyé : mardi 17 novembre 2026 09:00\nÀ : Luc\nObjet : Relance\n\n{QUOTED}",
    "outlook fr bold": f"*De :* Claire Simon\n*Envoyé :* mardi 17 novembre 2026 09:00\n*À :* Luc\n*Objet :* Relance\n\n{QUOTED}",
    "outlook fr spaced": f"De : Claire Simon\n\nEnvoyé : mardi 17 novembre\n\nÀ : Luc\n\nObjet : Relance\n\n{QUOTED}",
    "outlook en": f"From: Claire Simon\nSent: Tuesday, November 17, 2026 9:00 AM\nTo: Luc\nSubject: Reminder\n\n{QUOTED}",
    "outlook line": f"________________________________\nDe : Claire Simon\nEnvoyé : mardi\nÀ : Luc\nObjet : Relance\n\n{QUOTED}",
    "original message": f"-----Message d'origine-----\nDe : Claire\n{QUOTED}",
    "original message typographic": f"----- Message d’origine -----\n{QUOTED}",
    "original message en": f"-----Original Message-----\n{QUOTED}",
    "orange mobile": f"-------- Message d'origine --------\nDe : Claire <c@x.example>\nDate : 17/11/2026\n{QUOTED}",
    "orange webmail": f'> Message du 17/11/26 09:00\n> De : "Claire Simon"\n> A : luc@y.example\n> Objet : Relance\n> \n> {QUOTED}',
    "forwarded": f"---------- Forwarded message ---------\nDe : Claire\n{QUOTED}",
    "transferred": f"---------- Message transféré ---------\n{QUOTED}",
    "yahoo": f"Le mardi 17 novembre 2026 à 09:00:00 UTC+1, Claire Simon <c@x.example> a écrit :\n\n{QUOTED}",
    "named": f"Claire Simon <c@x.example> a écrit (17/11/2026) :\n\n{QUOTED}",
    "bare address": f"c@x.example wrote:\n{QUOTED}",
    "german": f"Am 17.11.2026 um 09:00 schrieb Claire Simon:\n> {QUOTED}",
    "italian": f"Il giorno mar 17 nov 2026 alle ore 09:00 Claire <c@x.example> ha scritto:\n{QUOTED}",
    "spanish": f"El mar, 17 nov 2026 a las 9:00, Claire (<c@x.example>) escribió:\n{QUOTED}",
    "dutch": f"Op di 17 nov. 2026 om 09:00 schreef Claire <c@x.example>:\n{QUOTED}",
    "exchange mobile": f"Envoyé depuis mon iPhone\n\nLe 17 nov. 2026 à 09:00, Claire <c@x.example> a écrit :\n\n{QUOTED}",
    "marked only": f"> {QUOTED}\n> Cordialement",
    "above this line": f"##- Répondez au-dessus de cette ligne -##\n{QUOTED}",
}


@pytest.mark.parametrize("style", ANNOUNCEMENTS)
def test_quoted_letter_is_cut(style):
    own, quoted = own_words(f"Je vous paie vendredi.\n\n{ANNOUNCEMENTS[style]}")
    assert own == "Je vous paie vendredi."
    assert "contestons" in quoted


ENDINGS = {
    "standard": "-- \nLuc Petit\nSARL au capital de 10 000 €",
    "underscores": "__\nListe compta\nhttp://x.example",
    "iphone": "Envoyé de mon iPhone",
    "android": "Envoyé à partir de Outlook pour Android<https://aka.ms/x>",
    "orange": "Envoyé depuis mon mobile Orange",
    "windows": "Provenance : Courrier pour Windows",
    "english": "Sent from my Samsung Galaxy smartphone.",
    "get outlook": "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "disclaimer": "Ce message et toutes les pièces jointes sont confidentiels. Si vous avez payé par erreur",
    "disclaimer en": "This e-mail and any attachments are confidential and intended solely for the addressee.",
    "environment": "Avant d'imprimer, pensez à l'environnement",
    "antivirus": "Garanti sans virus. www.avast.com",
    "name": "-Luc Petit",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_signature_and_disclaimer_are_cut(ending):
    own, cut = own_words(f"Je vous paie vendredi.\n\n{ENDINGS[ending]}")
    assert own == "Je vous paie vendredi."
    assert not cut or cut.split()[0] in ENDINGS[ending]


def test_farewell_keeps_the_name_and_loses_the_letterhead():
    own, cut = own_words(
        "Paiement prévu le 15.\n\nBien cordialement,\n\nAmélie Garnier\nComptable\n04 91 00 00 00\n"
    )
    assert own.endswith("Bien cordialement,\n\nAmélie Garnier")
    assert "04 91" in cut


def test_farewell_without_a_name_ends_the_text():
    assert own_words("Je paie lundi.\nCordialement")[0] == "Je paie lundi.\nCordialement"
    own, cut = own_words("Je paie lundi.\nCordialement\n\n\n\n04 91 00 00 00")
    assert own.endswith("Cordialement")
    assert "04 91" in cut


def test_postscript_behind_the_farewell_is_read():
    own, _ = own_words("Je paie lundi.\nCordialement\nLuc\nPS : la facture 12 est fausse")
    assert "la facture 12 est fausse" in own


def test_answers_between_quoted_lines_are_kept():
    own, quoted = own_words(
        "On 17/11/2026 09:00, Claire wrote:\n> When will you pay?\n\nMonday.\n\n> All of it?\n\nYes.\n"
    )
    assert own == "Monday.\n\nYes."
    assert "All of it?" in quoted


def test_long_quoted_line_torn_in_two_is_quoted():
    line = "> " + "nous vous rappelons que la somme reste due " * 2
    own, _ = own_words(f"Oui.\n\n{line}\net exigible\n> Cordialement")
    assert own == "Oui."


def test_gateway_banner_is_cut():
    own, _ = own_words(
        "ATTENTION : ce courriel provient de l'extérieur. Ne cliquez sur aucun lien.\n\nJe paie lundi."
    )
    assert own == "Je paie lundi."


def test_sentences_that_look_like_announcements_are_kept():
    for text in (
        "Attention, je n'ai pas reçu la facture.",
        "Le 15 décembre je vous fais le virement.",
        "De mon côté tout est réglé.",
        "On 3 December I will pay.",
        "Le comptable vous a écrit le 3, relisez son message.",
        "Objet : litige\nMa commande est incomplète.",
    ):
        assert own_words(text)[0] == text


def test_html_only_mail_is_text_without_scripts_and_hidden_text():
    raw = (
        b"Content-Type: text/html; charset=utf-8\n\n<html><head><title>t</title><style>p{}</style></head>"
        b"<body><!-- x --><p>Je paie <b>lundi</b> &amp; mardi.</p><ul><li>un</li><li>deux</li></ul>"
        b"<table><tr><td>a</td><td>b</td></tr></table><script>bad()</script>"
        b"<p style='display: none'>cach<span>ed</span></p>1 < 2<?php x ?><hr>"
        b'<div id="divRplyFwdMsg"><b>De :</b> Claire</div><p>nous contestons</p></body>'
    )
    mail = read_mail(raw)
    assert mail.text == "Je paie lundi & mardi.\n\n- un\n- deux\n\na b\n\n1 < 2"
    assert "contestons" in mail.quoted
    assert "bad" not in mail.full_text
    assert "cach" not in mail.full_text


def test_unclosed_markup_ends_with_the_text():
    for html in ("a<!-- b", "a<script>b", "a<!DOCTYPE", "a<", "a</script x"):
        assert read_mail(b"Content-Type: text/html\n\n" + html.encode()).text.startswith("a")
