"""Answers that are kept, and given again while they may be (RFC 9111).

`terms` reads what an answer says of itself, `kept` is an answer that is kept, `local` and `shared` are
the two places where they lie, `recorder` keeps one as it passes, `answers` is the way of a request.
"""
