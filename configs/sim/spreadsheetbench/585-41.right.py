import re

import openpyxl

wb = openpyxl.load_workbook("1_585-41_init.xlsx")
ws = wb["Sheet1"]
for cell in ws[1]:
    if isinstance(cell.value, str):
        digits = re.sub(r"[^0-9.\-]", "", cell.value)
        cell.value = float(digits) if re.search(r"\d", digits) else None
wb.save("1_585-41_output.xlsx")
