"""The console's own theme beside Textual's: pure black, pure white and four strong colours, for eyes that need them."""

from __future__ import annotations

from textual.theme import Theme

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#00ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    boost="#303030",
    success="#00ff00",
    warning="#ffff00",
    error="#ff8080",
    dark=True,
    variables={"text-muted": "#ffffff", "primary-muted": "#404000"},
)
"""Every text on the background has a contrast of 7:1 or more (WCAG 2.2, 1.4.6)."""

ASCII_CSS = """
.-ascii Dialog > .dialog--box { border: ascii $primary; }
.-ascii #plan-step, .-ascii #run-foot, .-ascii BatchScreen > TextPane, .-ascii #book > TextPane {
    border-top: ascii $surface-lighten-2;
}
.-ascii #book.-wide > TextPane { border-top: none; border-left: ascii $surface-lighten-2; }
.-ascii TextPane, .-ascii VerticalScroll, .-ascii Palette CommandList { scrollbar-size: 0 0; }
.-ascii Palette #--input, .-ascii Palette CommandList, .-ascii Palette LoadingIndicator { border: none; }
"""
"""Lines and boxes for terminals that draw none; rules of a part's own sheet never see the app's class."""
