local t, keys = {}, {}
for i = 0, 499 do
  local key = "key" .. i
  t[key] = {hits = 0, sum = 0}
  keys[#keys + 1] = key
end
for round = 0, 1199 do
  for _, key in ipairs(keys) do
    t[key].hits = t[key].hits + 1
    t[key].sum = t[key].sum + round
  end
end
local total = 0
for _, key in ipairs(keys) do total = total + t[key].hits * 3 + t[key].sum end
print("dict_structs " .. total)
