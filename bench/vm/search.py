def find(items, wanted):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
items = [i * 3 for i in range(10000)]
total = 0
for i in range(100000):
    total += find(items, i * 7 % 30000)
print("search", total)
