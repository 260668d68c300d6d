def risky(i):
    if i % 4 == 0:
        raise ValueError("bad")
    return i % 13
total = 0
for i in range(700000):
    try:
        total += risky(i)
    except ValueError:
        total += 1
print("trycatch", total)
