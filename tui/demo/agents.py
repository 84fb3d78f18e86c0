"""One agent of the box as a process: started, switched off, frozen, and asked for its last words.

The only place that knows the agent's command line.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from nodeagent.model.text import clean, clean_lines
from tui.demo import warden

AGENT = (sys.executable, "-m", "nodeagent")
INIT_S = 60.0
TAIL_BYTES = 4096
WORDS_MAX = 200


class AgentError(Exception):
    """An agent could not be set up or did not stay."""


class Agent:
    """The agent of the node `name`; everything of it lies in `folder`. `program` runs it."""

    def __init__(
        self, name: str, folder: Path, mark: str, program: tuple[str, ...] = AGENT
    ) -> None:
        self.name = name
        self._program = program
        self.folder = folder
        self.state = folder / "state"
        self.key_file = folder / "key.toml"
        self.log = folder / "agent.log"
        self._mark = mark
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped: tuple[int, ...] = ()

    @property
    def alive(self) -> bool:
        """Return whether the process runs (frozen counts)."""
        return self._process is not None and self._process.poll() is None

    @property
    def frozen(self) -> bool:
        """Return whether it was frozen and not thawed."""
        return bool(self._stopped) and self.alive

    def prepare(self, configuration: Path, *, join: bool = False) -> None:
        """Make the state directory; AgentError with the agent's words on failure."""
        arguments = ["init", "--state", str(self.state), "--node", self.name]
        arguments += ["--config", str(configuration), "--key", str(self.key_file)]
        arguments += ["--join"] if join else []
        try:
            done = subprocess.run(
                [*AGENT, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._environment(),
                timeout=INIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AgentError(f"nodeagent init for {self.name} took over {INIT_S:.0f} s") from None
        if done.returncode:
            words = "; ".join(clean_lines(done.stderr.decode("utf-8", "replace"), lines=5))
            raise AgentError(
                f"nodeagent init for {self.name} ended with {done.returncode}: {words}"
            )

    def start(self, parent_pipe: int) -> None:
        """Run the agent; it ends itself and its applications when `parent_pipe` is closed."""
        arguments = ["run", "--state", str(self.state), "--drills", "--parent-pipe"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._program, *arguments, str(parent_pipe)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                pass_fds=(parent_pipe,),
                start_new_session=True,
            )

    def power_off(self) -> None:
        """End the agent and all that it runs at once, as a power cut would."""
        self._stopped = ()
        if not warden.end_all(self._mark, self.name):
            raise AgentError(f"processes of {self.name} cannot be ended")
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End the agent's own process, as kill -9 does; what it ran is its watchdog's to end."""
        if self.alive and self._process is not None:
            warden.end([self._process.pid])
            self._process.wait()
        self._stopped = ()

    def freeze(self) -> None:
        """Stop the agent's process where it is; its watchdog goes on, as a real one would."""
        if self.alive and self._process is not None:
            self._stopped = (self._process.pid,)
            warden.end(list(self._stopped), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen agent go on."""
        warden.end(list(self._stopped) if self.alive else [], signal.SIGCONT)
        self._stopped = ()

    def reap(self) -> None:
        """Take notice of the end of a process that was ended by somebody else."""
        if self._process is not None:
            self._process.poll()

    def last_words(self, lines: int = 8) -> tuple[str, ...]:
        """Return the end of the log, for people."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ()
        return tuple(_told(line) for line in clean_lines(text, lines=lines, limit=TAIL_BYTES))

    def _environment(self) -> dict[str, str]:
        return {**os.environ, warden.MARK: self._mark, warden.NODE: self.name}


def _told(line: str) -> str:
    """Return a line of the log as `time level subject: text`; what is none of it as it is."""
    try:
        entry = json.loads(line)
        time = str(entry["timestamp"])[11:19]
        text = f"{entry['subject']}: {entry['text']}" if "subject" in entry else entry["event"]
        return clean(f"{time} {entry['level']} {text}", WORDS_MAX)
    except (ValueError, KeyError, TypeError):
        return clean(line, WORDS_MAX)
