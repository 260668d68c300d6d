local function matrix(n, seed)
  local rows = {}
  for i = 0, n - 1 do
    local row = {}
    for j = 0, n - 1 do row[#row + 1] = ((i * n + j + seed) % 17) * 0.5 end
    rows[#rows + 1] = row
  end
  return rows
end
local function product(a, b, n)
  local out = {}
  for i = 1, n do
    local left, row = a[i], {}
    for j = 1, n do
      local sum = 0.0
      for k = 1, n do sum = sum + left[k] * b[k][j] end
      row[#row + 1] = sum
    end
    out[#out + 1] = row
  end
  return out
end
local n = 150
local c = product(matrix(n, 1), matrix(n, 2), n)
local trace = 0.0
for i = 1, n do trace = trace + c[i][i] end
print("matmul " .. math.floor(trace))
