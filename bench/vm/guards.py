def kind(n):
    if n == 0: return "zero"
    if n < 10: return "small"
    if n % 2 == 0: return "even"
    return "odd"
def score(name):
    if name == "zero": return 1
    if name == "small": return 2
    if name == "even": return 3
    return 4
total = 0
for i in range(600000):
    total += score(kind(i % 50))
print("guards", total)
