"""Tests of nodeagent.wire: whatever arrives is a message of ours or a WireError."""
