import csv
from decimal import Decimal

with open("member_dues.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
data = list({row["id"]: row for row in data}.values())

def number(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)

totals, spelling = {}, {}
for row in data:
    name = row.get("name", "")
    key = name
    spelling.setdefault(key, name)
    totals[key] = totals.get(key, 0) + number(row.get("amount", "0"))
with open("by_name.csv", "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "total"])
    for key in sorted(totals, key=spelling.get):
        writer.writerow([spelling[key], f"{totals[key]:.2f}"])
