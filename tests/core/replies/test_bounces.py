"""Delivery reports, standard and not: who was refused, why, and whether the address is dead."""

from __future__ import annotations

import pytest

from amiable.core.replies import read_mail
from amiable.core.replies.bounce_reasons import outcome_of, reason_of, status_in
from amiable.core.replies.bounces import MAX_RECIPIENTS
from tests.core.replies.mutations import SAMPLES


def facts(mail):
    return [(one.recipient, one.outcome, one.status, one.reason) for one in mail.recipients]


def sample(name):
    return read_mail((SAMPLES / f"{name}.eml").read_bytes())


def test_qmail_in_french_names_two_recipients_with_their_own_reasons():
    found = sample("bounce-qmail-fr")
    assert facts(found) == [
        ("gerant@menuiserie-duval.example", "hard", "5.1.1", "unknown_address"),
        ("compta@menuiserie-duval.example", "soft", "5.2.2", "mailbox_full"),
    ]
    assert found.returned_id == "rappel-2026-118@creances.example"


def test_delay_is_no_bounce_of_the_address():
    found = sample("bounce-postfix-delayed")
    assert facts(found) == [("achats@garage-nord.example", "delayed", "4.4.1", "unreachable")]
    assert found.returned_id == "rappel-2026-131@creances.example"


def test_exchange_report_in_html_alone_is_read():
    found = sample("bounce-exchange-fr")
    assert facts(found) == [("m.lefevre@clinique.example", "hard", "5.1.10", "unknown_address")]
    assert found.returned_id == "rappel-2026-204@creances.example"


def test_spam_filter_with_a_code_of_its_own_leaves_the_address_alive():
    found = sample("bounce-spam-free")
    assert facts(found) == [
        ("lucie.morel@fai.example", "soft", "5.5.0", "blocked_as_spam"),
        ("liste@fai.example", "expanded", "2.0.0", ""),
    ]
    assert found.recipients[0].final_recipient == "lmorel2@stockage.fai.example"


def bounce(text, sender="MAILER-DAEMON@mx.example", subject="Undelivered Mail", **headers):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\n".join([f"From: {sender}", "To: us@ours.example", f"Subject: {subject}", *lines])
    return read_mail(f"{head}\n\n{text}".encode())


COPY = "\n\n----- Original message -----\nMessage-ID: <m1@ours.example>\nTo: copy@x.example\n"
REPORTS = {
    "postfix": ("<a@x.example>: host mx.x.example[192.0.2.1] said: 550 5.1.1 <a@x.example>: Recipient address rejected: User unknown (in reply to RCPT TO)\nYour message could not be delivered.", "hard", "5.1.1", "unknown_address"),
    "exim": ("A message that you sent could not be delivered. The following address(es) failed:\n\n  a@x.example\n    Unrouteable address", "hard", "", "unknown_address"),
    "exim retry": ("could not be delivered\n\n  a@x.example\n    retry timeout exceeded", "soft", "", "unreachable"),
    "sendmail": ("   ----- The following addresses had permanent fatal errors -----\n<a@x.example>\n    (reason: 553 5.3.0 <a@x.example>... No such user here)", "hard", "5.3.0", "unknown_address"),
    "sendmail delay": ("    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n\nThe original message was received\n----- The following addresses had transient non-fatal errors -----\n<a@x.example>\n\nDeferred: Connection timed out\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old", "delayed", "", "unreachable"),
    "gmail": ("** Address not found **\n\nYour message wasn't delivered to a@x.example because the address couldn't be found, or is unable to receive mail.\n\nThe response was:\n550 5.1.1 The email account that you tried to reach does not exist.", "hard", "5.1.1", "unknown_address"),
    "gmail delay": ("** Delivery incomplete **\n\nThere was a temporary problem delivering your message to a@x.example. Gmail will retry for 46 more hours.", "delayed", "", "unreachable"),
    "exchange": ("Delivery has failed to these recipients or groups:\n\nAnne (a@x.example)\nThe recipient's mailbox is full and can't accept messages now.\n\nDiagnostic information for administrators:\na@x.example\nRemote Server returned '554 5.2.2 mailbox full; STOREDRV.Deliver'", "soft", "5.2.2", "mailbox_full"),
    "exchange size": ("Your message to a@x.example couldn't be delivered.\nThe message is larger than the current system limit. 550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", "soft", "5.2.3", "over_size"),
    "notes": ("Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  a@x.example\n\nbecause:\n\n  User a (a@x.example) not listed in public Name & Address Book", "hard", "", "unknown_address"),
    "yahoo": ("Sorry, we were unable to deliver your message to the following address.\n\n<a@x.example>:\nRemote host said: 554 delivery error: dd This user doesn't have a x.example account [0] - mta1", "hard", "5.0.0", "unknown_address"),
    "orange spam": ("could not be delivered\n<a@orange.example>: host smtp-in.orange.example said: 550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", "soft", "5.2.0", "blocked_as_spam"),
    "orange address": ("could not be delivered\n<a@orange.example>: 550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416", "hard", "5.1.1", "unknown_address"),
    "laposte blocked": ("could not be delivered\n<a@laposte.example>: 550 5.5.0 Le compte du destinataire est bloque. LPN007_426", "soft", "5.5.0", "account_disabled"),
    "free full": ("could not be delivered\n<a@free.example>: 452 4.2.2 Quota exceeded", "soft", "4.2.2", "mailbox_full"),
    "sfr policy": ("could not be delivered\n<a@sfr.example>: 550 5.7.1 SPF check failed, message rejected", "soft", "5.7.1", "policy"),
    "greylisted": ("could not be delivered\n<a@x.example>: 451 4.7.1 Greylisting in action, please try again", "soft", "4.7.1", "unreachable"),
    "french": ("Votre message n'a pas pu être remis au destinataire suivant :\n\na@x.example\n\nUtilisateur inconnu", "hard", "", "unknown_address"),
    "french full": ("Le message n'a pas été distribué.\nDestinataire : a@x.example\nMotif : boîte aux lettres pleine", "soft", "", "mailbox_full"),
    "aol": ("Your mail to the following recipients could not be delivered because they are not accepting mail from you:\na@x.example", "soft", "", "policy"),
}  # fmt: skip


@pytest.mark.parametrize("program", REPORTS)
def test_report_in_words_is_understood(program):
    text, outcome, status, reason = REPORTS[program]
    found = bounce(text + COPY)
    assert found.kind == "bounce"
    assert [(one.outcome, one.status, one.reason) for one in found.recipients] == [
        (outcome, status, reason)
    ]
    assert found.recipients[0].recipient.startswith("a@")
    assert found.returned_id == "m1@ours.example"


def test_recipient_comes_from_the_header_or_from_the_copy_at_last():
    text = "Your message could not be delivered."
    assert (
        facts(bounce(text, X_Failed_Recipients="a@x.example, b@x.example"))[1][0] == "b@x.example"
    )
    assert facts(bounce(text + COPY))[0][0] == "copy@x.example"
    assert bounce(text).recipients == ()
    returned = (
        b"From: mailer-daemon@x.example\nSubject: failure notice\nContent-Type: multipart/mixed; "
        b"boundary=b\n\n--b\n\ncould not be delivered\n--b\nContent-Type: %s\n\n"
        b"%sTo: c@x.example\nMessage-ID: <m2@ours.example>\n\nx\n--b--"
    )
    for kind in (b"message/rfc822", b"text/rfc822-headers"):
        found = read_mail(returned % (kind, b""))
        assert (facts(found)[0][0], found.returned_id) == ("c@x.example", "m2@ours.example")


def test_report_of_what_we_sent_to_ourselves_names_us():
    text = "Your message could not be delivered.\n\nus@ours.example:\n550 user unknown"
    assert facts(bounce(text))[0][:2] == ("us@ours.example", "hard")


def test_report_without_a_daemon_needs_nobody_as_sender_or_a_recipient():
    text = "Your message could not be delivered.\n<a@x.example>: user unknown"
    assert bounce(text, sender="it@x.example", Return_Path="<>").kind == "bounce"
    assert bounce(text, sender="it@x.example").kind == "bounce"
    assert bounce(text, sender="it@x.example", subject="Re: Undelivered Mail").kind == "reply"
    assert bounce("Nous paierons lundi", sender="it@x.example").kind == "reply"
    assert bounce("Nous paierons lundi", sender="it@x.example", subject="x").kind == "reply"


def test_empty_standard_report_falls_back_on_the_words():
    raw = (
        b"From: mailer-daemon@x.example\nSubject: failure notice\nContent-Type: multipart/report; "
        b"boundary=b\n\n--b\n\n<a@x.example>: user unknown\n--b\nContent-Type: "
        b"message/delivery-status\n\nReporting-MTA: dns; x\n--b--"
    )
    assert facts(read_mail(raw)) == [("a@x.example", "hard", "", "unknown_address")]


def test_status_without_diagnostic_is_explained_by_the_text():
    raw = (
        b"From: mailer-daemon@x.example\nContent-Type: multipart/report; boundary=b\n\n--b\n\n"
        b"The mailbox of your correspondent is full.\n--b\nContent-Type: message/delivery-status\n\n"
        b"Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.0.0\n--b--"
    )
    assert facts(read_mail(raw)) == [("a@x.example", "soft", "5.0.0", "mailbox_full")]


def test_recipients_are_limited():
    text = "could not be delivered\n" + "\n".join(f"<u{i}@x.example>: 550" for i in range(200))
    assert len(bounce(text).recipients) == MAX_RECIPIENTS


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.1", "unknown_address"), ("5.2.1", "account_disabled"), ("4.2.2", "mailbox_full"),
        ("5.2.3", "over_size"), ("5.7.1", "policy"), ("4.4.7", "unreachable"), ("5.3.0", "system"),
        ("5.0.0", ""), ("", ""),
    ],
)  # fmt: skip
def test_code_decides_where_words_are_silent(status, reason):
    assert reason_of("?", status) == reason


def test_name_of_a_mailbox_is_no_reason():
    assert reason_of("550 <spam-quota@unknown.example> no") == ""


def test_status_is_read_or_implied():
    assert status_in("550 5.1.1 no") == "5.1.1"
    assert status_in("said: 452 later") == "4.0.0"
    assert status_in("192.5.1.1 and 5.1.1.9") == ""


def test_soft_and_delayed_are_never_hard():
    for status in ("4.1.1", "4.0.0", "4.4.1"):
        assert outcome_of(status, "unknown_address") == "soft"
    assert outcome_of("5.1.1", "unknown_address", words="we will keep trying") == "delayed"
    assert outcome_of("5.1.1", "unknown_address", words="given up; we will not retry") == "hard"
    assert outcome_of("", "unknown_address") == "hard"
    assert outcome_of("5.2.2", "mailbox_full") == "soft"
    # Who does not say why may take the next message.
    assert outcome_of("5.0.0", "") == "soft"


# Said by servers of whole regions: what blames the sender or the server marks no address.
SAID = [
    ("554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: cannot find your hostname", "soft", "policy"),
    ("554 5.7.1 <mx.acme.example>: Helo command rejected: Host not found", "soft", "policy"),
    ("554 5.7.1 <a.example[192.0.2.7]:49309>: Client host rejected: #216 lpn LPN000_630", "soft", "policy"),
    ("553 5.1.8 <us@ours.example>... Domain of sender address us@ours.example does not exist", "soft", "policy"),
    ("SMTP error from remote mail server after MAIL FROM:<us@ours.example>: 550 No such domain", "soft", "policy"),
    ("550 5.1.7 No such domain ours.example", "soft", "policy"),
    ("550 Unroutable sender address", "soft", "policy"),
    ("554 Email rejected due to security policies - https://mimecast.example/DOC-1369#554", "soft", "policy"),
    ("554 email rejected due to security policies - MCSpamSignature.sa.2.2", "soft", "blocked_as_spam"),
    ("554 Host network not allowed - https://mimecast.example/DOC-1369#554", "soft", "policy"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.7]", "soft", "blocked_as_spam"),
    ("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed", "soft", "policy"),
    ("421 4.2.1 Service refuse. Veuillez essayer plus tard. LPN006_107", "soft", "policy"),
    ("550 5.2.0 Message Filtered", "soft", "blocked_as_spam"),
    ("552 Mail size limit exceeded", "soft", "over_size"),
    ("554 Service currently unavailable", "soft", "system"),
    ("503 Improper sequence of commands", "soft", "system"),
    ("554 mx.example ESMTP not accepting connections", "soft", "unreachable"),
    ("all hosts for 'acme.example' have been failing for a long time (and retry time not reached)", "soft", "unreachable"),
    ("Name service error for name=acme.example type=MX: Host not found, try again", "soft", "unreachable"),
    ("Envelope expired", "soft", "unreachable"),
    ("550 Rejected", "soft", ""),
    ("Le compte a été clôturé", "soft", "account_disabled"),
    ("Message refusé : considéré comme indésirable", "soft", "blocked_as_spam"),
    ("Vous n’êtes pas autorisé à écrire à ce destinataire", "soft", "policy"),
    ("Name service error for name=acme.example type=AAAA: Host not found", "hard", "unknown_address"),
    ("Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)", "hard", "unknown_address"),
    ("556 5.1.10 Host does not accept mail", "hard", "unknown_address"),
    ("550 Invalid Recipient - https://mimecast.example/DOC-1369#550", "hard", "unknown_address"),
    ("Invalid final delivery userid: ap@client.example", "hard", "unknown_address"),
    ("This address no longer accepts mail.", "hard", "unknown_address"),
    ("User jdupont (jdupont@acme.example) not listed in Domino Directory", "hard", "unknown_address"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "outcome", "reason"), SAID)
def test_only_what_blames_the_address_is_hard(words, outcome, reason):
    status = status_in(words)
    found = reason_of(words, status)
    assert (outcome_of(status, found, words=words), found) == (outcome, reason)


def test_who_could_not_be_reached_is_found_where_servers_write_it():
    for words in (
        "There was an error delivering your mail to <a@x.example>.",
        "Delivery failed 20 attempts: a@x.example",
        "Invalid final delivery userid: userx@x.example",
        "The following recipients returned permanent errors: a@x.example. Reason: no",
        "User's mailbox is full: <a@x.example>\nUnable to deliver mail.",
        "The following recipient(s) could not be reached:\n\tRecipient: [SMTP:a@x.example]",
        "Error-for:  a@x.example\nError-Text: could not be delivered",
    ):
        found = bounce(words + COPY.replace("copy@", "zz@"))
        wanted = "userx@x.example" if "userx" in words else "a@x.example"
        assert [one.recipient for one in found.recipients] == [wanted], words


def test_a_server_that_notes_the_recipient_as_the_original_one_is_understood():
    words = "There was an error delivering your mail to <a@x.example>.\n\n550 5.1.1 User unknown"
    found = bounce(words, X_Original_To="<a@x.example>")
    assert facts(found) == [("a@x.example", "hard", "5.1.1", "unknown_address")]


def test_dots_behind_an_address_are_no_part_of_it():
    found = bounce("550 5.1.1 <a@x.example...User not found>: could not be delivered")
    assert [one.recipient for one in found.recipients] == ["a@x.example"]


TORN = b"""From: post_master@carrier.example
To: us@ours.example
In-Reply-To: <m1@ours.example>
Subject: Re:Rappel
Content-Type: multipart/mixed;
boundary="part"

--part
Content-Type: text/plain

Error: Invalid user address
550 - Requested action not taken: no such user here
  RCPT TO: a@x.example
--part--
"""


def test_parts_are_found_without_the_header_that_names_their_delimiter():
    found = read_mail(TORN)
    assert found.kind == "bounce"
    assert facts(found) == [("a@x.example", "hard", "5.0.0", "unknown_address")]


def test_a_multipart_without_parts_keeps_its_words():
    found = read_mail(b"From: a@x.example\nContent-Type: multipart/mixed\n\nJe paie vendredi.\n")
    assert (found.kind, found.text) == ("reply", "Je paie vendredi.")


def test_a_report_from_nobody_with_the_message_is_one_whatever_its_title():
    head = "Return-Path: <>\nFrom: no-reply@carrier.example\nTo: us@ours.example\nSubject: Mail\n"
    words = "Could not be delivered to: <a@x.example>\nAs their mailbox is full."
    back = "Content-Type: message/rfc822\n\nMessage-ID: <m1@ours.example>\nTo: a@x.example\n\nx"
    kind = 'Content-Type: multipart/mixed; boundary="p"\n\n'
    found = read_mail(f"{head}{kind}--p\n\n{words}\n--p\n{back}\n--p--\n".encode())
    assert facts(found) == [("a@x.example", "soft", "", "mailbox_full")]
    assert found.returned_id == "m1@ours.example"


def test_a_mailbox_that_refuses_in_the_shape_of_a_receipt_is_a_bounce():
    head = (
        "From: Mail Delivery Subsystem <postmaster@x.example>\nTo: us@ours.example\n"
        "Subject: Automatically rejected mail\nAuto-Submitted: auto-replied (rejected)\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=p\n\n"
    )
    words = "Your message to <a@x.example> was automatically rejected:\nQuota exceeded\n"
    told = (
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@x.example\n"
        "Original-Message-ID: <m1@ours.example>\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
    )
    found = read_mail(f"{head}--p\n\n{words}--p\n{told}--p--\n".encode())
    assert found.kind == "bounce"
    assert facts(found) == [("a@x.example", "soft", "", "mailbox_full")]
    assert found.returned_id == "m1@ours.example"


def test_a_delay_in_french_is_no_bounce_of_the_address():
    words = "Votre message pour a@x.example n'a pas encore pu être remis. Le serveur continuera d'essayer."
    found = bounce(words, subject="Message en attente")
    assert facts(found) == [("a@x.example", "delayed", "", "")]
