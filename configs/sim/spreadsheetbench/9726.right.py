import datetime

import openpyxl

wb = openpyxl.load_workbook("1_9726_init.xlsx")
ws = wb.active
student, submitted = ws["H2"].value, ws["I2"].value
visits = [
    ws.cell(r, 3).value
    for r in range(2, ws.max_row + 1)
    if ws.cell(r, 1).value == student and isinstance(ws.cell(r, 3).value, datetime.datetime)
]
earlier = [visit for visit in visits if visit < submitted]
ws["J2"] = max(earlier) if earlier else None
ws["J2"].number_format = ws["C2"].number_format
wb.save("1_9726_output.xlsx")
