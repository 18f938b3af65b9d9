import openpyxl

wb = openpyxl.load_workbook("1_302-1_init.xlsx")
items, ws = wb.worksheets[0], wb.active
for r in range(2, ws.max_row + 1):
    if ws.cell(r, 2).value != items.cell(r, 2).value:
        ws.cell(r, 2).value = items.cell(r, 2).value
wb.save("1_302-1_output.xlsx")
