"""What happens when somebody sends a command or presses a button, one module per family."""
