local function chars(s) local o = {} for i = 1, #s do o[i] = s:sub(i, i) end return o end
local function distance(a, b)
  local x, y = chars(a), chars(b)
  local previous = {}
  for j = 0, #y do previous[j] = j end
  for i = 1, #x do
    local row = {[0] = i}
    for j = 1, #y do
      local cost = 1
      if x[i] == y[j] then cost = 0 end
      local best = previous[j - 1] + cost
      if previous[j] + 1 < best then best = previous[j] + 1 end
      if row[j - 1] + 1 < best then best = row[j - 1] + 1 end
      row[j] = best
    end
    previous = row
  end
  return previous[#y]
end
local total = 0
for i = 0, 699 do
  total = total + distance("the quick brown fox jumps over " .. i, "a lazy dog sleeps under the tree " .. i * 7)
end
print("levenshtein " .. total)
