import csv
from decimal import Decimal

with open("gate_counts.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
needed = {"id", "amount", "status"}
top = next(i for i, row in enumerate(rows) if needed <= set(row))
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
result = sum(1 for row in data if row.get("status") == "closed")
with open("answer.txt", "w") as out:
    print(result, file=out)
