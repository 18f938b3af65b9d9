import openpyxl

wb = openpyxl.load_workbook("1_28-7_init.xlsx")
ws = wb.active
deleting = False
for r in range(1, ws.max_row + 1):
    part = ws.cell(r, 1).value
    if part:
        deleting = str(part).endswith("-A")
    if deleting:
        ws.delete_rows(r)
wb.save("1_28-7_output.xlsx")
