n, total = 300, 0
def main():
    global total
    t = 0
    for y in range(n):
        ci = 2.0 * y / n - 1.0
        for x in range(n):
            cr = 3.0 * x / n - 2.0
            zr = zi = 0.0
            steps = 0
            while steps < 60 and zr * zr + zi * zi < 4.0:
                zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                steps += 1
            t += steps
    total = t
main()
print("mandel", total)
