import datetime

import openpyxl

wb = openpyxl.load_workbook("1_42354_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    usable = [
        ws.cell(r, c)
        for c in (1, 2, 3)
        if ws.cell(r, c).data_type != "e" and ws.cell(r, c).value not in (None, "", "#N/A")
    ]
    cell = ws.cell(r, 4)
    cell.value = usable[0].value if usable else None
    if isinstance(cell.value, datetime.datetime):
        cell.number_format = usable[0].number_format
wb.save("1_42354_output.xlsx")
