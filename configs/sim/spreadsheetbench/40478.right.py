import openpyxl

wb = openpyxl.load_workbook("1_40478_init.xlsx")
ws = wb.active
for r in range(1, ws.max_row + 1):
    text = ws.cell(r, 1).value
    if text:
        ws.cell(r, 2).value = text.split(" ", 2)[2].rsplit(" - ", 1)[0].strip()
wb.save("1_40478_output.xlsx")
