local text = "the quick brown fox jumps over the lazy dog and runs away from the small cat"
local total = 0
local function split(s)
  local out = {}
  for w in s:gmatch("[^ ]+") do out[#out + 1] = w end
  return out
end
for i = 0, 11999 do
  local words = split(text)
  local joined = table.concat(words, "-")
  local other = joined:gsub("the", "a"):upper()
  if other:find("FOX", 1, true) then total = total + #other + #words + i % 7 end
end
print("strings " .. total)
