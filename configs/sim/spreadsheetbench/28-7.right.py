import re

import openpyxl

wb = openpyxl.load_workbook("1_28-7_init.xlsx")
ws = wb.active
parts = [
    (r, str(ws.cell(r, 1).value).strip())
    for r in range(1, ws.max_row + 1)
    if re.match(r"\d+-", str(ws.cell(r, 1).value or ""))
]
start = end = None
for i, (row, part) in enumerate(parts):
    if part.endswith("-A"):
        start = row
        end = parts[i + 1][0] if i + 1 < len(parts) else ws.max_row + 1
        break
if start:
    for r in range(end - 1, start - 1, -1):
        ws.delete_rows(r)
wb.save("1_28-7_output.xlsx")
