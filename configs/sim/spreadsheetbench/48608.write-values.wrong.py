import openpyxl

wb = openpyxl.load_workbook("1_48608_init.xlsx")
ws = wb.active
for r in range(2, 6):
    ws.cell(r, 6).value = f'=XLOOKUP(1,($B$2:$B$8=G{r})*($C$2:$C$8="Pass"),$A$2:$A$8)'
wb.save("1_48608_output.xlsx")
