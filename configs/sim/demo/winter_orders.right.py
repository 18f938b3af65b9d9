import csv
from decimal import Decimal

with open("winter_orders.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
result = sum(1 for row in data if row.get("status") == "closed")
with open("answer.txt", "w") as out:
    print(result, file=out)
