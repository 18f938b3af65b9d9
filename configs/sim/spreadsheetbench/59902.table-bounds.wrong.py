import openpyxl

wb = openpyxl.load_workbook("1_59902_init.xlsx")
ws = wb.active
previous = {}
for r in range(6, 21):
    day, name = ws.cell(r, 1).value, ws.cell(r, 2).value
    ws.cell(r, 3).value = (day - previous.get(name, day)).days
    previous[name] = day
wb.save("1_59902_output.xlsx")
