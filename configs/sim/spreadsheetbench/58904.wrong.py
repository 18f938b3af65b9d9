import openpyxl

wb = openpyxl.load_workbook("1_58904_init.xlsx")
ws = wb.active
for r in range(11, 18):
    letter, total = ws.cell(r, 1).value[-1], 0
    for row in ws.iter_rows(min_row=3, max_row=9, min_col=3):
        for cell in row:
            if isinstance(cell.value, (int, float)) and ws.cell(1, cell.column).value == letter:
                total += cell.value
    ws.cell(r, 2).value = total
wb.save("1_58904_output.xlsx")
