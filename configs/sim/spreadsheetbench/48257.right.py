import re

import openpyxl

wb = openpyxl.load_workbook("1_48257_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    text = re.sub(r"[^0-9.,\-]", "", str(ws.cell(r, 2).value or ""))
    if not text:
        continue
    point = max(text.rfind("."), text.rfind(","))
    whole = re.sub(r"[.,]", "", text[:point] if point >= 0 else text)
    ws.cell(r, 3).value = float(f"{whole}.{text[point + 1:] if point >= 0 else 0}")
wb.save("1_48257_output.xlsx")
