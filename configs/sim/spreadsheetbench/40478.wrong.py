import openpyxl

wb = openpyxl.load_workbook("1_40478_init.xlsx")
ws = wb.active
ws["B1"] = "Result"
for r in range(2, ws.max_row + 1):
    text = ws.cell(r, 1).value
    ws.cell(r, 2).value = text.split(" ", 2)[2].split(" - ")[0]
wb.save("1_40478_output.xlsx")
