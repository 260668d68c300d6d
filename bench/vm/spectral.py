import math
def entry(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)
def times(v, n, across):
    out = []
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += (entry(j, i) if across else entry(i, j)) * v[j]
        out.append(total)
    return out
n = 220
u = [1.0] * n
v = u
for _ in range(6):
    v = times(times(u, n, False), n, True)
    u = times(times(v, n, False), n, True)
vbv = vv = 0.0
for i in range(n):
    vbv += u[i] * v[i]
    vv += v[i] * v[i]
print("spectral", math.floor(math.sqrt(vbv / vv) * 1000000.0))
