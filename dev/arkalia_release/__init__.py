"""What a release does beside building: versions, the changelog, packages, and never writing twice.

Standard library only, because the release workflow runs it before anything is installed.
"""
