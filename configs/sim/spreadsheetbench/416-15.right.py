import datetime

import openpyxl

wb = openpyxl.load_workbook("1_416-15_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    cell = ws.cell(r, 1)
    if isinstance(cell.value, str) and "T" in cell.value:
        cell.value = datetime.datetime.fromisoformat(cell.value.split("T")[0])
    if isinstance(cell.value, datetime.datetime):
        cell.value = cell.value.replace(hour=0, minute=0, second=0, microsecond=0)
        cell.number_format = ws["A2"].number_format
wb.save("1_416-15_output.xlsx")
