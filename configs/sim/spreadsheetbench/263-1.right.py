from collections import defaultdict

import openpyxl

wb = openpyxl.load_workbook("1_263-1_init.xlsx")
ws = wb.active
area = defaultdict(float)
for r in range(2, ws.max_row + 1):
    kind, width, height = (ws.cell(r, c).value for c in (1, 2, 3))
    if kind:
        area[kind] += width * height
row = 2
while ws.cell(row, 7).value:
    ws.cell(row, 8).value = area[ws.cell(row, 7).value]
    row += 1
wb.save("1_263-1_output.xlsx")
