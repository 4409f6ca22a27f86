"""What the model of the API server says of itself: its kinds, as kopf reads them, and its issuer."""


def resource(plural, kind):
    verbs = ["get", "list", "watch", "patch", "create", "update", "delete"]
    names = {"name": plural, "singularName": kind.lower(), "kind": kind}
    return {**names, "namespaced": True, "verbs": verbs}


LEGACY_DISCOVERY = {
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": [{**resource("namespaces", "Namespace"), "namespaced": False}]},
    "/apis": {
        "groups": [
            {
                "name": group,
                "versions": [{"version": version}],
                "preferredVersion": {"version": version},
            }
            for group, version in (("arkalia.io", "v1alpha1"), ("apiextensions.k8s.io", "v1"))
        ]
    },
    "/apis/arkalia.io/v1alpha1": {
        "resources": [
            resource("arkaliasystems", "ArkaliaSystem"),
            resource("arkaliamodules", "ArkaliaModule"),
        ]
    },
    "/apis/apiextensions.k8s.io/v1": {
        "resources": [
            {
                **resource("customresourcedefinitions", "CustomResourceDefinition"),
                "namespaced": False,
            }
        ]
    },
}
"""What kopf reads before it watches."""
ISSUER = {
    "/.well-known/openid-configuration": {"issuer": "https://kubernetes.default.svc"},
    "/openid/v1/jwks": {"keys": [{"kid": "one", "kty": "RSA", "alg": "RS256", "n": "AQ"}]},
}
"""Who signs tokens, and its keys; a test may change them."""
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def asked_for(spec):
    """The right that a SelfSubjectAccessReview asks for: verb, and resource or path."""
    if "nonResourceAttributes" in spec:
        return spec["nonResourceAttributes"]["verb"], spec["nonResourceAttributes"]["path"]
    asked = spec["resourceAttributes"]
    subresource = asked.get("subresource")
    name = f"{asked['resource']}/{subresource}" if subresource else asked["resource"]
    return asked["verb"], name
