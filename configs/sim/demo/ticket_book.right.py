import csv
from decimal import Decimal

with open("ticket_book.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
data = list({row["id"]: row for row in data}.values())

def number(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)

result = sum(number(row.get("amount", "0")) for row in data)
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
