local function numbers(n)
  return coroutine.wrap(function()
    local i = 0
    while i < n do coroutine.yield(i * 3 % 101); i = i + 1 end
  end)
end
local total = 0
for round = 1, 10 do for x in numbers(50000) do total = total + x end end
print("generators " .. total)
