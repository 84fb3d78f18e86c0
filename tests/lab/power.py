"""The power switch of the lab: a fence agent on every host, and what stands behind it.

The agent asks for a host to be switched off by a file, as a real one asks a power strip over the
network; the lab's own program cuts the power, and only then the agent says that it is done. While
the switch is broken it refuses.
"""

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

AGENT = "fence_lab"
LOOK_S = 0.02
_PROGRAM = """\
#!/bin/sh
while IFS='=' read -r name value; do
    case "$name" in action) action=$value ;; plug) plug=$value ;; esac
done
case "$action" in
metadata)
    cat <<X
<?xml version="1.0"?>
<resource-agent name="fence_lab"><parameters><parameter name="plug"/></parameters>
<actions><action name="off"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
X
    ;;
monitor) ;;
off)
    [ ! -e FOLDER/broken ] || { echo "the power switch does not answer" >&2; exit 1; }
    touch "FOLDER/$plug.wanted"
    for try in $(seq 500); do
        [ ! -e "FOLDER/$plug.wanted" ] && exit 0
        sleep 0.02
    done
    exit 1
    ;;
*) exit 1 ;;
esac
"""
_INSTALL = """
set -e
mkdir "$0/sbin" "$0/usr-sbin"
mount --bind /usr/sbin "$0/usr-sbin"
for file in "$0"/usr-sbin/*; do ln -s "$file" "$0/sbin/"; done
ln -sf "$0/fence_lab" "$0/sbin/fence_lab"
mount --bind "$0/sbin" /usr/sbin
"""


class PowerSwitch:
    """Made before the hosts, which see the agent then; `cut(name)` takes the power from one."""

    def __init__(self, folder: Path, cut: Callable[[str], None]) -> None:
        folder.mkdir(mode=0o755)
        program = folder / AGENT
        program.write_text(_PROGRAM.replace("FOLDER", str(folder)))
        program.chmod(0o755)
        subprocess.run(["sh", "-c", _INSTALL, str(folder)], check=True, timeout=20)
        self._folder, self._cut = folder, cut
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def turn(self, *, broken: bool) -> None:
        """Let the switch refuse, or work again."""
        file = self._folder / "broken"
        file.touch() if broken else file.unlink(missing_ok=True)

    def close(self) -> None:
        """Cut no more."""
        self._ended.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ended.wait(LOOK_S):
            for wanted in self._folder.glob("*.wanted"):
                self._cut(wanted.stem)
                wanted.unlink()
