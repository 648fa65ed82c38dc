"""Files, containers and web archives as captures, damaged ones too."""
