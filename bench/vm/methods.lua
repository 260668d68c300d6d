local Account = {}
Account.__index = Account
local function new(b, m) return setmetatable({balance = b, moves = m}, Account) end
function Account:deposit(n) return new(self.balance + n, self.moves + 1) end
function Account:fee() return self.balance % 7 end
local account = new(0, 0)
for i = 0, 399999 do account = account:deposit(i % 100 - account:fee()) end
print("methods " .. account.balance .. " " .. account.moves)
