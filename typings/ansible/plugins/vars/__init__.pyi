from typing import Any

class BaseVarsPlugin:
    def get_vars(
        self, loader: Any, path: str, entities: Any, cache: bool = True
    ) -> dict[str, Any]: ...
