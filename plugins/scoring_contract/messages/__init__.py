"""What passes between orchestrator and scoring image: JSON messages, a module each, and the command line."""
