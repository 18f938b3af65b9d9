from decimal import Decimal

from openpyxl import load_workbook

sheet = load_workbook("festival_accounts.xlsx", data_only=True).active
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


from datetime import datetime

def when(text):
    try:
        return datetime.strptime(text, "%m/%d/%Y")
    except ValueError:
        return datetime.strptime(text, "%d/%m/%Y")

chosen = [row for row in data if when(row["date"]).month == 6]
result = sum(number(row["amount"]) for row in chosen)
with open("answer.txt", "w") as out:
    print(f"{result:.2f}", file=out)
