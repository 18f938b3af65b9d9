import openpyxl

wb = openpyxl.load_workbook("1_280-17_init.xlsx")
ws = wb.active
for r in range(1, ws.max_row + 1):
    if ws.cell(r, 2).value is not None and ws.cell(r, 2).value == ws.cell(r + 1, 2).value:
        ws.delete_rows(r)
wb.save("1_280-17_output.xlsx")
