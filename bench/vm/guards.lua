local function kind(n)
  if n == 0 then return "zero" elseif n < 10 then return "small" elseif n % 2 == 0 then return "even" end
  return "odd"
end
local function score(name)
  if name == "zero" then return 1 elseif name == "small" then return 2 elseif name == "even" then return 3 end
  return 4
end
local total = 0
for i = 0, 599999 do total = total + score(kind(i % 50)) end
print("guards " .. total)
