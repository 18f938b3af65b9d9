import openpyxl

wb = openpyxl.load_workbook("1_585-41_init.xlsx")
ws = wb["Sheet1"]
for cell in ws[1]:
    if isinstance(cell.value, str):
        try:
            cell.value = float(cell.value.replace("$", ""))
        except ValueError:
            pass
wb.save("1_585-41_output.xlsx")
