def reverse(s):
    if len(s) < 2:
        return s
    middle = len(s) // 2
    return reverse(s[middle:]) + reverse(s[:middle])
total = 0
for i in range(9000):
    r = reverse(f"abcdefghijklmnopqrstuvwxyz{i}")
    if r.startswith("9"):
        total += 1
    total += len(r)
print("rec_strings", total)
