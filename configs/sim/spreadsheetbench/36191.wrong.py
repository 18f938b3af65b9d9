import openpyxl

wb = openpyxl.load_workbook("1_36191_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    ws.cell(r, 3).value = f'=TEXTBEFORE(B{r}," ",2)'
wb.save("1_36191_output.xlsx")
