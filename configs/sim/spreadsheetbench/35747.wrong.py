import openpyxl

wb = openpyxl.load_workbook("1_35747_init.xlsx")
ws = wb.active
ws["M2"] = '=COUNTIFS(A2:A11,L2,B1:J1,">="&M1,B1:J1,"<"&N1,B2:J11,">100")'
wb.save("1_35747_output.xlsx")
