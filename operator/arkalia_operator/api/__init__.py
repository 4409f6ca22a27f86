"""The nouns: pydantic models from which the CRDs, the reference and `kubectl explain` come.

A field stands here only once it works: what the schema shows, the operator does. Descriptions
are the strings under the fields; bounds and rules between fields stand beside them.
"""

from typing import Final

GROUP: Final = "arkalia.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
