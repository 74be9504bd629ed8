"""What the interfaces call: one noun a module, no HTTP."""
