class Account:
    __slots__ = ("balance", "moves")
    def __init__(self, balance, moves):
        self.balance, self.moves = balance, moves
    def deposit(self, n):
        return Account(self.balance + n, self.moves + 1)
    def fee(self):
        return self.balance % 7
account = Account(0, 0)
for i in range(400000):
    account = account.deposit(i % 100 - account.fee())
print("methods", account.balance, account.moves)
