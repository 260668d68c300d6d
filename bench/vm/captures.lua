local total = 0
for round = 0, 8999 do
  local steps = {}
  for i = 0, 49 do
    local offset = round % 7
    steps[#steps + 1] = function(x) return x + i * offset end
  end
  local x = 0
  for _, step in ipairs(steps) do x = step(x) % 1009 end
  total = total + x
end
print("captures " .. total)
