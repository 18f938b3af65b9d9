import datetime

import openpyxl

wb = openpyxl.load_workbook("1_59595_init.xlsx")
ws = wb.active
for row in range(7, 16):
    start = ws.cell(row, 1).value - datetime.timedelta(days=7)
    total = 0
    for r in range(7, row + 1):
        if ws.cell(r, 1).value >= start:
            total += ws.cell(r, 2).value
    ws.cell(row, 3).value = total
wb.save("1_59595_output.xlsx")
