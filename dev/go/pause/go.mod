module arkalia.io/dev/pause

go 1.26.0
