total = 0
for round in range(9000):
    offset = round % 7
    steps = [lambda x, i=i, offset=offset: x + i * offset for i in range(50)]
    x = 0
    for step in steps:
        x = step(x) % 1009
    total += x
print("captures", total)
