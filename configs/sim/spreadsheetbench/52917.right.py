import datetime

import openpyxl

wb = openpyxl.load_workbook("1_52917_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    day, month, year = (ws.cell(r, c).value for c in (1, 2, 3))
    if None in (day, month, year):
        continue
    ws.cell(r, 10).value = datetime.datetime(int(year), int(month), int(day))
    ws.cell(r, 10).number_format = ws["J2"].number_format
wb.save("1_52917_output.xlsx")
