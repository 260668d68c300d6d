local function risky(i)
  if i % 4 == 0 then error("bad", 0) end
  return i % 13
end
local total = 0
for i = 0, 699999 do
  local ok, value = pcall(risky, i)
  if ok then total = total + value else total = total + 1 end
end
print("trycatch " .. total)
