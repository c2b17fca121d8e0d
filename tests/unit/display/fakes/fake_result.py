"""A fake for the tests of the callback: returns the result that it is given, after a while."""

from __future__ import annotations

import time

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "result": {"type": "dict", "default": {}},
            "seconds": {"type": "float", "default": 0},
            "fail": {"type": "bool", "default": False},
            "warn": {"type": "str", "default": ""},
            "crash": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    time.sleep(module.params["seconds"])
    if module.params["warn"]:
        module.warn(module.params["warn"])
    if module.params["crash"]:
        raise ValueError("a mistake in a module")
    result = module.params["result"]
    if module.params["fail"]:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
