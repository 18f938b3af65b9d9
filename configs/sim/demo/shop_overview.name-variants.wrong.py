from decimal import Decimal

from openpyxl import load_workbook

sheet = load_workbook("shop_overview.xlsx", data_only=True).active
rows = [["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)]
top = 0
data = [dict(zip(rows[top], row)) for row in rows[top + 1:] if any(row)]
data = [row for row in data if "total" not in row.get("id", "").lower()]

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
from openpyxl import Workbook

book = Workbook()
summary = book.active
summary.title = "Summary"
summary.append(["name", "total"])
for key in sorted(totals, key=spelling.get):
    summary.append([spelling[key], float(totals[key])])
book.save("summary.xlsx")
