import csv
from decimal import Decimal

with open("card_fees.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

def number(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)

result = sum(round(float(row["amount"]) * 0.025, 2) for row in data)
result = round(result, 2)
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
