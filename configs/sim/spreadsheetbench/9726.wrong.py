import openpyxl

wb = openpyxl.load_workbook("1_9726_init.xlsx")
ws = wb.active
visits = [
    ws.cell(r, 3).value.strftime("%d-%b-%y")
    for r in range(2, 8)
    if ws.cell(r, 1).value == ws["H2"].value and ws.cell(r, 3).value < ws["I2"].value
]
ws["J2"] = visits[-1]
wb.save("1_9726_output.xlsx")
