local function slice(t, a, b) local o = {} for i = a, b do o[#o + 1] = t[i] end return o end
local function merge_sort(items, less)
  local n = #items
  if n < 2 then return items end
  local middle = n // 2
  local a, b = merge_sort(slice(items, 1, middle), less), merge_sort(slice(items, middle + 1, n), less)
  local out, i, j = {}, 1, 1
  while i <= #a and j <= #b do
    if less(b[j], a[i]) then out[#out + 1] = b[j]; j = j + 1
    else out[#out + 1] = a[i]; i = i + 1 end
  end
  while i <= #a do out[#out + 1] = a[i]; i = i + 1 end
  while j <= #b do out[#out + 1] = b[j]; j = j + 1 end
  return out
end
local items, seed = {}, 42
for i = 1, 20000 do
  seed = (seed * 1103515245 + 12345) % 2147483648
  items[i] = seed % 100000
end
local sorted = merge_sort(items, function(a, b) return a < b end)
local sum = 0
for i = 1, #sorted do sum = (sum + sorted[i] * (i - 1)) % 1000000007 end
print("sort_by " .. sum)
