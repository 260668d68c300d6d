local function copy(t, n) local o = {} for i = 0, n - 1 do o[i] = t[i] end return o end
local function place(row, n, columns, up, down)
  if row == n then return 1 end
  local found = 0
  for c = 0, n - 1 do
    if not columns[c] and not up[row + c] and not down[row - c + n] then
      local used, rising, falling = copy(columns, n), copy(up, 2 * n), copy(down, 2 * n + 1)
      used[c] = true
      rising[row + c] = true
      falling[row - c + n] = true
      found = found + place(row + 1, n, used, rising, falling)
    end
  end
  return found
end
local function flags(n) local o = {} for i = 0, n - 1 do o[i] = false end return o end
print("queens " .. place(0, 9, flags(9), flags(18), flags(19)))
