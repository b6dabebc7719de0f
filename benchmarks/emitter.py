"""A program that prints numbered, stamped lines: `python emitter.py LINES LINES_PER_SECOND` (0: as fast as it can).

Each line is `<nanoseconds since the epoch> <number> <filler>`, about 120 characters, as Terraform's are.
"""

import sys
import time

FILLER = "module.service.aws_ecs_service.this: Still creating... [id=arn:aws:ecs:us-east-1:123456789012:x]"
BATCH = 500
"""Lines per write where they come as fast as they can: as a program's buffered output would."""


def main(lines: int, rate: float) -> None:
    started = time.monotonic()
    if not rate:
        for first in range(1, lines + 1, BATCH):
            numbers = range(first, min(first + BATCH, lines + 1))
            sys.stdout.write("".join(f"{time.time_ns()} {number} {FILLER}\n" for number in numbers))
            sys.stdout.flush()
        return
    for number in range(1, lines + 1):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        print(f"{time.time_ns()} {number} {FILLER}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
