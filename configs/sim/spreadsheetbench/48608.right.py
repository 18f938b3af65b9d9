import openpyxl

wb = openpyxl.load_workbook("1_48608_init.xlsx")
ws = wb.active
passed = []
for r in range(2, ws.max_row + 1):
    name, session, result = (ws.cell(r, c).value for c in (1, 2, 3))
    if name and str(result or "").strip().casefold() == "pass" and session not in dict(passed):
        passed.append((session, name))
for i, (_, name) in enumerate(passed):
    ws.cell(2 + i, 6).value = name
wb.save("1_48608_output.xlsx")
