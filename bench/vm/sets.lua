local total = 0
for round = 0, 119 do
  local seen, count, x = {}, 0, round + 1
  for i = 1, 5000 do
    x = (x * 7919 + 13) % 10007
    if seen[x] then total = total + 1 else seen[x] = true; count = count + 1 end
  end
  total = total + count
end
print("sets " .. total)
