import openpyxl

wb = openpyxl.load_workbook("1_34210_init.xlsx")
ws = wb.active
company = None
for r in range(2, 51):
    if ws.cell(r, 1).value:
        company = ws.cell(r, 1).value
    ws.cell(r, 3).value = company
wb.save("1_34210_output.xlsx")
