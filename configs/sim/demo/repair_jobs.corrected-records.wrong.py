import csv
from decimal import Decimal

with open("repair_jobs.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

def number(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)


from datetime import datetime

def when(text):
    return datetime.strptime(text, "%d/%m/%Y")

chosen = [row for row in data if when(row["date"]).month == 5]
result = sum(number(row["amount"]) for row in chosen)
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
