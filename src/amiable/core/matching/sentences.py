"""What the matching engine says for itself."""

from __future__ import annotations

from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "match.cited": gettext_noop("the remittance names {numbers}"),
        "match.cited_weakly": gettext_noop("the remittance may name {numbers}"),
        "match.structured": gettext_noop("the structured reference {reference} is valid"),
        "match.bad_structured": gettext_noop(
            "the structured reference {reference} has a wrong check key"
        ),
        "match.exact_one": gettext_noop("{amount} is exactly what is open on it"),
        "match.exact_set": gettext_noop("{amount} is exactly the sum of these {count} invoices"),
        "match.exact_netted": gettext_noop(
            "{amount} is exactly these invoices less the credit of {credit}"
        ),
        "match.exact_due": gettext_noop("{amount} is exactly everything due by the customer"),
        "match.exact_all": gettext_noop("{amount} is exactly everything open of the customer"),
        "match.exact_prefix": gettext_noop(
            "{amount} is exactly the {count} oldest invoices of the customer"
        ),
        "match.only_amount": gettext_noop("no other open invoice of the customer has this amount"),
        "match.other_exact": gettext_noop("{number} has exactly this amount"),
        "match.near": gettext_noop("{given} is {number} but for one character, or two swapped"),
        "match.tail": gettext_noop("the remittance names the end of {number}"),
        "match.month_named": gettext_noop("the remittance names the month"),
        "match.dated": gettext_noop("the remittance names the invoice of {date}"),
        "match.parted": gettext_noop("the remittance names {number}, parted by a space"),
        "match.tails": gettext_noop("the remittance names the ends of {numbers}"),
        "match.other_sets": gettext_noop(
            "other invoices of the customer together have the same sum: which is not said"
        ),
        "match.only_amount_anywhere": gettext_noop("no other open invoice has this amount"),
        "match.only_such": gettext_noop("no other open invoice of this amount has such a number"),
        "match.few_amounts": gettext_noop("{count} open invoices have this amount"),
        "match.same_amounts": gettext_noop(
            "several open invoices of the customer have this amount: which one is not said"
        ),
        "match.our_reference": gettext_noop(
            "the remittance carries the payment reference we gave {customer}"
        ),
        "match.virtual_iban": gettext_noop("it was paid to the virtual IBAN of {customer}"),
        "match.virtual_invoice": gettext_noop("it was paid to the virtual IBAN of {number}"),
        "match.virtual_reference": gettext_noop(
            "the remittance names {numbers} of {customer}: the reference disagrees, the virtual "
            "IBAN decides who has paid"
        ),
        "match.virtual_unknown": gettext_noop(
            "the remittance names {number}, which is not among the known invoices: the virtual "
            "IBAN decides who has paid"
        ),
        "match.virtual_payer": gettext_noop(
            "the payer looks like {customer}: the virtual IBAN decides for whom it has paid"
        ),
        "match.virtual_nobody": gettext_noop(
            "it was paid to the virtual IBAN {iban}, which stood for nobody on that day"
        ),
        "match.virtual_ended": gettext_noop(
            "it was paid to the virtual IBAN {iban}, which stood for {customer} until {date}"
        ),
        "match.virtual_closed": gettext_noop(
            "it was paid to the virtual IBAN {iban} of {customer}, which is closed since {date}"
        ),
        "match.veto_virtual": gettext_noop(
            "it was paid to the virtual IBAN of {customer}: another is not posted unasked"
        ),
        "match.iban_known": gettext_noop("{customer} is known to pay from this account"),
        "match.iban_shared": gettext_noop("several customers are known to pay from this account"),
        "match.name_same": gettext_noop("the payer's name is the name of {customer}"),
        "match.name_close": gettext_noop("the payer's name resembles {customer}"),
        "match.name_shared": gettext_noop("several customers bear the payer's name"),
        "match.code_cited": gettext_noop("the remittance names the customer {customer}"),
        "match.partial": gettext_noop("{amount} is a part of the {open} open: {left} stay due"),
        "match.over": gettext_noop(
            "{amount} is more than the {open} open: {left} would stay on the account"
        ),
        "match.subset": gettext_noop(
            "{amount} does not pay all the invoices named: a part is never posted unasked"
        ),
        "match.oldest_first": gettext_noop("spread over the oldest due invoices (C. civ. 1342-10)"),
        "match.rest_oldest_first": gettext_noop(
            "the rest goes to the oldest due invoices (C. civ. 1342-10)"
        ),
        "match.already_paid": gettext_noop(
            "{numbers} is already paid: a double payment is suspected"
        ),
        "match.books_confirmed": gettext_noop(
            "the accounts had already shown it as paid: this is that payment"
        ),
        "match.veto_iban": gettext_noop(
            "the account belongs to {customer}: the reference and the payer disagree"
        ),
        "match.veto_name": gettext_noop(
            "the payer's name is that of {customer}: the reference and the payer disagree"
        ),
        "match.veto_elsewhere": gettext_noop(
            "the remittance may name {number} of {customer}, which is open for just this amount"
        ),
        "match.veto_named": gettext_noop("the remittance names {customer}, another customer"),
        "match.part_said": gettext_noop("the remittance speaks of a part, or of a payment ahead"),
        "match.credit_unsaid": gettext_noop(
            "the remittance speaks of no credit, and other invoices may make the same amount"
        ),
        "match.late_discount": gettext_noop("what is missing is {rate} %: a discount, but late"),
        "match.large_fee": gettext_noop(
            "{left} is much of the invoice: it may be a part left unpaid"
        ),
        "match.begun_more": gettext_noop("another number begins in the remittance and is cut"),
        "match.round_part": gettext_noop("so round a sum may be a part payment"),
        "match.not_the_balance": gettext_noop(
            "the remittance names an invoice that is paid already: it may not mean the balance"
        ),
        "match.veto_unknown": gettext_noop(
            "the remittance names {number}, which is not among the known invoices"
        ),
        "match.veto_party": gettext_noop(
            "the amount is not exact and nothing but the reference tells who paid"
        ),
        "match.veto_not_payer": gettext_noop(
            "a person has given money of this payer to another than {customer} before"
        ),
        "match.veto_creditor": gettext_noop(
            "{customer} owes {creditor}, and the money came in on an account of {account}"
        ),
        "match.veto_refused": gettext_noop("a person has turned down a reading of this line"),
        "match.repeated": gettext_noop(
            "the same amount was received from this customer on {date}: it may be paid twice"
        ),
        "match.ambiguous": gettext_noop("several readings are equally good"),
        "match.several_customers": gettext_noop(
            "the remittance names invoices of several customers: {numbers}"
        ),
        "match.nothing": gettext_noop(
            "no reference, no known account and no customer of this name: nothing to go by"
        ),
        "match.no_open": gettext_noop("{customer} owes nothing: the money may be an advance"),
        "match.money_out": gettext_noop("money out, not a returned payment: no receivable"),
        "match.no_amount": gettext_noop("the line carries no amount"),
        "match.own_returned": gettext_noop("a payment of ours came back: no receivable"),
        "match.name_inside": gettext_noop("the remittance names {customer}"),
        "match.name_misspelt": gettext_noop("the payer's name is that of {customer}, misspelt"),
        "match.paid_before": gettext_noop("this payer has paid for {customer} before"),
        "match.cut_number": gettext_noop("{given} is the beginning of {number}"),
        "match.range": gettext_noop("the remittance names all from {first} to {last}"),
        "match.completed": gettext_noop("with {numbers}, and only with these, the amount is exact"),
        "match.only_set": gettext_noop("no other open invoices of the customer make this amount"),
        "match.cents": gettext_noop("{left} is missing: less than is worth asking for"),
        "match.over_cents": gettext_noop("{amount} is {left} more than the {open} open"),
        "match.discount": gettext_noop(
            "{left} is missing: a discount of {rate} % for paying early"
        ),
        "match.bank_fee": gettext_noop("{left} is missing, as a bank's fee would be"),
        "match.credit_differs": gettext_noop(
            "the remittance speaks of a credit note that does not make up the difference"
        ),
        "match.own_account": gettext_noop("it comes from an account of our own: no receivable"),
        "match.kind_tax": gettext_noop("the tax administration refunds: no receivable"),
        "match.kind_social": gettext_noop("a social security body: no receivable"),
        "match.kind_repaid": gettext_noop(
            "the payer gives back what it was paid too much: no receivable"
        ),
        "match.kind_payout": gettext_noop("takings by card or by a payment service: no receivable"),
        "match.kind_internal": gettext_noop("a transfer between our own accounts: no receivable"),
        "match.kind_interest": gettext_noop("interest of the bank: no receivable"),
        "match.kind_aid": gettext_noop("public aid: no receivable"),
        "match.kind_loan": gettext_noop("money that a bank lends: no receivable"),
        "match.kind_fees": gettext_noop("the bank's fees: no receivable"),
        "match.kind_cheques": gettext_noop(
            "cheques paid in as one sum: which invoices they pay is on their list"
        ),
        "match.kind_debits": gettext_noop(
            "direct debits collected as one sum: which invoices they pay is on their list"
        ),
        "match.kind_bills": gettext_noop(
            "bills of exchange collected as one sum: which invoices they pay is on their list"
        ),
        "match.return": gettext_noop("the bank took {amount} back, reason {reason}"),
        "match.return_end_to_end": gettext_noop(
            "it bears the end-to-end reference {reference} of the payment"
        ),
        "match.return_mandate": gettext_noop("it bears the mandate {reference} of the payment"),
        "match.return_cited": gettext_noop("it names {numbers}, which the payment had settled"),
        "match.return_party": gettext_noop("the payment came from {customer}, whom it names"),
        "match.return_amount": gettext_noop("the payment of {date} has the same amount"),
        "match.return_unknown": gettext_noop("no payment of this amount is known"),
    }
)
