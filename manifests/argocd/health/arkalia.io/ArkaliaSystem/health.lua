-- How Argo CD reads an ArkaliaSystem. Without it, a system is healthy as soon as it exists.
--
-- "Not yet" is Progressing and "never like this" is Degraded: a sync wave waits for the first and
-- stops at the second. Only types and statuses of conditions are read; sentences are shown.

local health = {
  status = "Progressing",
  message = "The operator has not looked at the system yet",
}

local status = obj.status
if status == nil or status.conditions == nil then
  return health
end

if status.observedGeneration ~= obj.metadata.generation then
  health.message = "The operator has not looked at the newest spec yet"
  return health
end

local found = {}
for _, condition in ipairs(status.conditions) do
  found[condition.type] = condition
end

local ready = found["Ready"]
if ready == nil then
  return health
end

health.message = ready.reason .. ": " .. ready.message
if ready.status == "True" then
  health.status = "Healthy"
elseif ready.status == "False" then
  health.status = "Degraded"
end

local ignored = found["FieldsIgnored"]
if ignored ~= nil and ignored.status == "True" then
  health.message = health.message .. " Without effect: " .. ignored.message
end

return health
