from decimal import Decimal

from openpyxl import load_workbook

sheet = load_workbook("visitor_sheet.xlsx", data_only=True).active
rows = [["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)]
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
result = sum(1 for row in data if row.get("status") == "open")
with open("answer.txt", "w") as out:
    print(result, file=out)
