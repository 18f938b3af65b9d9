from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_263-1_init.xlsx")
ws = wb.active
area = defaultdict(float)
for r in range(2, 101):
    kind, width, height = (ws.cell(r, c).value for c in (1, 2, 3))
    area[kind] += width * height
for row in range(2, 6):
    ws.cell(row, 8).value = area[ws.cell(row, 7).value]
wb.save("1_263-1_output.xlsx")
