"""What mail servers and absent people's mailboxes write, with or without machine-readable parts."""

from __future__ import annotations


def m(sender: str, subject: str, body: str, extra: str = "") -> bytes:
    """A plain mail of a machine."""
    return (
        f"From: {sender}\nTo: compta@vauban.example\nSubject: {subject}\n{extra}"
        f"Content-Type: text/plain; charset=utf-8\n\n{body}"
    ).encode()


COPY = "\n\nReturn-path: <compta@vauban.example>\nMessage-ID: <m1@vauban.example>\nTo: ap@client.example\nSubject: Relance\n\nBonjour"
REPORTS = {
    "exim": m(
        "Mail Delivery System <Mailer-Daemon@mx.vauban.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ap@client.example\n    host mx.client.example [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<ap@client.example>:\n    550 5.1.1 <ap@client.example>: Recipient address rejected: User unknown\n\n------ This is a copy of the message, including all the headers. ------"
        + COPY,
        "X-Failed-Recipients: ap@client.example\nAuto-Submitted: auto-replied\n",
    ),
    "exim delay": m(
        "Mail Delivery System <Mailer-Daemon@mx.vauban.example>",
        "Warning: message 1abc delayed 24 hours",
        "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.vauban.example.\n\nThe following address(es) have not yet been delivered:\n  ap@client.example\n    Delay reason: connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.",
    ),
    "qmail": m(
        "MAILER-DAEMON@mx.vauban.example",
        "failure notice",
        "Hi. This is the qmail-send program at mx.vauban.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ap@client.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 No such user here\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message."
        + COPY,
        "Return-Path: <>\n",
    ),
    "qmail quota": m(
        "MAILER-DAEMON@mx.vauban.example",
        "failure notice",
        "Hi. This is the qmail-send program at yahoo.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<ap@client.example>:\nThe users mailfolder is over the allowed quota (size). (#5.2.2)\n\n--- Below this line is a copy of the message."
        + COPY,
    ),
    "sendmail": m(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.vauban.example>",
        "Returned mail: see transcript for details",
        "The original message was received at Mon, 3 Nov 2026 10:12:00 +0100\nfrom localhost\n\n   ----- The following addresses had permanent fatal errors -----\n<ap@client.example>\n    (reason: 550 5.1.1 <ap@client.example>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.client.example.:\n>>> RCPT To:<ap@client.example>\n<<< 550 5.1.1 <ap@client.example>... User unknown\n550 5.1.1 <ap@client.example>... User unknown\n",
    ),
    "postfix": m(
        "MAILER-DAEMON@mx.vauban.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.vauban.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n<ap@client.example>: host mx.client.example[192.0.2.1] said: 552 5.2.2 Mailbox\n    full (in reply to RCPT TO command)\n",
    ),
    "gmail": m(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to ap@client.example because the address couldn't be found, or is unable to receive mail.\n\nLearn more here: https://support.example/?p=NoSuchUser\n\nThe response was:\n\n550 5.1.1 The email account that you tried to reach does not exist.",
    ),
    "gmail fr": m(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Delivery Status Notification (Failure)",
        "** Adresse introuvable **\n\nVotre message n'est pas parvenu à ap@client.example, car l'adresse est introuvable ou ne peut pas recevoir de messages.\n\nLa réponse était :\n\n550 5.1.1 The email account that you tried to reach does not exist.",
    ),
    "gmail de": m(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Delivery Status Notification (Failure)",
        "** Die Adresse wurde nicht gefunden **\n\nIhre Nachricht wurde nicht an ap@client.example zugestellt, weil die Adresse nicht gefunden wurde oder keine E-Mails empfangen kann.\n\nAntwort:\n\n550 5.1.1 The email account that you tried to reach does not exist.",
    ),
    "gmail delay": m(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Delivery Status Notification (Delay)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to ap@client.example. Gmail will retry for 47 more hours. You'll be notified if the delivery fails permanently.\n\nThe response was:\n\nThe recipient server did not accept our requests to connect.",
    ),
    "o365": m(
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vauban.example>",
        "Undeliverable: Relance",
        "Your message to ap@client.example couldn't be delivered.\n\nap wasn't found at client.example.\n\ncompta\tOffice 365\tap\nAction Required\t\tRecipient\nUnknown To address\n\nHow to Fix It\nThe address may be misspelled or may not exist.\n\nStatus code: 550 5.1.10\n",
    ),
    "o365 fr": m(
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vauban.example>",
        "Non remis : Relance",
        "Votre message n'a pas pu être remis à ap@client.example.\n\nap est introuvable dans client.example.\n\nCode d'état : 550 5.1.10\n",
    ),
    "o365 de": m(
        "Microsoft Outlook <MicrosoftExchange329e@vauban.example>",
        "Unzustellbar: Mahnung",
        "Ihre Nachricht an ap@client.example konnte nicht zugestellt werden.\n\nap wurde unter client.example nicht gefunden.\n\nStatuscode: 550 5.1.10\n",
    ),
    "o365 es": m(
        "Microsoft Outlook <MicrosoftExchange329e@vauban.example>",
        "No se puede entregar: Aviso",
        "No se pudo entregar el mensaje a ap@client.example.\n\nNo se encontró ap en client.example.\n\nCódigo de estado: 550 5.1.10\n",
    ),
    "exchange fr": m(
        "Administrateur système <postmaster@client.example>",
        "Non remis : Relance",
        "Échec de la remise pour ces destinataires ou groupes :\n\nap@client.example\nL'adresse de messagerie que vous avez entrée n'a pas été trouvée. Vérifiez l'adresse de messagerie du destinataire et réessayez d'envoyer le message.\n\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
    ),
    "zimbra": m(
        "MAILER-DAEMON@mail.client.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mail.client.example.\n\n<ap@client.example>: host mail.client.example[192.0.2.1] said: 452 4.2.2 Over\n    quota (in reply to RCPT TO command)",
    ),
    "lotus": m(
        "Postmaster@client.example",
        "DELIVERY FAILURE: User ap (ap@client.example) not listed in Domino Directory",
        "Your message\n\n  Subject: Relance\n\nwas not delivered to:\n\n  ap@client.example\n\nbecause:\n\n  User ap (ap@client.example) not listed in Domino Directory\n",
    ),
    "ses": m(
        "MAILER-DAEMON@eu-west-1.amazonses.example",
        "Delivery Status Notification (Failure)",
        "An error occurred while trying to deliver the mail to the following recipients:\nap@client.example",
    ),
    "free fr": m(
        "Mail Delivery System <MAILER-DAEMON@smtp.free.example>",
        "Message non distribué",
        "Votre message n'a pas pu être distribué au destinataire suivant :\n\n<ap@client.example>: boîte aux lettres pleine",
    ),
    "orange": m(
        "MAILER-DAEMON@orange.example",
        "Echec de remise de votre message",
        "Bonjour,\nLe message envoyé à ap@client.example n'a pas pu être remis : adresse inconnue.\nOFR_416 Adresse d au moins un destinataire invalide.",
    ),
    "left": m(
        "postmaster@client.example",
        "Votre message n'a pas été distribué",
        "La boîte de ap@client.example a été désactivée car le collaborateur a quitté la société.",
    ),
    "gmx": m(
        "GMX Mailer Daemon <mailer-daemon@gmx.example>",
        "Mail delivery failed: returning message to sender",
        "Diese Nachricht wurde automatisch erzeugt.\n\nFolgende Adressen konnten nicht erreicht werden:\n\nap@client.example:\nSMTP error from remote server for RCPT TO command, host: mx.client.example reason: 550 User unknown",
    ),
    "it": m(
        "Mail Delivery System <MAILER-DAEMON@x.example>",
        "Mancata consegna del messaggio",
        "Il messaggio non può essere consegnato a ap@client.example: utente sconosciuto",
    ),
    "barracuda": m(
        "postmaster@client.example",
        "Delivery Status Notification (Failure)",
        "The following message to <ap@client.example> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 554-'Service unavailable; Client host [192.0.2.9] blocked using spamhaus'",
    ),
    "groupwise": m(
        "Mailer-Daemon@client.example",
        "Message status - undeliverable",
        "The message that you sent was undeliverable to the following:\n\tap (user not found)\n\nPossibly truncated original message follows:\nTo: ap@client.example\nMessage-ID: <m1@vauban.example>",
    ),
    "mimecast": m(
        "postmaster@client.example",
        "[Postmaster] Email Delivery Failure",
        "This is a delivery failure notification message indicating that\nan email you addressed to email address :\n-- ap@client.example\n\ncould not be delivered. The problem appears to be :\n-- Recipient email server rejected the message\n\nAdditional information follows :\n-- 5.1.1 User unknown",
    ),
}

AU = "Auto-Submitted: auto-replied\n"
OUT = "X-Auto-Response-Suppress: All\n"
ANSWERS = {
    "fr": m(
        "ap@client.example",
        "Réponse automatique : Relance",
        "Bonjour,\n\nJe suis absente du 23 novembre au 4 décembre inclus. En cas d'urgence, contactez Paul Roy (paul.roy@client.example).\n",
        OUT,
    ),
    "fr2": m(
        "ap@client.example",
        "Absence du bureau",
        "Bonjour, je suis en congés et serai de retour le lundi 7 décembre.",
        AU,
    ),
    "fr3": m("ap@client.example", "Re: Relance", "En congé jusqu'au 30/11/2026", AU),
    "fr4": m(
        "ap@client.example",
        "Je suis absent(e) Re: Relance",
        "Je serai absent(e) à partir du 20/11/2026 de retour le 02/12/2026.\nJe répondrai à votre message dès mon retour.",
        "",
    ),
    "en": m(
        "ap@client.example",
        "Automatic reply: Reminder",
        "Thank you for your email. I am out of the office until Monday 30 November with no access to email. For urgent matters contact jo@client.example.",
        OUT,
    ),
    "en2": m(
        "ap@client.example",
        "Out of Office: Reminder",
        "I'm on annual leave returning on 3rd December 2026.",
        "",
    ),
    "en3": m(
        "ap@client.example",
        "Out of office Re: x",
        "I will be out of the office starting 11/20/2026 and will not return until 12/02/2026.",
        "",
    ),
    "en4": m("ap@client.example", "Automatic reply", "I am away from Nov 23 through Dec 1.", OUT),
    "de": m(
        "ap@client.example",
        "Automatische Antwort: Mahnung",
        "Guten Tag,\n\nich bin bis einschließlich 4. Dezember 2026 nicht im Büro. In dringenden Fällen wenden Sie sich bitte an kollege@client.example.",
        OUT,
    ),
    "de2": m(
        "ap@client.example",
        "Abwesenheitsnotiz: Mahnung",
        "Ich bin vom 23.11.2026 bis 04.12.2026 im Urlaub.",
        "",
    ),
    "de3": m(
        "ap@client.example",
        "Abwesenheit Re: x",
        "Ich bin ab dem 7. Dezember wieder erreichbar.",
        AU,
    ),
    "es": m(
        "ap@client.example",
        "Respuesta automática: Aviso",
        "Estoy fuera de la oficina hasta el 4 de diciembre de 2026. Para urgencias, contacte con otro@client.example.",
        OUT,
    ),
    "es2": m(
        "ap@client.example",
        "Fuera de la oficina Re: Aviso",
        "Estaré de vacaciones del 23 de noviembre al 4 de diciembre. Vuelvo el lunes 7 de diciembre.",
        "",
    ),
    "it": m(
        "ap@client.example",
        "Risposta automatica: Avviso",
        "Sono fuori ufficio fino al 4 dicembre 2026.",
        OUT,
    ),
    "nl": m(
        "ap@client.example",
        "Automatisch antwoord: x",
        "Ik ben afwezig tot en met 4 december 2026.",
        OUT,
    ),
    "ticket": m(
        "support@client.example",
        "[Ticket #45871] Re: Relance",
        "Votre demande a bien été enregistrée sous le numéro 45871.",
        AU,
    ),
    "ticket en": m(
        "helpdesk@client.example",
        "Re: Reminder [CASE-8871]",
        "Thank you for contacting us. Your request has been received.",
        AU,
    ),
    "chal": m(
        "MailInBlack <noreply@client.example>",
        "Re: Relance",
        "Votre message est en attente. Pour que votre email soit délivré, cliquez ici pour vous authentifier.",
        "",
    ),
    "chal boxbe": m(
        "ap@client.example",
        "Re: Reminder (Action Required)",
        'Hello,\nYour message about "Reminder" was waitlisted. Please add yourself to my Guest List so your messages will be delivered to my Inbox. Use the link below.\nhttps://www.boxbe.example/crs?tc=1',
        AU,
    ),
    "chal es": m(
        "noreply@spamarrest.example",
        "Re: Reminder (verification)",
        "Please click the link below to complete the verification process.",
        "",
    ),
    "human": m(
        "ap@client.example",
        "Re: Relance",
        "Je suis absente cette semaine, je paie lundi.",
        "In-Reply-To: <m1@vauban.example>\n",
    ),
    "human ooo": m(
        "ap@client.example",
        "Re: Relance",
        "Out of office today, will pay tomorrow",
        "In-Reply-To: <m1@vauban.example>\n",
    ),
    "changed": m(
        "ap@client.example",
        "Changement d'adresse Re: Relance",
        "Bonjour, cette adresse n'est plus valide. Merci d'écrire à nouveau@client.example.",
        AU,
    ),
}
