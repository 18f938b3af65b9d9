import re
from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_58904_init.xlsx")
ws = wb.active
first = next(r for r in range(1, ws.max_row + 1) if str(ws.cell(r, 1).value).startswith("Sum "))
totals = defaultdict(int)
for row in ws.iter_rows(min_row=3, max_row=first - 1, min_col=3):
    for cell in row:
        found = re.fullmatch(r"([A-Z])\s*(\d+)", str(cell.value or "").strip())
        if found:
            totals[found.group(1)] += int(found.group(2))
for r in range(first, ws.max_row + 1):
    label = ws.cell(r, 1).value
    if label:
        ws.cell(r, 2).value = totals[label.split()[-1]]
wb.save("1_58904_output.xlsx")
