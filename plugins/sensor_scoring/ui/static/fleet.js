// Built by make ui.
document.title = "Fleet";
