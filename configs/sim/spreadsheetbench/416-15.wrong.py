import openpyxl

wb = openpyxl.load_workbook("1_416-15_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    value = ws.cell(r, 1).value
    if isinstance(value, str) and "T" in value:
        year, month, day = value.split("T")[0].split("-")
        ws.cell(r, 1).value = f"{int(month)}/{day}/{year}"
wb.save("1_416-15_output.xlsx")
