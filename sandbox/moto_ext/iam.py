"""IAM: AWS's managed policies in the partition that is used only.

moto asks every partition (China, GovCloud, ...) who owns an access key and would load 1,500 policies for each.
"""

from __future__ import annotations

from typing import Any

from moto.iam import models

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend


class IAMBackend(ExtendedBackend, models.IAMBackend):
    def _init_aws_policies(self) -> list[Any]:
        policies: list[Any] = super()._init_aws_policies() if self.region_name == "aws" else []
        return policies


def install() -> None:
    use_backend(models.iam_backends, IAMBackend)
