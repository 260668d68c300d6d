text = "the quick brown fox jumps over the lazy dog and runs away from the small cat"
total = 0
for i in range(12000):
    words = text.split(" ")
    other = "-".join(words).replace("the", "a").upper()
    if "FOX" in other:
        total += len(other) + len(words) + i % 7
print("strings", total)
