import openpyxl

wb = openpyxl.load_workbook("1_49857_init.xlsx")
ws = wb.active
number = 0
for r in range(4, ws.max_row + 1):
    if ws.cell(r, 6).value == "YES":
        number += 1
        ws.cell(r, 7).value = number
    elif ws.cell(r, 6).value:
        ws.cell(r, 7).value = 0
wb.save("1_49857_output.xlsx")
