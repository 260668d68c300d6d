total = 0
for round in range(120):
    seen, x = set(), round + 1
    for i in range(5000):
        x = (x * 7919 + 13) % 10007
        if x in seen:
            total += 1
        else:
            seen.add(x)
    total += len(seen)
print("sets", total)
