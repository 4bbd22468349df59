"""The main window: composition, actions, dialogs, theme, and where threads meet Qt."""
