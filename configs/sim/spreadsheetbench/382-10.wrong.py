import openpyxl

wb = openpyxl.load_workbook("1_382-10_init.xlsx")
ws = wb.active
for r in range(1, ws.max_row + 1):
    if ws.cell(r, 1).value != "comments":
        ws.cell(r, 1).value = None
wb.save("1_382-10_output.xlsx")
