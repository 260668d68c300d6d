local function entry(i, j) return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1) end
local function times(v, n, across)
  local out = {}
  for i = 0, n - 1 do
    local sum = 0.0
    for j = 0, n - 1 do
      if across then sum = sum + entry(j, i) * v[j] else sum = sum + entry(i, j) * v[j] end
    end
    out[i] = sum
  end
  return out
end
local n, u = 220, {}
for i = 0, n - 1 do u[i] = 1.0 end
local v = u
for round = 1, 6 do
  v = times(times(u, n, false), n, true)
  u = times(times(v, n, false), n, true)
end
local vbv, vv = 0.0, 0.0
for i = 0, n - 1 do vbv = vbv + u[i] * v[i]; vv = vv + v[i] * v[i] end
print("spectral " .. math.floor(math.sqrt(vbv / vv) * 1000000.0))
