"""The way to a module: its pods, which of them is asked, and the connections to them.

`connection` speaks HTTP/1.1 with one pod; `replica` keeps the connections and knows how the pod
does; `balancer` chooses among the pods and tries again; `trust` says whom to trust and what to show.
"""
