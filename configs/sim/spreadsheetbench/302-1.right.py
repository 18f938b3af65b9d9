import openpyxl

wb = openpyxl.load_workbook("1_302-1_init.xlsx")
items = wb["ITEMS"]
for name in ("SHEET1", "SHEET2"):
    ws = wb[name]
    for r in range(2, ws.max_row + 1):
        if ws.cell(r, 1).value is not None and items.cell(r, 2).value is not None:
            ws.cell(r, 2).value = items.cell(r, 2).value
wb.save("1_302-1_output.xlsx")
