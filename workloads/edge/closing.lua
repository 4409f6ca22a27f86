-- Clients that keep their connection are told to close it before nginx does so under a request.
--
-- nginx closes connections that wait for a request without a word when it stops or reads new settings.
-- `arkalia-edge` writes a file some seconds before: from then on each answer over HTTP/1 says
-- `Connection: close`. Only the settings of a place decide that, so the request goes on at another one.
-- Clients by HTTP/2 are told by nginx itself.
local FILE = "/run/arkalia/closing"

local closing = {}

function closing.go_on_at(place)
    if ngx.req.http_version() >= 2 then
        return
    end
    local file = io.open(FILE)
    if file then
        file:close()
        return ngx.exec(place)
    end
end

return closing
