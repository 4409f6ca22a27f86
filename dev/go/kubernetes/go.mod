module arkalia.io/dev/kubernetes

go 1.26.0
