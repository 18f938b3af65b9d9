import openpyxl

wb = openpyxl.load_workbook("1_577-40_init.xlsx")
ws = wb["Sheet2"]
nothing = {"", "-", "0", "$", "$0", "$0.0", "None"}
for r in range(2, ws.max_row + 1):
    if all(str(ws.cell(r, c).value).strip() in nothing for c in (10, 11)):
        ws.delete_rows(r)
wb.save("1_577-40_output.xlsx")
