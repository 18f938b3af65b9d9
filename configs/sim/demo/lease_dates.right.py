import csv
from decimal import Decimal

with open("lease_dates.csv", newline="", encoding="utf-8") as handle:
    rows = list(csv.reader(handle))
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

from datetime import datetime

def when(text):
    return datetime.strptime(text, "%d/%m/%Y")

result = max(data, key=lambda row: when(row["date"]))["id"]
with open("answer.txt", "w") as out:
    print(result, file=out)
