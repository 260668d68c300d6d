def place(row, n, columns, up, down):
    if row == n:
        return 1
    found = 0
    for c in range(n):
        if not columns[c] and not up[row + c] and not down[row - c + n]:
            used, rising, falling = columns[:], up[:], down[:]
            used[c] = rising[row + c] = falling[row - c + n] = True
            found += place(row + 1, n, used, rising, falling)
    return found
print("queens", place(0, 9, [False] * 9, [False] * 18, [False] * 19))
