from decimal import Decimal

from openpyxl import load_workbook

sheet = load_workbook("march_expenses.xlsx", data_only=True).active
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

result = sum(number(row.get("amount", "0")) for row in data)
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
