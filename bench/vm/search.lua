local function find(items, wanted)
  local low, high = 0, #items
  while low < high do
    local middle = (low + high) // 2
    if items[middle + 1] < wanted then low = middle + 1 else high = middle end
  end
  return low
end
local items = {}
for i = 0, 9999 do items[i + 1] = i * 3 end
local total = 0
for i = 0, 99999 do total = total + find(items, i * 7 % 30000) end
print("search " .. total)
