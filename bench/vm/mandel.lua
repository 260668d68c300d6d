local n, total = 300, 0
for y = 0, n - 1 do
  local ci = 2.0 * y / n - 1.0
  for x = 0, n - 1 do
    local cr = 3.0 * x / n - 2.0
    local zr, zi, steps = 0.0, 0.0, 0
    while steps < 60 and zr * zr + zi * zi < 4.0 do
      local nextr = zr * zr - zi * zi + cr
      zi = 2.0 * zr * zi + ci
      zr = nextr
      steps = steps + 1
    end
    total = total + steps
  end
end
print("mandel " .. total)
