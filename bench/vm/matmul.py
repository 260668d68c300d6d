def matrix(n, seed):
    return [[((i * n + j + seed) % 17) * 0.5 for j in range(n)] for i in range(n)]
def product(a, b, n):
    out = []
    for i in range(n):
        left, row = a[i], []
        for j in range(n):
            total = 0.0
            for k in range(n):
                total = total + left[k] * b[k][j]
            row.append(total)
        out.append(row)
    return out
n = 150
c = product(matrix(n, 1), matrix(n, 2), n)
print("matmul", int(sum(c[i][i] for i in range(n))))
