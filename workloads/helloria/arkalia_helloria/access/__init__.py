"""Who asks, and whether they may: judged here, of what `security` keeps.

`credentials` reads what a request shows; `known` is what is known of accounts; `polling` keeps it
fresh; `verifying` finds out whose a credential is, `openid` whose a provider's token is; `judging` compares scopes; `auditing` tells what
was decided; `door` puts them together.
"""
