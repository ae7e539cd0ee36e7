"""Words of months, weekdays and numbers, folded, and the patterns that find them.

French and English; German, Spanish, Italian and Dutch months and days too, for absences.
"""

from __future__ import annotations

_MONTH_NAMES = (
    "janvier janv jan january januar enero gennaio januari",
    "fevrier fevr fev february feb februar febrero febbraio februari",
    "mars march mar marz marzo maart",
    "avril avr april apr abril aprile",
    "mai may mayo maggio mei",
    "juin june jun juni junio giugno",
    "juillet juil july jul juli julio luglio",
    "aout august aug agosto augustus",
    "septembre sept september sep septiembre settembre",
    "octobre oct october oktober octubre ottobre okt",
    "novembre nov november noviembre",
    "decembre dec december dezember diciembre dicembre dez dic",
)  # Of absences too, which come in the languages of the neighbors.
MONTHS = {name: i for i, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_DAY_NAMES = (
    "lundi lun monday mon montag lunes",
    "mardi mar tuesday tue tues dienstag martes",
    "mercredi mer wednesday wed mittwoch miercoles",
    "jeudi jeu thursday thu thur thurs donnerstag jueves",
    "vendredi ven friday fri freitag viernes",
    "samedi sam saturday sat samstag sabado",
    "dimanche dim sunday sun sonntag domingo",
)
WEEKDAYS = {name: i for i, names in enumerate(_DAY_NAMES) for name in names.split()}
FULL_DAYS = "|".join(name for name in WEEKDAYS if len(name) > 4 and name != "thurs")
M = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
W = "(?:" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\.?"
NUMBERS = {
    "un": 1, "une": 1, "one": 1, "a": 1, "deux": 2, "two": 2, "trois": 3, "three": 3, "quatre": 4,
    "four": 4, "cinq": 5, "five": 5, "six": 6, "sept": 7, "seven": 7, "huit": 8, "eight": 8,
    "dix": 10, "ten": 10, "quinze": 15, "fifteen": 15, "vingt": 20, "twenty": 20, "trente": 30,
    "thirty": 30, "quelques": 0, "a few": 0, "couple of": 0,
}  # fmt: skip
N = r"(?:\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
