# SPDX-License-Identifier: MIT
"""The rules of WikiTableQuestions on answers in plain Python, for evaluate_answers.py."""
import math
import re
import unicodedata

QUOTES = {ord(sign): "'" for sign in "\u2018\u2019\u00b4`"}
QUOTES.update({ord(sign): '"' for sign in "\u201c\u201d"})
QUOTES.update({ord(sign): "-" for sign in "\u2010\u2011\u2012\u2013\u2014\u2212"})
MARKS = re.compile(r"((?<!^)\[[^\]]*\]|\[\d+\]|[\u2022\u2666\u2020\u2021*#+])*$")
REMARKS = re.compile(r"(?<!^)( \([^)]*\))*$")
QUOTED = re.compile(r'^"([^"]*)"$')
BLANKS = re.compile(r"\s+")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
INTEGER = re.compile(r"[-+]? *\d+")


def normalize(text):
    text = "".join(sign for sign in unicodedata.normalize("NFKD", text)
                   if unicodedata.category(sign) != "Mn").translate(QUOTES)
    while True:
        old = text
        text = MARKS.sub("", text.strip())
        text = REMARKS.sub("", text.strip())
        text = QUOTED.sub(r"\1", text.strip())
        if text == old:
            break
    if text.endswith("."):
        text = text[:-1]
    return BLANKS.sub(" ", text).lower().strip()


def amount_of(text):
    text = text.strip()
    if INTEGER.fullmatch(text):
        return int(text.replace(" ", ""))
    if not NUMBER.fullmatch(text):
        return None
    value = float(text)
    if math.isinf(value):
        return None
    return int(value) if abs(value - round(value)) < 1e-6 else value


def date_of(text):
    parts = text.lower().split("-")
    if len(parts) != 3:
        return None
    fields = []
    for part, unknown in zip(parts, (("xx", "xxxx"), ("xx",), ("xx",))):
        if part in unknown:
            fields.append(None)
        elif INTEGER.fullmatch(part.strip()):
            fields.append(int(part.replace(" ", "")))
        else:
            return None
    year, month, day = fields
    if month is not None and not 1 <= month <= 12 or day is not None and not 1 <= day <= 31:
        return None
    return None if year is month is day is None else (year, month, day)


def value_of(raw, parsed):
    """(kind, key, normalized)"""
    text = normalize(raw)
    amount = amount_of(parsed)
    if amount is not None:
        return "number", amount, text
    date = date_of(parsed)
    if date is None:
        return "string", text, text
    if date[1] is date[2] is None:
        return "number", date[0], text
    return "date", date, text


def values_of(pairs):
    out = {}
    for raw, parsed in pairs:
        value = value_of(raw, parsed)
        out.setdefault(value[:2], value)
    return list(out.values())


def matches(target, given):
    if target[2] == given[2]:
        return True
    if target[0] != given[0] or target[0] == "string":
        return False
    return abs(target[1] - given[1]) < 1e-6 if target[0] == "number" else target[1] == given[1]


def right(targets, given):
    return len(targets) == len(given) and all(
        any(matches(target, item) for item in given) for target in targets)


def unescape(field):
    return [item.replace("\\n", "\n").replace("\\p", "|").replace("\\\\", "\\")
            for item in field.split("|")]
