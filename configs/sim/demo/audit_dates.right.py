from decimal import Decimal

from openpyxl import load_workbook

sheet = load_workbook("audit_dates.xlsx", data_only=True).active
rows = [["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)]
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]

from datetime import datetime

def when(text):
    return datetime.strptime(text, "%d/%m/%Y")

result = max(data, key=lambda row: when(row["date"]))["id"]
with open("answer.txt", "w") as out:
    print(result, file=out)
