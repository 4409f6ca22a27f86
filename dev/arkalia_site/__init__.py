"""The documentation as a site: what mkdocs does not know of a repository that is read as it is.

Pages are written for people who read them in the repository. `links` and `markdown` say what that
means for a site, as text; `hooks` is what mkdocs calls.
"""
