"""An app that takes locks away from a server under test, to show what they are for."""
