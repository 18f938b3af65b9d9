import openpyxl

wb = openpyxl.load_workbook("1_165-23_init.xlsx")
ws = wb["Sheet1"]
for r in range(2, ws.max_row + 1):
    if ws.cell(r, 3).value != "#N/A":
        ws.delete_rows(r)
wb.save("1_165-23_output.xlsx")
