local counts, kinds = {}, 0
local text = "it is a truth universally acknowledged that a reader must be in want of a book"
for round = 1, 9000 do
  for i = 1, #text do
    local c = text:sub(i, i)
    if not counts[c] then counts[c] = 0; kinds = kinds + 1 end
    counts[c] = counts[c] + 1
  end
end
print("chars " .. counts.a .. " " .. counts.e .. " " .. kinds)
