import openpyxl

wb = openpyxl.load_workbook("1_156-14_init.xlsx")
ws = wb.active
for r in range(ws.max_row, 5, -1):
    if ws.cell(r, 6).value == "to be processed":
        ws.delete_rows(r)
wb.save("1_156-14_output.xlsx")
