import datetime

import openpyxl

wb = openpyxl.load_workbook("1_59595_init.xlsx")
ws = wb.active
points = [
    (r, ws.cell(r, 1).value, ws.cell(r, 2).value or 0)
    for r in range(1, ws.max_row + 1)
    if isinstance(ws.cell(r, 1).value, datetime.datetime)
]
for row, day, _ in points:
    start = day - datetime.timedelta(days=7)
    ws.cell(row, 3).value = sum(n for _, other, n in points if start <= other <= day)
wb.save("1_59595_output.xlsx")
