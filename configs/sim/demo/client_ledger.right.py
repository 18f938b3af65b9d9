import csv
from decimal import Decimal

with open("client_ledger.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

def number(text):
    text = text.replace("$", "").replace(",", "").strip()
    if text.startswith("("):
        text = "-" + text.strip("()")
    return Decimal(text)

totals, spelling = {}, {}
for row in data:
    name = row.get("name", "")
    key = " ".join(name.split()).casefold()
    spelling.setdefault(key, " ".join(name.split()))
    totals[key] = totals.get(key, 0) + number(row.get("amount", "0"))
result = spelling[max(totals, key=totals.get)]
with open("answer.txt", "w") as out:
    print(result, file=out)
