local function reverse(s)
  if #s < 2 then return s end
  local middle = #s // 2
  return reverse(s:sub(middle + 1)) .. reverse(s:sub(1, middle))
end
local total = 0
for i = 0, 8999 do
  local r = reverse("abcdefghijklmnopqrstuvwxyz" .. i)
  if r:sub(1, 1) == "9" then total = total + 1 end
  total = total + #r
end
print("rec_strings " .. total)
