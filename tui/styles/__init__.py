"""How it looks: themes in code, layout in `console.tcss`. Nothing here knows what is shown."""
