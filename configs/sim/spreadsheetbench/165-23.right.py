import openpyxl

wb = openpyxl.load_workbook("1_165-23_init.xlsx")
ws = wb["Sheet1"]
rows = [[(c.value, c.number_format) for c in row] for row in ws.iter_rows(min_row=2)]
kept = [row for row in rows if row[2][0] == "#N/A"]
for i in range(len(rows)):
    for c in range(len(rows[i])):
        value, number_format = kept[i][c] if i < len(kept) else (None, "General")
        ws.cell(i + 2, c + 1).value = value
        ws.cell(i + 2, c + 1).number_format = number_format
wb.save("1_165-23_output.xlsx")
