def merge_sort(items, less):
    n = len(items)
    if n < 2:
        return items
    middle = n // 2
    a, b = merge_sort(items[:middle], less), merge_sort(items[middle:], less)
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if less(b[j], a[i]):
            out.append(b[j])
            j += 1
        else:
            out.append(a[i])
            i += 1
    while i < len(a):
        out.append(a[i])
        i += 1
    while j < len(b):
        out.append(b[j])
        j += 1
    return out
items, seed = [], 42
for _ in range(20000):
    seed = (seed * 1103515245 + 12345) % 2147483648
    items.append(seed % 100000)
result = merge_sort(items, lambda a, b: a < b)
total = 0
for i in range(len(result)):
    total = (total + result[i] * i) % 1000000007
print("sort_by", total)
