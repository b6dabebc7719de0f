"""`python -m launcher.resolve`: which Terraform and which provider mirror are there?

Prints JSON: `{"environment": {NAME: VALUE}, "remarks": [a line for a person]}`; with `--terraform` only the path
of Terraform. Exit status 1 with one message where no Terraform is to be had.
"""

import json
import os
import sys

from controlplane.lib import toolchain


def main(arguments: list[str]) -> int:
    try:
        terraform = toolchain.find_terraform(os.environ)
        if "--terraform" in arguments:
            print(terraform.path)
            return 0
        mirror = toolchain.find_mirror(os.environ)
    except toolchain.ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    environment = {"SLIPWAY_TERRAFORM_BIN": str(terraform.path)}
    remarks = [f"{terraform.version}, {terraform.path}"]
    if mirror:
        environment["SLIPWAY_TERRAFORM_MIRROR"] = str(mirror.path)
        remarks.append(mirror.reason)
    print(json.dumps({"environment": environment, "remarks": remarks}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
