-- Who is refused again and again is refused everything for a time, as fail2ban does on a host.
--
-- An address has a count of its refusals within a window; once that is full, the address is denied.
-- Both lie in memory that the workers of one pod share, and outlast a new configuration.
local shared = ngx.shared.denied

local deny = {}

-- A network of IPv6 counts as one address: who has one of its addresses has all of them.
local function origin()
    local address = ngx.var.binary_remote_addr
    return #address == 16 and address:sub(1, 8) or address
end

function deny.denies()
    return shared:get("denied:" .. origin()) ~= nil
end

function deny.refuse()
    if not ngx.req.is_internal() and deny.denies() then
        return ngx.exit(ngx.HTTP_FORBIDDEN)
    end
end

function deny.count(refusals, window, seconds)
    local status = ngx.status
    local who = origin()
    if not (status == 401 or status == 403 or status == 429) or shared:get("denied:" .. who) then
        return
    end
    local counted = shared:incr("refusals:" .. who, 1, 0, window)
    if counted and counted >= refusals then
        shared:delete("refusals:" .. who)
        shared:set("denied:" .. who, true, seconds)
        require("metrics").denied()
        ngx.log(ngx.WARN, ngx.var.remote_addr, " is denied for ", seconds, " s after ", refusals, " refusals")
    end
end

return deny
