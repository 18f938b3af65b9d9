import re

import openpyxl

wb = openpyxl.load_workbook("1_48257_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    text = re.sub(r"[^0-9.\-]", "", str(ws.cell(r, 2).value))
    ws.cell(r, 3).value = float(text)
wb.save("1_48257_output.xlsx")
