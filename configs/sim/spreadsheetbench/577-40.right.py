import openpyxl

wb = openpyxl.load_workbook("1_577-40_init.xlsx")
ws = wb["Sheet2"]


def is_nothing(value):
    if value is None or value == 0:
        return True
    text = str(value).strip().lstrip("$").replace(",", "").strip()
    if text in ("", "-"):
        return True
    try:
        return float(text) == 0
    except ValueError:
        return False


width = ws.max_column
rows = [[c.value for c in row] for row in ws.iter_rows(min_row=2)]
kept = [row for row in rows if not (is_nothing(row[9]) and is_nothing(row[10]))]
for i in range(len(rows)):
    for c in range(width):
        ws.cell(i + 2, c + 1).value = kept[i][c] if i < len(kept) else None
wb.save("1_577-40_output.xlsx")
