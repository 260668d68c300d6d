def distance(x, y):
    previous = list(range(len(y) + 1))
    for i in range(len(x)):
        row = [i + 1]
        for j in range(len(y)):
            best = previous[j] + (0 if x[i] == y[j] else 1)
            if previous[j + 1] + 1 < best:
                best = previous[j + 1] + 1
            if row[j] + 1 < best:
                best = row[j] + 1
            row.append(best)
        previous = row
    return previous[len(y)]
total = 0
for i in range(700):
    total += distance(f"the quick brown fox jumps over {i}", f"a lazy dog sleeps under the tree {i * 7}")
print("levenshtein", total)
