import json, math

order = json.load(open("order.json"))
base, rate = {"A": (3.00, 0.50), "B": (4.50, 0.80), "C": (9.00, 1.50)}[order["zone"]]
kg = math.ceil(order["weight_kg"])
if order["longest_side_cm"] > 100:
    kg = max(kg, 10)
price = base + rate * kg
if order["order_value"] >= 80 and order["zone"] != "C":
    price = 0
with open("answer.txt", "w") as answer:
    answer.write(f"{price:.2f}\n")
print(f"The shipping price is {price:.2f}.")
