import csv
from decimal import Decimal

with open("broker_fees.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

def number(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)

result = sum(number(row["amount"]) * Decimal("0.035") for row in data)
result = result.quantize(Decimal("0.01"), "ROUND_HALF_UP")
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
