import datetime

import openpyxl

wb = openpyxl.load_workbook("1_59902_init.xlsx")
ws = wb.active
previous = {}
for r in range(1, ws.max_row + 1):
    day, name = ws.cell(r, 1).value, ws.cell(r, 2).value
    if isinstance(day, datetime.datetime):
        ws.cell(r, 3).value = day - previous.get(name, day)
        previous[name] = day
wb.save("1_59902_output.xlsx")
