import openpyxl

wb = openpyxl.load_workbook("1_577-40_init.xlsx")
ws = wb["Sheet2"]
for r in range(ws.max_row, 1, -1):
    if all(ws.cell(r, c).value in (None, 0) for c in (10, 11)):
        ws.delete_rows(r)
wb.save("1_577-40_output.xlsx")
