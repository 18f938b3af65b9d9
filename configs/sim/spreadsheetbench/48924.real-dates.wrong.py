import datetime

import openpyxl

wb = openpyxl.load_workbook("1_48924_init.xlsx")
ws = wb.active
seen = {c.value for c in ws["A"] if isinstance(c.value, datetime.datetime)}
day, row = min(seen), 2
while day < max(seen):
    if day not in seen:
        ws.cell(row, 3).value = day.strftime("%m/%d/%Y")
        row += 1
    day += datetime.timedelta(days=1)
wb.save("1_48924_output.xlsx")
