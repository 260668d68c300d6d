def main():
    n = 8
    perm, count = list(range(n)), [0] * n
    most = checksum = number = 0
    r, going = n, True
    while going:
        while r > 1:
            count[r - 1] = r
            r -= 1
        p = perm[:]
        flips, first = 0, p[0]
        while first != 0:
            i, j = 0, first
            while i < j:
                p[i], p[j] = p[j], p[i]
                i += 1
                j -= 1
            flips += 1
            first = p[0]
        most = max(most, flips)
        checksum += flips if number % 2 == 0 else -flips
        turning = True
        while turning:
            if r == n:
                turning = going = False
            else:
                head = perm[0]
                for i in range(r):
                    perm[i] = perm[i + 1]
                perm[r] = head
                count[r] -= 1
                if count[r] > 0:
                    turning = False
                else:
                    r += 1
        number += 1
    print("fannkuch", checksum, most)
main()
