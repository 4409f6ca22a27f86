-- What the edge has answered and refused, for Prometheus.
--
-- The counts lie in memory that the workers of one pod share, and outlast a new configuration. What
-- nginx was told last, and when its certificates end, stands in a file that `arkalia-edge` writes.
local shared = ngx.shared.counts

local metrics = {}

-- Name, type, labels and meaning: docs/reference/metrics.md is made from these lines.
local DECLARED = {
    {"arkalia_edge_requests_total", "counter", "class", "Answers by the class of their status, 1xx to 5xx; probes are not counted."},
    {"arkalia_edge_refusals_total", "counter", "cause", "Of these, what the edge refused itself: unreadable (400), filter and deny_list (403), unpublished (404), too_long (413) or limit (429)."},
    {"arkalia_edge_redirects_total", "counter", "", "Of these, who asked by plain HTTP and was sent to HTTPS."},
    {"arkalia_edge_denied_addresses_total", "counter", "", "Addresses that came onto the deny list."},
    {"arkalia_edge_connections", "gauge", "state", "Open connections of clients: reading a request, writing an answer, or waiting for the next one."},
    {"arkalia_edge_certificate_expires_timestamp_seconds", "gauge", "shown", "When the certificate ends that is shown outside (public) or to the parts of the system (system)."},
    {"arkalia_edge_configuration_accepted", "gauge", "", "1 while nginx does what it was told last, 0 while it did not take it and goes on as before."},
}

local CLASSES = {"1xx", "2xx", "3xx", "4xx", "5xx"}
local CAUSES = {[400] = "unreadable", [403] = "filter", [404] = "unpublished", [413] = "too_long", [429] = "limit"}
local DENIED = "deny_list"
local STATES = {"reading", "writing", "waiting"}
local STATE_FILE = "/run/arkalia/state"

local function key(name, value)
    return name .. " " .. value
end

local function add(name, value)
    shared:incr(key(name, value or ""), 1, 0)
end

-- Why the edge refused itself; nil where the answer is the module's, or is no refusal.
local function cause()
    if ngx.var.upstream_status then
        return nil
    end
    if ngx.status == 403 and ngx.shared.denied and require("deny").denies() then
        return DENIED
    end
    return CAUSES[ngx.status]
end

-- A client that has gone before there was a status got no answer.
local function answered()
    local class = CLASSES[math.floor(ngx.status / 100)]
    if class then
        add("requests", class)
    end
end

-- Called after each answer, before the deny list counts it.
function metrics.count()
    answered()
    local why = cause()
    if why then
        add("refusals", why)
    end
end

function metrics.redirected()
    answered()
    if ngx.status == 308 then
        add("redirects")
    end
end

function metrics.denied()
    add("denied_addresses")
end

local function causes()
    local found = {DENIED}
    for _, each in pairs(CAUSES) do
        found[#found + 1] = each
    end
    table.sort(found)
    return found
end

local function counted(name, values)
    local found = {}
    for _, value in ipairs(values) do
        found[#found + 1] = {value, shared:get(key(name, value)) or 0}
    end
    return found
end

local function connections()
    local found = {}
    for _, state in ipairs(STATES) do
        found[#found + 1] = {state, ngx.var["connections_" .. state]}
    end
    return found
end

-- Lines of `<name> <label value> <number>`.
local function written(name)
    local found, file = {}, io.open(STATE_FILE)
    if file then
        for line in file:lines() do
            local told, value, number = line:match("^(%S+) (%S*) (%S+)$")
            if told == name then
                found[#found + 1] = {value, number}
            end
        end
        file:close()
    end
    return found
end

local function samples()
    return {
        counted("requests", CLASSES),
        counted("refusals", causes()),
        counted("redirects", {""}),
        counted("denied_addresses", {""}),
        connections(),
        written("expires"),
        written("accepted"),
    }
end

function metrics.tell()
    local lines = {}
    for number, found in ipairs(samples()) do
        local name, kind, label, meaning = unpack(DECLARED[number])
        lines[#lines + 1] = "# HELP " .. name .. " " .. meaning
        lines[#lines + 1] = "# TYPE " .. name .. " " .. kind
        for _, sample in ipairs(found) do
            local labels = label ~= "" and string.format('{%s="%s"}', label, sample[1]) or ""
            lines[#lines + 1] = name .. labels .. " " .. sample[2]
        end
    end
    ngx.header.content_type = "text/plain; version=0.0.4; charset=utf-8"
    ngx.say(table.concat(lines, "\n"))
end

return metrics
