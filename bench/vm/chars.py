counts = {}
text = "it is a truth universally acknowledged that a reader must be in want of a book"
for round in range(9000):
    for c in text:
        counts[c] = counts.get(c, 0) + 1
print("chars", counts["a"], counts["e"], len(counts))
