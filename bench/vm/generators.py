def numbers(n):
    i = 0
    while i < n:
        yield i * 3 % 101
        i += 1
total = 0
for round in range(10):
    for x in numbers(50000):
        total += x
print("generators", total)
