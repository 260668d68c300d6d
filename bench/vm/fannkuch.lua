local n = 8
local perm, count = {}, {}
for i = 0, n - 1 do perm[i] = i; count[i] = 0 end
local most, checksum, number, r, going = 0, 0, 0, n, true
while going do
  while r > 1 do count[r - 1] = r; r = r - 1 end
  local p = {}
  for i = 0, n - 1 do p[i] = perm[i] end
  local flips, first = 0, p[0]
  while first ~= 0 do
    local i, j = 0, first
    while i < j do p[i], p[j] = p[j], p[i]; i = i + 1; j = j - 1 end
    flips = flips + 1
    first = p[0]
  end
  if flips > most then most = flips end
  if number % 2 == 0 then checksum = checksum + flips else checksum = checksum - flips end
  local turning = true
  while turning do
    if r == n then turning = false; going = false
    else
      local head = perm[0]
      for i = 0, r - 1 do perm[i] = perm[i + 1] end
      perm[r] = head
      count[r] = count[r] - 1
      if count[r] > 0 then turning = false else r = r + 1 end
    end
  end
  number = number + 1
end
print("fannkuch " .. checksum .. " " .. most)
