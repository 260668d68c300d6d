class Entry:
    __slots__ = ("hits", "sum")
    def __init__(self):
        self.hits = self.sum = 0
table = {f"key{i}": Entry() for i in range(500)}
for round in range(1200):
    for key in table:
        table[key].hits += 1
        table[key].sum += round
print("dict_structs", sum(e.hits * 3 + e.sum for e in table.values()))
