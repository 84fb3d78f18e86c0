"""Class 15: programs that a driver starts and that behave as no service should.

A case is a line of shell that is started as a foreground service, with what the driver must say.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """`script` is run by /bin/sh. `up`: it counts as started. `words` must be in what is told."""

    script: str
    up: bool = False
    words: str = ""


def ended(script: str, code: int = 3) -> Program:
    """Return a program that ends by itself with this code."""
    return Program(script, words=f"exit code {code}")


SIGNALS = ("KILL", "SEGV", "ABRT", "BUS", "PIPE")
FAR = "exec sleep 1000"

CASES = {
    # ends at once, in every way a program can end
    **{f"exit-{code}": ended(f"exit {code}", code) for code in (1, 2, 126, 127, 128, 137, 255)},
    "exit-0": Program("exit 0"),
    **{f"killed-by-{name}": Program(f"kill -{name} $$", words=f"SIG{name}") for name in SIGNALS},
    "not-a-shell": Program("exec /etc/passwd"),
    "missing": Program("exec /missing/program"),
    # says too much, or what nobody should see
    "endless": Program("while :; do echo 0123456789abcdef; done", up=True),
    "endless-errors": Program("while :; do echo 0123456789abcdef >&2; done", up=True),
    "endless-line": Program("tr '\\0' x </dev/zero", up=True),
    "ten-megabytes": Program(f"head -c 10000000 /dev/zero | tr '\\0' x; {FAR}", up=True),
    "binary": Program(f"head -c 200000 /dev/urandom; {FAR}", up=True),
    "last-words-binary": ended("head -c 3000 /dev/urandom; exit 3"),
    "last-words-escapes": ended(r"printf '\033]52;c;QUFB\007\033[2J\302\233'; exit 3"),
    "last-words-markup": ended("echo '[@click=app.quit]x[/] [/nope]'; exit 3"),
    "last-words-bidi": ended(r"printf '\342\200\256abc'; exit 3"),
    "last-words-long": ended("head -c 300000 /dev/zero | tr '\\0' x; exit 3"),
    "last-words-no-line-end": ended("printf 'no end'; exit 3"),
    "last-words-zeros": ended("head -c 5000 /dev/zero; exit 3"),
    # will not be held, or will not go
    "silent": Program(f"exec >&- 2>&- <&-; {FAR}", up=True),
    "ignores-term": Program("trap '' TERM INT HUP; while :; do sleep 1; done", up=True),
    "stopped": Program("kill -STOP $$; sleep 1000", up=True),
    "zombies": Program("for i in 1 2 3 4 5 6 7 8; do (exit 0) & done; exec sleep 1000", up=True),
    "children": Program("for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait", up=True),
    "chain": Program("sh -c 'sh -c \"sh -c \\\"sleep 1000; :\\\"; :\"; :'; :", up=True),
    "own-session": Program(f"setsid sleep 1000 & {FAR}", up=True),
    "daemon-and-gone": Program("(setsid sleep 1000 &) ; exit 0"),
    "child-keeps-the-pipe": Program("sleep 1000 & exit 3", words="exit code 3"),
    "fork-storm": Program(
        "n=0; while [ $n -lt 60 ]; do sleep 1000 & n=$((n+1)); done; wait", up=True
    ),
    "fills-its-descriptors": Program(f"ulimit -n 20; {FAR}", up=True),
    "other-folder": Program(f"cd /; umask 0; {FAR}", up=True),
}  # fmt: skip
