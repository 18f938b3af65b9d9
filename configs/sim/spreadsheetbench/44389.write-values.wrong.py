import openpyxl

wb = openpyxl.load_workbook("1_44389_init.xlsx")
ws = wb.active
for r in range(2, ws.max_row + 1):
    ws.cell(r, 16).value = f'=TEXTJOIN(",",TRUE,FILTER($B$1:$N$1,B{r}:N{r}=O{r}))'
wb.save("1_44389_output.xlsx")
